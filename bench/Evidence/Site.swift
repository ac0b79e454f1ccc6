import Enforcement
import Evidence
import Foundation
import Logging
import Netfilter
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Store

/// A gateway with as many sessions as are asked for: the real kernel, a real disk, and a VPN server that says yes.
final class Site: Sendable {
    let enforcer: Enforcer
    let count: Int
    private let loop: Task<Void, Never>
    private let directory: String

    init(count: Int, _ policy: Policy) async throws {
        self.count = count
        directory =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("gatehouse-bench-\(ProcessInfo.processInfo.processIdentifier)").path
        let store = try Store(directory: directory)
        enforcer = Enforcer(
            settings: EnforcementSettings(layout: RulesetLayout(tunnels: ["lo"]), lease: .seconds(3600)),
            policy: policy, codes: TOTPVerifier(seeds: [:]),
            backend: NetlinkRulesetBackend(), ledger: DiskLedger(store: store), clock: StillClock(),
            log: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        try await enforcer.start()
        await enforcer.attach(Doorman(), for: "office")
        loop = Task { [enforcer] in await enforcer.run() }
        try await letIn()
    }

    deinit {
        enforcer.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Logins and openings, a thousand at once.
    private func letIn() async throws {
        for start in stride(from: 0, to: count, by: 1000) {
            for number in start..<min(start + 1000, count) {
                var session = try self.session(number)
                let login = Login(kind: .initial, session: session, key: 0, password: Secret([]))
                enforcer.send(.login(login))
                session.addresses = [
                    IPAddress("10.\(64 + number >> 16).\(number >> 8 & 255).\(number & 255)"),
                    IPAddress("fd08::\(String(number + 1, radix: 16))"),
                ].compactMap(\.self)
                enforcer.send(.established(session))
            }
            await enforcer.settled()
        }
        let open = await enforcer.sessions.filter { $0.programmed != nil }.count
        precondition(open == count, "\(open) of \(count) sessions are open")
    }

    private func session(_ number: Int) throws -> Session {
        guard let leaf = CertificateDigest(Rules.digest(number)),
            let issuer = CertificateDigest(Rules.authority)
        else { throw Mistake(text: "no digest") }
        let chain = CertificateChain(
            leaf: PresentedCertificate(
                digest: leaf, serial: String(number, radix: 16), subject: "O=Council, CN=laptop-\(number)",
                attributes: ["O": "Council", "CN": "laptop-\(number)"]),
            issuers: [
                PresentedCertificate(digest: issuer, serial: "01", subject: "O=Council, CN=Council Root CA")
            ])
        return Session(
            id: SessionID(source: "office", serverProcess: 1, client: UInt64(number)), tunnel: "lo",
            commonName: "laptop-\(number)", userName: "person-\(number)", certificates: chain,
            outer: IPAddress("198.51.100.7").map { Endpoint(address: $0, port: 1194) }, startedAt: Rules.now,
            claims: ["IV_VER": "2.6.3", "IV_PLAT": "linux", "IV_PROTO": "990"])
    }

    func load(_ policy: Policy) async throws {
        _ = try await enforcer.carryOut(.load(policy, seeds: [:]))
    }

    /// A report for every device, groups of them from some senders at once; answers how many were taken a second.
    func report(inGroupsOf size: Int) async throws -> Double {
        var posture = DevicePosture()
        posture.firewall = .init(true, observedAt: Rules.now)
        posture.antivirus = .init(Rules.now, observedAt: Rules.now)
        let seconds = try await Time.of {
            try await withThrowingTaskGroup(of: Void.self) { senders in
                for sender in 0..<4 {
                    senders.addTask { [self, posture] in
                        for start in stride(from: sender * size, to: count, by: 4 * size) {
                            let reports = (start..<min(start + size, count)).map { number in
                                var told = posture
                                // One in a hundred gets more by it.
                                if !number.isMultiple(of: 100) {
                                    told.firewall = .init(false, observedAt: Rules.now)
                                }
                                return PostureReport(
                                    subject: .device("laptop-\(number)"), reporter: "mdm", posture: told)
                            }
                            for case .failure(let rejection) in await enforcer.take(reports) {
                                throw Mistake(text: "\(rejection)")
                            }
                        }
                    }
                }
                try await senders.waitForAll()
            }
        }
        return Double(count) / seconds
    }
}

/// Time stands still, so that nothing runs out meanwhile.
struct StillClock: WallClock {
    func now() -> Instant { Rules.now }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: .seconds(3600)) }
}

struct Doorman: SessionGate {
    func answer(_ login: Login, _ answer: LoginAnswer) async {}
    func disconnect(_ session: SessionID, _ mode: DisconnectMode) async {}
}

/// The store, as the daemon uses it, without what these measurements do not record.
struct DiskLedger: Ledger {
    let store: Store

    func record(_ changes: [LedgerChange]) async throws {
        try store.perform(
            changes.compactMap { change in
                switch change {
                case .posture(let posture, let device, let reporter, let at):
                    .posture(device: device, posture, reporter: reporter, at: at)
                case .session(let known):
                    .putSession(StoredSession(session: known.session, interfaceIndex: known.interfaceIndex))
                default: nil
                }
            })
    }
}
