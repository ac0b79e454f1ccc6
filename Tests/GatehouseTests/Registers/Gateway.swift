import ArgumentParser
import Audit
import Classification
import Control
import ControlAPI
import Enforcement
import Evidence
import FakeKernel
import Foundation
import Logging
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Store
import Synchronization
import Testing

@testable import gatehouse

/// A daemon without its kernel and its VPN server: a pack, a database and a control socket in a folder of its own.
final class Gateway: Sendable {
    let folder: String
    let store: Store
    let kernel: FakeKernel
    let enforcer: Enforcer
    let changes: RuleChanges
    let clock: any WallClock
    let answers = Answers()
    let meanwhile = Meanwhile()
    /// What connection tracking knows.
    let connections = Connections()
    /// What changes of rules put on the audit record.
    let record = Record()
    /// What the reconciler put there, in the words of the record.
    let happenings = Happenings()
    let handlers: ControlHandlers
    /// Of the rules that it began with.
    let warnings: [String]
    private let server: ControlServer
    private let loop: Task<Void, Never>

    var socket: String { folder + "/control.sock" }
    var client: ControlClient { ControlClient(path: socket, timeout: .seconds(600)) }

    static let sealingKey = SealingKey(bytes: Array(repeating: 9, count: SealingKey.byteCount))

    /// The configured folder of rules.
    var rules: String { folder + "/rules" }

    /// Starts one in a new folder, which is removed afterwards.
    static func with(
        canSeal: Bool = true, clock: any WallClock = SystemClock(), _ body: (Gateway) async throws -> Void
    ) async throws {
        try await inFolder { folder in
            let gateway = try await Gateway(folder: folder, canSeal: canSeal, clock: clock)
            do {
                try await body(gateway)
            } catch {
                await gateway.stop()
                throw error
            }
            await gateway.stop()
        }
    }

    static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gw-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    /// What is in the folder already is taken over, as by a daemon that starts again.
    init(
        folder: String, canSeal: Bool = true, clock: any WallClock = SystemClock(), fromFolder: Bool = false
    ) async throws {
        self.folder = folder
        self.clock = clock
        if !FileManager.default.fileExists(atPath: folder + "/rules") {
            try Self.write(Self.pack(), to: folder + "/rules")
        }
        store = try Store.openOrSetAside(directory: folder + "/state", at: clock.now()).store
        kernel = FakeKernel(interfaces: ["tun0": 7]) { clock.now() }
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let key = canSeal ? Self.sealingKey : nil
        let inForce = try RulesInForce.atStart(
            folder: folder + "/rules", store: store, at: clock.now(), fromFolder: fromFolder)
        warnings = inForce.warnings
        enforcer = Enforcer(
            settings: EnforcementSettings(layout: RulesetLayout(tunnels: ["tun0"])),
            policy: inForce.policy, change: inForce.waiting?.number, codes: TOTPVerifier(seeds: [:]),
            recollection: Recollection(facts: try store.facts(), seeds: try key.map(store.seeds) ?? [:]),
            closedBecause: try store.standingDamage().map(DamageText.text), backend: kernel,
            ledger: StoreLedger(store: store, sealingKey: key), auditor: happenings, clock: clock, log: log)
        try await enforcer.start()
        await enforcer.attach(answers, for: "office")
        let record = record
        changes = RuleChanges(
            inForce, enforcer: enforcer, store: store, clock: clock, log: log, keep: { try record.keep([$0]) }
        ) {
            (try RulePack.read(folder + "/rules", at: clock.now()), [:])
        }
        await changes.start()
        var handlers = ControlHandlers(enforcer: enforcer, changes: changes)
        let store = store
        handlers.history = { try store.factHistory(of: $0) }
        handlers.canSeal = canSeal
        handlers.keep = { try record.keep($0) }
        let connections = connections
        handlers.connections = { _ in connections.known }
        self.handlers = handlers
        server = try ControlServer(
            path: folder + "/control.sock", operations: ControlOperations.all, logger: log
        ) { [handlers, meanwhile] in
            let reply = await handlers.answer($0, $1)
            await meanwhile.happen(after: $0.operation.id)
            return reply
        }
        let enforcer = enforcer
        loop = Task { await enforcer.run() }
    }

    func stop() async {
        await server.stop()
        await changes.stop()
        enforcer.stop()
        await loop.value
        store.close()
    }

    /// Runs a command line of gatehouse's in this process; returns its exit code. What it prints goes to the log of the
    /// tests.
    func run(_ words: String...) async -> Int32 { await run(words) }

    func run(_ words: [String]) async -> Int32 {
        do {
            var command = try Gatehouse.parseAsRoot(words + ["--control", socket, "--patience", "600"])
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return Gatehouse.exitCode(for: error).rawValue
        }
    }

    func lines(_ kind: String) async throws -> [ControlMessages.RegisterLineMessage] {
        try await client.call(
            ControlOperations.registerList, ControlMessages.RegisterListArguments(kind: kind)
        ).lines
    }

    func fields(_ kind: String, _ key: String) async throws -> [String: [String]]? {
        try await lines(kind).first { $0.key == key }?.fields
    }

    func history(_ kind: String, _ key: String) async throws -> ControlMessages.RegisterHistory {
        try await client.call(
            ControlOperations.registerHistory, ControlMessages.RegisterSubjectArguments(kind: kind, key: key))
    }

    /// What somebody else does when a request has been answered and the answer is not on its way yet.
    actor Meanwhile {
        private var body: @Sendable (String, Int) async -> Void = { _, _ in }
        /// How often each command was asked.
        private(set) var counts: [String: Int] = [:]

        /// - Parameter body: gets the command, and how often it was asked with this time.
        func set(_ body: @escaping @Sendable (String, Int) async -> Void) { self.body = body }

        func happen(after command: String) async {
            counts[command, default: 0] += 1
            await body(command, counts[command, default: 0])
        }
    }

    /// What a test says that the kernel tracks.
    final class Connections: Sendable {
        private let state = Mutex(KnownConnections())

        var known: KnownConnections { state.withLock { $0 } }
        func set(_ known: KnownConnections) { state.withLock { $0 = known } }
    }

    final class Record: Sendable {
        private let state = Mutex((entries: [AuditEntry](), isFull: false))

        var entries: [AuditEntry] { state.withLock { $0.entries } }

        func keep(_ entries: [AuditEntry]) throws {
            try state.withLock { state in
                if state.isFull { throw ControlFailure(id: "internal", message: "the disk is full") }
                state.entries += entries
            }
        }

        func fill() { state.withLock { $0.isFull = true } }
    }

    final class Happenings: Auditor {
        private let state = Mutex<[AuditEntry]>([])

        var entries: [AuditEntry] { state.withLock { $0 } }
        var orders: [AuditEntry] { entries.filter { $0.kind == .order } }

        func record(_ events: [AuditEvent]) async throws {
            let entries = events.flatMap(AuditEntries.of)
            state.withLock { $0 += entries }
        }
    }

    /// States a field in another one's name.
    func state(_ kind: RegisterKind, _ key: String, _ fields: RegisterFields) async {
        let statement = RegisterStatement(subject: RegisterSubject(kind, key), fields: fields)
        do {
            _ = try await enforcer.carryOut(.state([statement], by: "somebody else", reason: "meanwhile"))
        } catch {
            Issue.record("\(error)")
        }
    }

    // MARK: The organisation

    /// - Parameter settings: More of policy.yaml, at its beginning.
    static func pack(_ settings: String = "") -> [String: String] {
        let digest = { (byte: String) in String(repeating: byte, count: 32) }
        return [
            "policy.yaml": """
            \(settings)
            inside: [10.10.0.0/16]
            tenants: { boston: { organisation: Boston, mfa: { within: 8h } } }
            classes:
              - { name: lost, when: { device: [lost, stolen] }, access: none, tell: It was reported lost. }
              - name: guarded
                when: { certificate: corporate, device: in-use, posture: { firewall: { within: 7d } } }
                access: [crm, portal, tax]
              - name: managed
                when: { certificate: corporate, device: { status: in-use, managed: true } }
                access: [crm, portal, tax]
              - { name: lent, when: { certificate: corporate, device: { loan: this-user } }, access: [crm, portal] }
              - { name: bare, when: { certificate: corporate, device: in-use }, access: [portal] }
            """,
            "systems.yaml": """
            systems:
              crm: { addresses: 10.10.0.20, services: tcp/443 }
              portal: { addresses: 10.10.0.90, services: tcp/443 }
              tax: { addresses: 10.10.0.21, services: tcp/443, tenant: boston }
            """,
            "authorities.yaml": "authorities: { corporate: { digest: \(digest("ca")) } }",
            "devices.csv": """
            id,digest,owner,kind,status,managed
            laptop-1,\(digest("01")),alice,laptop,in-use,true
            pool-1,\(digest("02")),,pool,in-use,false
            """,
            "users.yaml":
                "users: { alice: { groups: [staff], steps: [training] }, bob: { groups: [staff] } }",
        ]
    }

    /// Puts files in place of a folder.
    static func write(_ files: [String: String], to folder: String) throws {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (path, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)")) }
    }

    static func session(_ client: UInt64, leaf: UInt8, user: String) throws -> Session {
        let digests = try [leaf, 0xca].map {
            try #require(CertificateDigest(bytes: Array(repeating: $0, count: 32)))
        }
        return Session(
            id: SessionID(source: "office", serverProcess: 100, client: client), tunnel: "tun0",
            commonName: "device-\(leaf)", userName: user,
            certificates: CertificateChain(
                leaf: PresentedCertificate(digest: digests[0]),
                issuers: [PresentedCertificate(digest: digests[1])]),
            startedAt: SystemClock().now())
    }

    func login(_ session: Session, code: Secret = Secret([])) async {
        enforcer.send(.login(Login(kind: .initial, session: session, key: 1, password: code)))
        await enforcer.settled()
    }

    func open(_ session: Session, at address: String) async throws {
        await login(session)
        var established = session
        established.addresses = [try #require(IPAddress(address))]
        enforcer.send(.established(established))
        await enforcer.settled()
    }

    func className(of client: UInt64) async -> String? {
        await enforcer.sessions.first { $0.session.id.client == client && $0.cut == nil }?.decision.className
    }

    /// What the VPN server was told about logins.
    actor Answers: SessionGate {
        private(set) var words: [String] = []

        func answer(_ login: Login, _ answer: LoginAnswer) {
            switch answer {
            case .admit: words.append("admit \(login.session.id.client)")
            case .refuse(_, let tell): words.append("refuse \(login.session.id.client): \(tell)")
            }
        }

        func disconnect(_ session: SessionID, _ mode: DisconnectMode) {}
    }
}
