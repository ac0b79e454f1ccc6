import Sessions
import Testing

@testable import Enforcement

@Suite struct EnforcedSessionsTests {
    /// A VPN server that asks for no name gives none to anybody: they are not looked for among one another. (In one bucket,
    /// ten thousand of them took eighty times as long to add as others.)
    @Test func thousandsMayHaveNoName() async throws {
        let world = try await World(policy: try Cast.policy())
        let alice = try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        let known = try #require(await world.enforcer.session(alice.id))
        let add = {
            (count: UInt64, name: (UInt64) -> String) -> (sessions: EnforcedSessions, time: Duration) in
            var sessions = EnforcedSessions()
            let began = ContinuousClock.now
            for number in 0..<count {
                var one = known
                one.session = Session(
                    id: SessionID(source: "office", serverProcess: 100, client: number), tunnel: "tun0",
                    commonName: "laptop-\(number)", userName: name(number), certificates: nil,
                    startedAt: World.start)
                sessions.add(one)
            }
            return (sessions, ContinuousClock.now - began)
        }
        let named = add(8000) { "user-\($0)" }
        var nameless = add(8000) { _ in "" }
        #expect(nameless.time < named.time * 10)
        #expect(nameless.sessions.sessions(ofUser: "").count == 8000)
        nameless.sessions.remove(SessionID(source: "office", serverProcess: 100, client: 5))
        #expect(nameless.sessions.sessions(ofUser: "").count == 7999)
        #expect(nameless.sessions.sessions(ofUser: "user-1").isEmpty)
        #expect(named.sessions.sessions(ofUser: "user-1").map { $0.client } == [1])
    }
}
