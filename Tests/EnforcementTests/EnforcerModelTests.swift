import Classification
import Enforcement
import Evidence
import FakeKernel
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import TestSupport
import Testing

/// A long random life: clients, administrators, the clock and a kernel that refuses now and then. After every step the
/// rules that the kernel holds are tried with packets, and must say what a fresh look at the facts says.
@Suite struct EnforcerModelTests {
    /// What the world outside the daemon knows: which clients the VPN server has, and where.
    fileprivate struct Server {
        var pending: [UInt64: Session] = [:]
        var connected: [UInt64: Session] = [:]
        var next: UInt64 = 1
    }

    private static let destinations = [
        "10.10.0.20:443/tcp", "10.10.0.21:443/tcp", "10.10.0.90:443/tcp", "203.0.113.80:443/tcp",
        "10.10.0.20:22/tcp",
    ]

    private static let addresses = ["10.8.0.2", "10.8.0.3", "10.8.0.4"]

    @Test(arguments: [UInt64(21), 22, 23, 24, 25, 26])
    func kernelAgreesWithAFreshLook(seed: UInt64) async throws {
        var random = Seeded(seed)
        let world = try await World(policy: try Cast.policy(contractEnds: .seconds(900)))
        var server = Server()
        for step in 0..<250 {
            let failures = Int.random(in: 0..<12, using: &random)
            if failures < 3 { for nth in 0..<failures { world.kernel.failCommit(nth + 1, errno: 12) } }
            let what = try await self.step(&server, world, &random)
            // A refusal is tried again after a while; by then everything is as it should be.
            await world.pass(.seconds(Int.random(in: 0...8, using: &random)))
            for _ in 0..<3 where await world.enforcer.kernelFault != nil { await world.pass(.seconds(31)) }
            await world.pass(.zero)
            try await check(server, world, "seed \(seed), step \(step): \(what)")
        }
    }

    // MARK: One step

    private func step(
        _ server: inout Server, _ world: World, _ random: inout Seeded
    ) async throws -> String {
        switch Int.random(in: 0..<15, using: &random) {
        case 0...3: return try await login(&server, world, &random)
        case 4, 5: return try await establish(&server, world, &random)
        case 6: return await end(&server, world, &random)
        case 7:
            await world.send(.snapshot(source: "office", serverProcess: 100, server.reports))
            return "snapshot"
        case 8: return await changeStatus(world, &random)
        case 9: return try await reload(world, &random)
        case 10: return await hold(world, &random)
        case 11, 12: return await observe(world, &random)
        case 13: return try await meddle(world, &random)
        default:
            await world.pass(.seconds(Int.random(in: 1...400, using: &random)))
            return "time"
        }
    }

    private func login(
        _ server: inout Server, _ world: World, _ random: inout Seeded
    ) async throws -> String {
        let client = server.next
        server.next += 1
        let session = [
            try Cast.alice(client), try Cast.vendor(client), try Cast.vendor(client, named: "laptop-0042"),
            try Cast.session(client, "laptop-9", leaf: 9, user: "carol"),
        ][Int.random(in: 0..<4, using: &random)]
        let code = [nil, try world.code, Secret("123456".utf8)][Int.random(in: 0..<3, using: &random)]
        server.pending[client] = session
        await world.send(.login(world.login(session, code: code)))
        if world.gate.words.last != "admit \(client)" { server.pending[client] = nil }
        return "login \(session.commonName)/\(client)"
    }

    /// As OpenVPN does: the namesake is thrown out in the same burst, and its address goes to the newcomer.
    private func establish(
        _ server: inout Server, _ world: World, _ random: inout Seeded
    ) async throws -> String {
        guard let client = server.pending.keys.sorted().first, var session = server.pending[client] else {
            return "nobody to establish"
        }
        server.pending[client] = nil
        let evicted = server.connected.values.first { $0.commonName == session.commonName }
        session.addresses =
            try evicted?.addresses
            ?? [#require(IPAddress(Self.addresses[Int.random(in: 0..<Self.addresses.count, using: &random)]))]
        if let evicted {
            server.connected[evicted.id.client] = nil
            world.enforcer.send(.ended(evicted.id, nil))
        }
        server.connected[client] = session
        await world.send(.established(session))
        return "established \(client) at \(session.addresses)"
    }

    private func end(_ server: inout Server, _ world: World, _ random: inout Seeded) async -> String {
        let known = (Array(server.connected.keys) + server.pending.keys).sorted()
        guard !known.isEmpty else { return "nobody to end" }
        let client = known[Int.random(in: 0..<known.count, using: &random)]
        let session =
            server.connected.removeValue(forKey: client) ?? server.pending.removeValue(forKey: client)
        if let session { await world.send(.ended(session.id, nil)) }
        return "end \(client)"
    }

    private func changeStatus(_ world: World, _ random: inout Seeded) async -> String {
        let device = ["laptop-0042", "vendor-bob"][Int.random(in: 0..<2, using: &random)]
        let status = Bool.random(using: &random) ? DeviceStatus.lost : .inUse
        _ = try? await world.enforcer.carryOut(.setStatus(status, device: device, by: "root", reason: ""))
        return "\(device) \(status)"
    }

    private func reload(_ world: World, _ random: inout Seeded) async throws -> String {
        let reach = [["crm", "portal"], ["finance"], ["crm", "finance", "portal"]][
            Int.random(in: 0..<3, using: &random)]
        let ends = Duration.seconds(Int.random(in: -10...3_000, using: &random))
        let scanners = [nil, PolicyClass.Access.none, .systems(["portal"])][
            Int.random(in: 0..<3, using: &random)]
        let policy = try Cast.policy(
            contractEnds: ends, employeesReach: reach, idle: ["employee": .seconds(300)], scanners: scanners)
        _ = try? await world.enforcer.carryOut(.load(policy, seeds: try World.seeds))
        return "reload \(reach)"
    }

    /// Somebody scans, who may have gone, or the packet path tells that nobody did anything for a while.
    private func observe(_ world: World, _ random: inout Seeded) async -> String {
        let now = world.clock.now()
        let client = UInt64.random(in: 1...60, using: &random)
        let id = SessionID(source: "office", serverProcess: 100, client: client)
        guard Int.random(in: 0..<3, using: &random) == 0 else {
            await world.live(.seconds(Int.random(in: 0...30, using: &random)))
            return "silence"
        }
        await world.observe(.scanning(id, destinations: 70, at: now - .seconds(1)))
        return "scan by \(client)"
    }

    /// Somebody else changes our table. A commit of theirs may fail, as it may on a real kernel.
    private func meddle(_ world: World, _ random: inout Seeded) async throws -> String {
        let address = try #require(IPAddress(Self.addresses[Int.random(in: 0..<3, using: &random)]))
        let key: [KeyPart] = [.interfaceIndex(7), .address(address)]
        let operations: [Operation] =
            switch Int.random(in: 0..<4, using: &random) {
            case 0: [.deleteTable]
            case 1: [.destroyElements(set: "scope_of_4", [SetElement(key)])]
            case 2:
                [
                    .destroyElements(set: "scope_of_4", [SetElement(key)]),
                    .addElements(
                        set: "scope_of_4",
                        [SetElement(key, data: .mark(PacketMark.tag | 1), timeout: 900_000)]),
                ]
            default: [.addRule(Rule(chain: "refuse", [.accept]))]
            }
        if Bool.random(using: &random) {
            // Under our own commits, which then fail.
            world.kernel.holdWord(true)
            try? world.kernel.commit(
                Transaction(table: "gatehouse", operations), by: .init(name: "nft", process: 4711))
            await world.pass(.seconds(1))
            world.kernel.holdWord(false)
        } else {
            try? world.kernel.commit(
                Transaction(table: "gatehouse", operations), by: .init(name: "nft", process: 4711))
        }
        await world.enforcer.settled()
        return "somebody: \(operations.map(\.name))"
    }

    private func hold(_ world: World, _ random: inout Seeded) async -> String {
        let target = Order.Target.user(["alice", "bob"][Int.random(in: 0..<2, using: &random)])
        let isHeld = Bool.random(using: &random)
        let order: Order =
            isHeld ? .disconnect(target, by: "root", reason: "") : .readmit(target, by: "root")
        _ = try? await world.enforcer.carryOut(order)
        return "\(order)"
    }

    // MARK: The slow, obvious look

    private func check(_ server: Server, _ world: World, _ place: String) async throws {
        try await checkPackets(world, place)
        await checkNobodyIsForgotten(server, world, place)
    }

    /// Whoever is connected, admitted by the rules of now and neither cut nor about to be replaced, can work.
    private func checkNobodyIsForgotten(_ server: Server, _ world: World, _ place: String) async {
        for session in server.connected.values {
            let isBeingReplaced = server.pending.values.contains { $0.commonName == session.commonName }
            guard !isBeingReplaced, let known = await world.enforcer.session(session.id), known.cut == nil,
                await world.enforcer.explain(session.id)?.isAdmitted == true
            else { continue }
            #expect(known.programmed != nil, "\(session.id) \(session.commonName), \(place)")
        }
    }

    private func checkPackets(_ world: World, _ place: String) async throws {
        let policy = await world.enforcer.policy
        let holders = await world.enforcer.sessions.filter { $0.programmed != nil }
        #expect(Set(holders.flatMap(\.session.addresses)).count == holders.flatMap(\.session.addresses).count)
        for text in Self.addresses {
            let key = SessionKey(interfaceIndex: 7, address: try #require(IPAddress(text)))
            let holder = holders.first { $0.session.addresses.contains(key.address) }
            for target in Self.destinations {
                let destination = try #require(Destination(parsing: target))
                var expected = false
                if let holder, let decision = await world.enforcer.explain(holder.session.id),
                    case .permit = decision.verdict(for: destination, under: policy)
                {
                    expected = true
                }
                let isPermitted = world.kernel.permits(destination, for: key, on: "tun0")
                #expect(isPermitted == expected, "\(text) to \(target), \(place)")
            }
        }
    }
}

extension EnforcerModelTests.Server {
    fileprivate var reports: [SessionReport] {
        connected.values.map {
            SessionReport(
                id: $0.id, commonName: $0.commonName, userName: $0.userName, outer: $0.outer,
                addresses: $0.addresses, startedAt: $0.startedAt)
        }
    }
}
