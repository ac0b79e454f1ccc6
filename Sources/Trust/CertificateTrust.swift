package import Certificates
package import Evidence
package import Sessions
import Synchronization

/// What is known of certificates beside their digests: those that VPN servers handed over, the authorities of the rules,
/// their revocation lists, and what their responders said.
///
/// ``report(on:)`` and ``revocation(of:at:)`` wait for no disk and no network. ``refresh()`` reads the files and
/// ``answerNextQuestion(waitingAtMost:)`` asks the responders; both block and want threads of their own. Memory: for a
/// session some 1 KB for each of its own certificates, and its report, which its evidence shares.
package final class CertificateTrust: CertificateKnowledge, Sendable {
    package struct Settings: Sendable {
        package var handed = HandedCertificates.Limits()
        /// Chains whose report is kept.
        package var chains = 1 << 18
        /// Certificates that responders are asked about.
        package var questions = 1 << 18
        /// For how long after a session was looked at an answer about it is kept fresh.
        package var lease = Duration.seconds(3600)
        package var responders = ResponderClient()
        /// At most one call of the change handler in this time.
        package var quiet = Duration.seconds(1)

        package init() {}
    }

    let settings: Settings
    let clock: @Sendable () -> Instant
    let state: Mutex<State>
    let bell = Bell()
    /// Locked for as long as a refresh takes; before `state` where both are.
    private let files = Mutex(RevocationFiles())
    private let changed: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

    /// The clock is for files and responders; sessions are judged at the time that their question names.
    package init(settings: Settings = Settings(), clock: @escaping @Sendable () -> Instant) {
        self.settings = settings
        self.clock = clock
        state = Mutex(State(settings))
    }

    /// Called, on a thread that asks responders, when an answer has come from which something may follow for a session.
    package func onChange(_ handler: @escaping @Sendable () -> Void) { changed.withLock { $0 = handler } }

    func announce() { changed.withLock { $0 }?() }

    // MARK: What is at hand

    /// The authorities of the rules, in place of those before. Their lists are read at the next ``refresh()``, which
    /// should follow at once: until then chains of new ones are unknown.
    ///
    /// Reports stay that rest on authorities that have not changed. Returns certificates that are none.
    package func set(authorities: [TrustedAuthority]) -> [String] {
        guard state.withLock({ $0.authorities.all }) != authorities else { return [] }
        let new = Authorities(authorities)
        files.withLock { files in
            files.watch(authorities.flatMap(\.revocationLists))
            state.withLock { $0.set(new) }
        }
        return new.problems
    }

    package enum Insertion: Sendable, Hashable {
        case taken(CertificateDigest)
        /// These bytes are no certificate.
        case refused(DERError)
    }

    /// A certificate that a VPN server handed over, in DER. Nothing is believed of it.
    @discardableResult
    package func insert(_ der: [UInt8]) -> Insertion {
        do throws(DERError) {
            let certificate = try DecodedCertificate(der: der)
            state.withLock { $0.handed.insert(der, digest: certificate.digest) }
            return .taken(certificate.digest)
        } catch {
            return .refused(error)
        }
    }

    package func holds(_ digest: CertificateDigest) -> Bool {
        state.withLock { $0.handed.peek(digest) != nil }
    }

    /// Reads the lists that changed, and has responders asked whose answers run out. Cheap when nothing changed: a
    /// system call for each file.
    package func refresh() -> RevocationFiles.Look {
        files.withLock { files in
            let candidates = state.withLock { $0.knownIssuers }
            let look = files.refresh { list in
                let issuers = candidates.filter { list.isOf($0) }
                guard !issuers.isEmpty else { return nil }
                return issuers.contains { IssuerRevocation.isSigned(list, by: $0) }
            }
            let now = clock()
            let troubles = Dictionary(
                state.withLock { $0.authorities.all }.map {
                    ($0.name, files.troubles(of: $0.revocationLists))
                },
                uniquingKeysWith: +)
            let listsInForce = Dictionary(
                state.withLock { $0.authorities.all }.map {
                    ($0.name, Self.newest(of: files.lists(of: $0.revocationLists)))
                }, uniquingKeysWith: { first, _ in first })
            if look.changed {
                let lists = files.lists
                // Checked here and not at the first question: a signature over 40 MB takes a tenth of a second.
                let authorities = state.withLock { $0.authorities }
                let checked = candidates.filter { candidate in lists.contains { $0.isOf(candidate) } }
                    .map { ($0, State.revocation(of: $0, lists, authorities)) }
                state.withLock { $0.put(lists, checked, for: authorities) }
            }
            let mustWake = state.withLock { state in
                state.troubles = troubles
                state.listsInForce = listsInForce
                return state.ledger.refresh(at: now)
            }
            if mustWake { bell.ring() }
            return look
        }
    }

    /// The newest list of one issuer.
    package struct ListInForce: Sendable, Hashable {
        package var issuer: String
        package var thisUpdate: Instant
        package var nextUpdate: Instant?
    }

    /// What the last ``refresh()`` found in the files of an authority.
    package struct KnownLists: Sendable {
        package var lists: [ListInForce]
        /// Why files are not in force.
        package var troubles: [String]
    }

    /// By the authority's name.
    package func listsByAuthority() -> [String: KnownLists] {
        state.withLock { state in
            Dictionary(
                state.authorities.all.map { authority in
                    let name = authority.name
                    return (
                        name,
                        KnownLists(
                            lists: state.listsInForce[name] ?? [], troubles: state.troubles[name] ?? [])
                    )
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// A folder may keep the lists of before beside the newest: only that counts.
    private static func newest(of lists: [RevocationList]) -> [ListInForce] {
        Dictionary(grouping: lists, by: \.shownIssuer).sorted { $0.key < $1.key }.compactMap {
            issuer, lists in
            lists.max { $0.thisUpdate < $1.thisUpdate }.map { list in
                ListInForce(issuer: issuer, thisUpdate: list.thisUpdate, nextUpdate: list.nextUpdate)
            }
        }
    }

    // MARK: Questions

    package func report(on chain: CertificateChain) -> CertificateReport? {
        let work: ChainWork
        switch state.withLock({ $0.report(on: chain) }) {
        case .known(let report): return report
        case .work(let found): work = found
        }
        // Outside the lock: signatures take a tenth of a millisecond each.
        guard let report = work.report() else { return nil }
        state.withLock { $0.keep(report, of: chain, work) }
        return report
    }

    package func revocation(of chain: CertificateChain, at now: Instant) -> RevocationStatus? {
        var mustWake = false
        let status = state.withLock { $0.revocation(of: chain, at: now, mustWake: &mustWake) }
        if mustWake { bell.ring() }
        return status
    }
}
