import Classification
import Enforcement
import Evidence
import FakeKernel
import FlowSpace
import Logging
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Synchronization
import Testing

/// A clock that stands still until it is moved. Its sleepers never wake by themselves: tests call `tick`.
final class ManualClock: WallClock {
    private let time: Mutex<Instant>
    init(_ start: Instant) { time = Mutex(start) }

    func now() -> Instant { time.withLock { $0 } }
    func move(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    func sleep(for duration: Duration) async throws {
        let (never, _) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        throw CancellationError()
    }
}

/// A disk that remembers what was recorded, and refuses when it is told to.
final class FakeLedger: Ledger {
    struct DiskFull: Error {}
    private let state = Mutex((changes: [LedgerChange](), isFull: false))

    func record(_ changes: [LedgerChange]) async throws {
        try state.withLock { state in
            if state.isFull { throw DiskFull() }
            state.changes += changes
        }
    }

    func fill(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    /// Who acknowledged damage, in order.
    var acknowledgements: [String] {
        state.withLock { state in
            state.changes.compactMap { change -> String? in
                if case .acknowledgeDamage(let by, _) = change { by } else { nil }
            }
        }
    }

    /// Of every fact that was ever recorded.
    var reasons: [String] {
        state.withLock { state in
            state.changes.flatMap { change -> [String] in
                if case .facts(let facts) = change { facts.map(\.reason) } else { [] }
            }
        }
    }

    /// What a process that starts now would read.
    var recollection: Recollection {
        var result = Recollection()
        for change in state.withLock({ $0.changes }) {
            switch change {
            case .facts(let facts): result.facts += facts
            case .overtaken(let facts, _, _):
                result.facts.removeAll { fact in
                    facts.contains { $0.subject == fact.subject && $0.field == fact.field }
                }
            case .posture(let posture, let device, _, _): result.postures[device] = posture
            case .hold(let hold): result.holds.append(hold)
            case .lift(let subject, _, _): result.holds.removeAll { $0.subject == subject }
            case .session(let session):
                result.sessions.removeAll { $0.session.id == session.session.id }
                result.sessions.append(session)
            case .forget(let id): result.sessions.removeAll { $0.session.id == id }
            case .seed(let seed, let owner, _, _): result.seeds[owner] = seed
            case .forgetSeed(let owner): result.seeds[owner] = nil
            case .token(let token, let until, _): result.heardTokens[token] = until
            case .signal(let fact):
                result.signals.removeAll { $0.key == fact.key }
                result.signals.append(fact)
            case .totp, .forgetCodes, .acknowledgeDamage, .reverted: break
            }
        }
        return result
    }
}

/// A VPN server's ear: what it was told, in order, and how many transactions were in force when it was.
final class FakeGate: SessionGate {
    private let heard = Mutex([String]())
    let kernel: FakeKernel
    init(kernel: FakeKernel) { self.kernel = kernel }

    var words: [String] { heard.withLock { $0 } }
    func forget() { heard.withLock { $0 = [] } }

    func answer(_ login: Login, _ answer: LoginAnswer) async {
        let client = login.session.id.client
        heard.withLock { heard in
            switch answer {
            case .admit: heard.append("admit \(client)")
            case .refuse(_, let tell): heard.append("refuse \(client): \(tell)")
            }
        }
    }

    func disconnect(_ session: SessionID, _ mode: DisconnectMode) async {
        heard.withLock { $0.append("disconnect \(session.client)") }
    }
}

/// What was logged, in order: level, message, and the session that it is about.
final class LogLines: Sendable {
    private let lines = Mutex([String]())

    var all: [String] { lines.withLock { $0 } }
    func forget() { lines.withLock { $0 = [] } }

    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let session = event.metadata?["session"].map { " [\($0)]" } ?? ""
            lines.lines.withLock { $0.append("\(event.level)\(session): \(event.message)") }
        }
    }
}

/// The whole control path without a kernel, a disk, a VPN server or a clock.
final class World: Sendable {
    static let start = Instant(secondsSince1970: 1_795_212_000)
    static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)
    static let key: [UInt8] = Array("12345678901234567890".utf8)
    static let lease: Duration = .seconds(60)

    let clock: ManualClock
    let kernel: FakeKernel
    let ledger: FakeLedger
    let gate: FakeGate
    let enforcer: Enforcer
    let log = LogLines()
    private let loop: Task<Void, Never>

    /// - Parameter after: the world of the process before this one; its kernel and disk are taken over.
    /// - Parameter pathSlots: sessions that a packet path can count; nil for none.
    init(
        policy: Policy, after earlier: World? = nil, pathSlots: Int? = nil,
        surroundings: Surroundings = Surroundings(), closedBecause: String? = nil,
        auditor: (any Auditor)? = nil
    ) async throws {
        let clock = earlier?.clock ?? ManualClock(Self.start)
        self.clock = clock
        kernel = earlier?.kernel ?? FakeKernel(interfaces: ["tun0": 7]) { [clock] in clock.now() }
        ledger = earlier?.ledger ?? FakeLedger()
        gate = FakeGate(kernel: kernel)
        let lines = log
        let log = Logger(label: "test") { _ in lines.handler }
        enforcer = Enforcer(
            settings: EnforcementSettings(
                layout: RulesetLayout(tunnels: ["tun0"]), lease: Self.lease, pathSlots: pathSlots),
            policy: policy, codes: TOTPVerifier(seeds: try Self.seeds.byOwner),
            recollection: ledger.recollection, surroundings: surroundings,
            closedBecause: closedBecause, backend: kernel, ledger: ledger, auditor: auditor, clock: clock,
            log: log)
        try await enforcer.start()
        await enforcer.attach(gate, for: "office")
        let enforcer = enforcer
        loop = Task { await enforcer.run() }
    }

    deinit {
        enforcer.stop()
        loop.cancel()
    }

    static var seeds: [String: TOTPSeed] {
        get throws {
            let seed = try #require(TOTPSeed(key: key))
            return ["alice": seed, "bob": seed]
        }
    }

    // MARK: What happens

    func send(_ events: SessionEvent...) async {
        for event in events { enforcer.send(event) }
        await enforcer.settled()
    }

    func pass(_ duration: Duration) async {
        clock.move(by: duration)
        enforcer.tick()
        await enforcer.settled()
    }

    func observe(_ observations: Observation...) async {
        enforcer.send(observations)
        await enforcer.settled()
    }

    /// Time passes under the eyes of the packet path, which reports every five seconds. These are used all the while.
    func live(_ duration: Duration, using used: SessionID...) async {
        var left = duration
        while left > .zero {
            let step = min(left, .seconds(5))
            let before = clock.now()
            clock.move(by: step)
            left -= step
            let now = clock.now()
            let uses = used.map { Observation.used($0, at: now) }
            enforcer.send(uses + [.watched(tunnel: "tun0", from: before, through: now)])
            enforcer.tick()
            await enforcer.settled()
        }
    }

    /// The code that an authenticator app would show now.
    var code: Secret {
        get throws {
            let seed = try #require(TOTPSeed(key: Self.key))
            return seed.code(step: seed.step(at: clock.now()))
        }
    }

    func login(_ session: Session, code: Secret? = nil, kind: Login.Kind = .initial) -> Login {
        Login(kind: kind, session: session, key: 1, password: code ?? Secret([]))
    }

    /// Login, answer, addresses: as a client that succeeds.
    @discardableResult
    func open(_ session: Session, at address: String, code: Secret? = nil) async throws -> Session {
        var established = session
        established.addresses = try address.split(separator: " ").map { try #require(IPAddress(String($0))) }
        await send(.login(login(session, code: code)))
        await send(.established(established))
        return established
    }

    /// Inner addresses that the kernel has elements for, sorted.
    var elements: [String] { (kernel.sessions() ?? [:]).keys.map(\.address.description).sorted() }
}

/// Sessions of the little organisation of these tests.
enum Cast {
    static let corporateAuthority: UInt8 = 0xCA
    static let vendorAuthority: UInt8 = 0xCB

    static func digest(_ byte: UInt8) throws -> CertificateDigest {
        try #require(CertificateDigest(bytes: Array(repeating: byte, count: 32)))
    }

    static func session(
        _ client: UInt64, _ name: String, leaf: UInt8, user: String, issuer: UInt8 = corporateAuthority,
        organisation: String? = nil
    ) throws -> Session {
        let leaf = PresentedCertificate(
            digest: try digest(leaf), attributes: organisation.map { ["O": $0] } ?? [:])
        return Session(
            id: SessionID(source: "office", serverProcess: 100, client: client), tunnel: "tun0",
            commonName: name,
            userName: user,
            certificates: CertificateChain(
                leaf: leaf, issuers: [PresentedCertificate(digest: try digest(issuer))]),
            startedAt: World.start)
    }

    static func alice(_ client: UInt64 = 1) throws -> Session {
        try session(client, "laptop-0042", leaf: 1, user: "alice")
    }

    static func vendor(_ client: UInt64 = 2, named name: String = "vendor-bob") throws -> Session {
        try session(
            client, name, leaf: 2, user: "bob", issuer: vendorAuthority, organisation: "Northwind Ltd")
    }

    /// Employees with a code reach crm, without one the portal; the vendor reaches finance while its contract lasts.
    ///
    /// - Parameters:
    ///   - idle: by class.
    ///   - scanners: what everybody reaches who was seen scanning within the hour; nil where the rules do not ask.
    ///   - vendorHours: when the vendor may come; nil for always.
    ///   - tablets: whether the register has a second device of alice's.
    static func policy(
        contractEnds: Duration = .seconds(3600), employeesReach: [String] = ["crm", "portal"],
        idle: [String: Duration] = [:], scanners: PolicyClass.Access? = nil, tablets: Bool = false,
        vendorHours: WeeklyHours? = nil
    ) throws -> Policy {
        let authority = { (name: String, byte: UInt8) in
            Authority(name: name, digests: [try digest(byte)], location: World.place)
        }
        let corporate = try authority("corporate", corporateAuthority)
        let third = try authority("third-party", vendorAuthority)
        let contract = Contract(
            vendor: "Northwind", reference: "C-1", sponsor: "head.of.finance",
            from: World.start - .seconds(60),
            until: World.start + contractEnds, warnBefore: .zero)
        let condition = { (test: Condition.Test) in Condition(test, at: World.place) }
        let employee = [condition(.certificate(authorities: [corporate])), condition(.device([.inUse]))]
        let quarantine = scanners.map { access in
            PolicyClass(
                name: "scanning", conditions: [condition(.behaviour([.scanning: .seconds(3600)]))],
                access: access, idle: idle["scanning"], location: World.place)
        }
        return Policy(
            inside: [], authorities: [corporate, third],
            systems: try ["crm": "10.10.0.20", "finance": "10.10.0.21", "portal": "10.10.0.90"].map {
                name, address in
                System(
                    name: name, addresses: [AddressRange(try #require(IPAddress(address)))],
                    services: [.tcp(PortRange(443))], location: World.place)
            },
            classes: [quarantine].compactMap(\.self) + [
                PolicyClass(
                    name: "lost", conditions: [condition(.device([.lost, .stolen]))], access: .none,
                    tell: "This device was reported lost.", location: World.place),
                PolicyClass(
                    name: "vendor:Northwind",
                    conditions: [
                        condition(.certificate(authorities: [third])),
                        condition(.organisation("Northwind Ltd")),
                        condition(.contract(contract)),
                    ] + (vendorHours.map { [condition(.hours($0))] } ?? []), access: .systems(["finance"]),
                    idle: idle["vendor"], location: World.place),
                PolicyClass(
                    name: "employee", conditions: employee + [condition(.mfa(within: .seconds(43_200)))],
                    access: .systems(employeesReach), idle: idle["employee"], location: World.place),
                PolicyClass(
                    name: "no-code", conditions: employee, access: .systems(["portal"]),
                    idle: idle["no-code"],
                    location: World.place
                ),
            ],
            registers: Registers(
                devices: DeviceRegister(
                    [
                        DeviceRecord(id: "laptop-0042", certificate: try digest(1)),
                        DeviceRecord(id: "vendor-bob", certificate: try digest(2)),
                    ] + (tablets ? [DeviceRecord(id: "tablet-1", certificate: try digest(5))] : []))))
    }
}

extension Session {
    var report: SessionReport {
        SessionReport(
            id: id, commonName: commonName, userName: userName, outer: outer, addresses: addresses,
            startedAt: startedAt)
    }
}
