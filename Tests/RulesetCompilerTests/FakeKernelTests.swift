import FakeKernel
import FlowSpace
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import Synchronization
import TestSupport
import Testing

/// What the pretended kernel offers to tests beyond what the kernel does; that it refuses alike is proved beside the
/// real one.
@Suite struct FakeKernelTests {
    @Test func forgetsWhenTheTimeIsOver() async throws {
        let now = Mutex(Samples.now)
        let kernel = FakeKernel { now.withLock { $0 } }
        let ruleset = try #require(try Samples.rulesets().first { $0.name == "two-scopes" }).ruleset
        _ = try await kernel.commit(Transaction(replacing: ruleset, at: Samples.now))
        #expect(kernel.sessions()?.count == 3)
        now.withLock { $0 = Samples.now + .milliseconds(90_499) }
        #expect(kernel.sessions()?.count == 2)
        now.withLock { $0 = Samples.now + .milliseconds(90_500) }
        #expect(kernel.sessions()?.count == 1)
        #expect(try await kernel.snapshot(of: ruleset.layout)?.sessions.count == 1)
    }

    @Test func failsWhenTold() async throws {
        let kernel = FakeKernel(interfaces: ["tun0": 7]) { Samples.now }
        let transaction = Transaction(replacing: Ruleset(layout: Samples.layout), at: Samples.now)
        kernel.failCommit(2, errno: 105)
        _ = try await kernel.commit(transaction)
        let failure = await #expect(throws: CommitFailure.self) { try await kernel.commit(transaction) }
        #expect(failure?.errno == 105)
        _ = try await kernel.commit(transaction)
        #expect(kernel.transactions.count == 2 && kernel.attempts == 3)
        #expect(await kernel.interfaceIndex(named: "tun0") == 7)
        kernel.deleteTable("gatehouse")
        #expect(try await kernel.snapshot(of: Samples.layout) == nil)
    }

    /// The rules that a scope is lowered to say what its space says, for opening packets and for answers, at corners and
    /// anywhere. The foreign family's ICMP is never let through.
    @Test(arguments: [11, 12, 13, 14] as [UInt64]) func rulesSayWhatTheSpaceSays(seed: UInt64) async throws {
        var random = Seeded(seed)
        let kernel = FakeKernel { Samples.now }
        let boxes = try (0..<12).map { _ in try Self.box(&random) }
        let space = FlowSpace(boxes)
        let scope = try Samples.scope(1)
        var ruleset = Ruleset(layout: Samples.layout, scopes: [scope: space])
        let keys = [try Samples.key(7, "10.8.0.2"), try Samples.key(7, "fd08::2")]
        for key in keys { ruleset.sessions[key] = .init(scope: scope, expires: Samples.now + .seconds(60)) }
        _ = try await kernel.commit(Transaction(replacing: ruleset, at: Samples.now))
        for _ in 0..<800 {
            let destination = try Self.destination(&random)
            let key = try #require(keys.first { $0.address.family == destination.address.family })
            let foreign: IPProtocol = destination.address.family == .ipv4 ? .icmpv6 : .icmp
            let expected = space.contains(destination) && destination.ipProtocol != foreign
            for isAnswer in [false, true] {
                let permits = kernel.permits(destination, for: key, isAnswer: isAnswer)
                #expect(permits == expected, "\(destination), answer \(isAnswer), seed \(seed)")
            }
            let stranger = SessionKey(interfaceIndex: 8, address: key.address)
            #expect(!kernel.permits(destination, for: stranger), "another interface is another session")
        }
    }

    private static let protocols: [UInt8] = [1, 6, 17, 47, 58]
    private static let ports: [UInt16] = [0, 52, 53, 54, 443, 8080, .max]

    private static func address(_ random: inout Seeded) throws -> IPAddress {
        let last = UInt32.random(in: 0...9, using: &random)
        return Bool.random(using: &random)
            ? IPAddress(ipv4: 0x0a0a_0000 + last) : IPAddress(ipv6: UInt128(0xfd10) << 112 + UInt128(last))
    }

    private static func destination(_ random: inout Seeded) throws -> Destination {
        let number = protocols.randomElement(using: &random) ?? 6
        return Destination(
            address: try address(&random), ipProtocol: IPProtocol(rawValue: number),
            port: ports.randomElement(using: &random) ?? 0)
    }

    private static func box(_ random: inout Seeded) throws -> FlowBox {
        let first = try destination(&random)
        let reach =
            UInt128.random(in: 0...4, using: &random) * UInt128(UInt8.random(in: 0...1, using: &random))
        let last = IPAddress(family: first.address.family, bits: first.address.bits + reach)
        let addresses = try #require(AddressRange(first: first.address, last: last ?? first.address))
        let number = first.ipProtocol.rawValue
        let isWide = Int.random(in: 0...5, using: &random) == 0
        let top = max(first.port, ports.randomElement(using: &random) ?? 0)
        return FlowBox(
            addresses: addresses, protocols: isWide ? 0...number : number...number,
            ports: first.ipProtocol.hasPorts && !isWide ? first.port...top : .allPorts)
    }
}
