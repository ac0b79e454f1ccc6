import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PacketPath
import PolicyLanguage
import RulesetCompiler
import Sessions
import Synchronization
import Testing

/// A record that remembers, and refuses when it is told to.
final class FakeAuditor: Auditor {
    struct DiskFull: Error, CustomStringConvertible { var description: String { "the disk is full" } }
    private let state = Mutex((events: [AuditEvent](), isFull: false))
    /// Called with each burst.
    let look: @Sendable () -> Void

    init(_ look: @escaping @Sendable () -> Void = {}) { self.look = look }

    func record(_ events: [AuditEvent]) async throws {
        look()
        try state.withLock { state in
            if state.isFull { throw DiskFull() }
            state.events += events
        }
    }

    func fill(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }
    func forget() { state.withLock { $0.events = [] } }
    var events: [AuditEvent] { state.withLock { $0.events } }

    /// One word or two of each.
    var words: [String] {
        events.map { event in
            switch event.what {
            case .admitted(let judged): "admitted \(judged.decision?.className ?? "-")"
            case .refused(let judged, _): "refused \(judged.decision?.className ?? "-")"
            case .opened(let session, _): "opened \(session.id.client)"
            case .decided(let judged, let former):
                "\(former.className ?? "-") to \(judged.decision?.className ?? "-")"
            case .cut(_, _, let why): "cut: \(why)"
            case .closed(let session, _): "closed \(session.id.client)"
            case .order(_, let refusal, _, _): refusal.map { "refused: \($0)" } ?? "order"
            case .scan: "scan"
            case .stranger: "stranger"
            case .drift: "drift"
            case .packets(let sighting, _): "\(sighting.kind)"
            }
        }
    }
}

@Suite struct AuditTests {
    private let disconnect = Order.disconnect(.user("alice"), by: "root", reason: "left")

    @Test func everyDecisionAndEveryOrderIsOnTheRecord() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        let alice = try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        try await world.open(Cast.vendor(), at: "10.8.0.3")
        await world.send(.login(world.login(try Cast.session(9, "x", leaf: 9, user: "x", issuer: 9))))
        #expect(
            auditor.words == [
                "admitted employee", "opened 1", "admitted vendor:Northwind", "opened 2", "refused lost",
            ])
        auditor.forget()
        await world.pass(.seconds(3600))
        #expect(auditor.words.count == 1 && auditor.words[0].hasPrefix("cut: "))
        auditor.forget()
        _ = try await world.enforcer.carryOut(disconnect)
        #expect(
            auditor.words == [
                "cut: no class: Your access was withdrawn by an administrator (left). Call the help desk.",
                "order",
            ])
        auditor.forget()
        await #expect(throws: OrderRefusal.self) {
            try await world.enforcer.carryOut(.readmit(.user("bob"), by: "root"))
        }
        #expect(auditor.words == ["refused: nobody holds this user or device out"])
        auditor.forget()
        await world.send(.ended(alice.id, nil))
        #expect(auditor.words == ["closed 1"])
    }

    /// With what was known then, and the reasons as they were then.
    @Test func aDecisionCanBeExplainedLater() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        let before = world.clock.now()
        await world.pass(.seconds(86_400))
        guard case .admitted(let judged)? = auditor.events.first?.what else {
            Issue.record("no admission")
            return
        }
        let explained = try #require(judged.explanation)
        #expect(explained.decision == judged.decision && explained.className == "employee")
        #expect(judged.evidence.mfaVerifiedAt == before)
    }

    /// Five one by one, and the rest as a number; without anything else happening.
    @Test func packetsThatShouldNotBeAreOnTheRecord() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), pathSlots: 16, auditor: auditor)
        try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        world.clock.move(by: .seconds(2))
        auditor.forget()
        var tunnel = try PathReportTests.Tap(world, .tunnel)
        var inside = try PathReportTests.Tap(world, .inside)
        for port in 1...UInt16(8) {
            try tunnel.see("10.66.0.5", "10.10.0.20", port: port, at: world.clock.now())
        }
        try inside.see("10.8.0.2", "10.10.0.21", port: 443, at: world.clock.now())
        await tunnel.report(to: world)
        await inside.report(to: world)
        world.clock.move(by: .seconds(61))
        await tunnel.report(to: world)
        await world.enforcer.settled()
        let seen = auditor.events.compactMap { event in
            if case .packets(let sighting, _) = event.what { sighting } else { nil }
        }
        let spoofed = seen.filter { $0.kind == .spoofed }
        #expect(spoofed.map(\.count) == [1, 1, 1, 1, 1, 3])
        #expect(spoofed.first?.tunnel == "tun0" && spoofed.first?.source?.description == "10.66.0.5")
        #expect(spoofed.first?.session == nil && spoofed.last?.source == nil)
        let disagreement = try #require(seen.first { $0.kind == .disagreement })
        #expect(disagreement.session?.userName == "alice" && disagreement.tunnel == "tun0")
        #expect(disagreement.destination?.description == "10.10.0.21:443/tcp")
    }

    @Test func whatIsTriedOutIsNotRecorded() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        auditor.forget()
        _ = try await world.enforcer.tryOut(disconnect)
        #expect(auditor.words.isEmpty)
    }

    /// Renewals of keys, and looks that change nothing, are no news.
    @Test func onlyWhatChangesIsRecorded() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        let alice = try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        auditor.forget()
        await world.pass(.seconds(30))
        await world.send(.login(world.login(alice, kind: .renewal)), .established(alice))
        #expect(auditor.words.isEmpty)
    }

    /// The kernel first, then the record, then the answer: a full disk stops nothing that protects.
    @Test func aFullDiskCutsAndLetsNobodyNewIn() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        world.gate.forget()
        auditor.forget()
        auditor.fill(true)

        await world.send(.login(world.login(try Cast.vendor())))
        #expect(
            world.gate.words.count == 1 && world.gate.words[0].hasPrefix("refuse 2: The gateway has a fault"))
        #expect(await world.enforcer.auditFault == "the disk is full")
        #expect(world.log.all.contains { $0.contains("there is no audit record") })

        await #expect(throws: OrderRefusal.notAudited("the disk is full")) {
            try await world.enforcer.carryOut(disconnect)
        }
        #expect(world.elements.isEmpty, "it is in force all the same")
        #expect(world.gate.words.contains("disconnect 1"))

        auditor.fill(false)
        try await world.open(Cast.vendor(3), at: "10.8.0.3")
        #expect(await world.enforcer.auditFault == nil)
        #expect(world.elements == ["10.8.0.3"])
        #expect(auditor.words == ["admitted vendor:Northwind", "opened 3"])
    }

    /// A live session stays in force while nothing can be recorded: nobody is thrown out for a full disk.
    @Test func liveSessionsStay() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        try await world.open(Cast.alice(), at: "10.8.0.2", code: world.code)
        auditor.fill(true)
        for _ in 0..<5 { await world.pass(.seconds(50)) }
        #expect(world.elements == ["10.8.0.2"])
    }

    @Test func whatTheKernelRefusesIsRecordedAsRefused() async throws {
        let auditor = FakeAuditor()
        let world = try await World(policy: Cast.policy(), auditor: auditor)
        world.ledger.fill(true)
        await world.send(.login(world.login(try Cast.alice(), code: try world.code)))
        #expect(auditor.words == ["refused employee"])
        auditor.forget()
        await #expect(throws: OrderRefusal.self) { try await world.enforcer.carryOut(disconnect) }
        #expect(auditor.words.last?.hasPrefix("refused: in force, but not recorded") == true)
    }

    /// The transaction is in force when the record is asked for, and nobody has been answered.
    @Test func comesBetweenKernelAndAnswer() async throws {
        let seen = Mutex([[String]]())
        let world = Mutex<World?>(nil)
        let auditor = FakeAuditor {
            guard let world = world.withLock({ $0 }) else { return }
            let line = ["elements: \(world.elements.count)", "told: \(world.gate.words.count)"]
            seen.withLock { $0.append(line) }
        }
        let made = try await World(policy: Cast.policy(), auditor: auditor)
        try await made.open(Cast.alice(), at: "10.8.0.2", code: made.code)
        made.gate.forget()
        world.withLock { $0 = made }
        _ = try await made.enforcer.carryOut(disconnect)
        #expect(seen.withLock { $0 } == [["elements: 0", "told: 0"]])
        world.withLock { $0 = nil }
    }
}
