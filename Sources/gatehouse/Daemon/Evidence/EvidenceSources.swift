import Dispatch
import Enforcement
import Evidence
import Foundation
import Logging
import Place
import PolicyLanguage
import ServiceLifecycle
import Sessions
import Trust

/// The files that evidence comes from, and what is known from them.
struct EvidenceSources: Sendable {
    /// Nil where no database is configured.
    let countries: WatchedCountryDatabase?
    let trust: CertificateTrust
    let log: Logger

    init(_ configuration: DaemonConfiguration, log: Logger) {
        countries =
            configuration.countries.isEmpty ? nil : WatchedCountryDatabase(paths: configuration.countries)
        trust = CertificateTrust(clock: { SystemClock().now() })
        self.log = log
    }

    var surroundings: Surroundings { Surroundings(countries: countries, certificates: trust) }

    /// Makes the authorities of a pack those that certificates are judged by, and reads their lists. Waits for the disk.
    ///
    /// - Parameter chains: of live sessions. They are looked at here, so that the reconciler, which asks about each of
    ///   them when it gets the rules, verifies none: a tenth of a millisecond a signature, while nobody comes in.
    func judge(by policy: Policy, _ chains: [CertificateChain] = []) {
        for problem in trust.set(authorities: policy.authorities.map(TrustedAuthority.init)) {
            log.warning("\(problem)")
        }
        let look = trust.refresh()
        for note in look.notes { log.info("revocation lists: \(note)") }
        for warning in look.warnings { log.warning("revocation lists: \(warning)") }
        lookAhead(chains)
    }

    /// On all processors but one, which is for those who come in meanwhile.
    private func lookAhead(_ chains: [CertificateChain]) {
        let workers = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            for index in stride(from: worker, to: chains.count, by: workers) {
                _ = trust.report(on: chains[index])
            }
        }
    }

    /// Reads what changed; true when some of it did. Waits for the disk.
    func refresh() -> Bool {
        switch countries?.refresh() {
        case .loaded(let database)?:
            for file in database.files {
                log.notice("countries from \(file.path)\(file.built.map { ", built \($0)" } ?? "")")
            }
            return true
        case .refused(let error)?:
            log.error("countries: \(error); what was known before stays")
            return false
        case .unchanged?, .changing?, nil: return false
        }
    }
}

/// Looks every few seconds whether files that evidence comes from have changed; every session is looked at again when one
/// has.
struct EvidenceService: Service {
    let sources: EvidenceSources
    let enforcer: Enforcer

    private static let interval = DispatchTimeInterval.seconds(5)

    func run() async throws {
        // A queue of its own: reading a database takes longer than others may wait.
        let queue = DispatchQueue(label: "gatehouse.evidence")
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [sources, enforcer] in
            if sources.refresh() { enforcer.send(sources.surroundings) }
        }
        timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval)
        timer.resume()
        defer { timer.cancel() }
        try? await gracefulShutdown()
    }
}

extension TrustedAuthority {
    init(_ authority: Authority) {
        self.init(
            name: authority.name, digests: authority.digests, certificates: authority.certificates,
            revocationLists: authority.revocationLists, responder: authority.responder)
    }
}
