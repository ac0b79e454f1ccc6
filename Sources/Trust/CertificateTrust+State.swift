import Certificates
import Evidence
import Sessions

extension CertificateTrust {
    /// Everything that questions are answered from.
    struct State: Sendable {
        private(set) var authorities = Authorities()
        var handed: HandedCertificates
        var ledger: ResponderLedger
        /// By authority: what keeps its lists from being in force.
        var troubles: [String: [String]] = [:]
        /// By authority: what its files hold.
        var listsInForce: [String: [ListInForce]] = [:]

        private var lists: [RevocationList] = []
        private var chains: TwoGenerations<CertificateDigest, Remembered>
        private var issuers: TwoGenerations<CertificateDigest, Issuer>
        /// Of the authorities; of the authorities and the lists.
        private var generation = 0
        private var hasNews = false
        private var announced: ContinuousClock.Instant?
        private var listGeneration = 0

        private struct Issuer {
            let certificate: DecodedCertificate
            var revocation: IssuerRevocation?
        }

        init(_ settings: Settings) {
            handed = HandedCertificates(limits: settings.handed)
            ledger = ResponderLedger(capacity: settings.questions, lease: settings.lease)
            chains = TwoGenerations(count: settings.chains)
            // Issuers are named by chains that a server has verified: there are few.
            issuers = TwoGenerations(count: 4096)
        }

        mutating func set(_ new: Authorities) {
            authorities = new
            generation += 1
            listGeneration += 1
            forgetChecks()
        }

        /// Returns true when sessions should be looked at again now: not for every one of many answers.
        mutating func finish(
            _ errand: ResponderLedger.Errand, _ outcome: Result<OCSPAnswer, ResponderFailure>,
            at now: Instant,
            quiet: Duration
        ) -> Bool {
            if ledger.finish(errand, outcome, at: now) { hasNews = true }
            guard ledger.isIdle || announced.map({ $0 + quiet < .now }) ?? true else { return false }
            return takeNews()
        }

        mutating func takeNews() -> Bool {
            guard hasNews else { return false }
            hasNews = false
            announced = .now
            return true
        }

        mutating func put(
            _ lists: [RevocationList], _ checked: [(DecodedCertificate, IssuerRevocation)],
            for authorities: Authorities
        ) {
            self.lists = lists
            listGeneration += 1
            forgetChecks()
            for (certificate, revocation) in checked {
                issuers.put(Issuer(certificate: certificate, revocation: revocation), for: certificate.digest)
            }
        }

        private mutating func forgetChecks() {
            for var issuer in issuers.values where issuer.revocation != nil {
                issuer.revocation = nil
                issuers.put(issuer, for: issuer.certificate.digest)
            }
        }

        /// Those of the rules, and those that sessions' chains named.
        var knownIssuers: [DecodedCertificate] {
            Array(authorities.certificates.values)
                + issuers.values.map(\.certificate).filter { authorities.certificates[$0.digest] == nil }
        }

        static func revocation(
            of issuer: DecodedCertificate, _ lists: [RevocationList], _ authorities: Authorities
        ) -> IssuerRevocation {
            IssuerRevocation(issuer: issuer, lists: lists, chain: authorities.siblings(of: issuer))
        }
    }

    /// In a box, so that looking at it copies one reference and not a dozen.
    final class Remembered: Sendable {
        let entry: ChainEntry

        init(_ entry: ChainEntry) { self.entry = entry }
    }

    /// What is remembered of a leaf: for one chain of issuers, the last that was asked about.
    struct ChainEntry: Sendable {
        var issuers: [CertificateDigest]
        var report: CertificateReport?
        /// The authorities that the report rests on.
        var anchors: [CertificateDigest] = []
        var generation = 0
        var links: [Link]?
        var linkGeneration = 0
        /// An answer that only lists have to do with, and when it holds.
        var status: RevocationStatus?
        var statusGeneration = -1
        var statusFrom = Instant(nanosecondsSince1970: .max)
        var statusUntil = Instant(nanosecondsSince1970: .min)
    }

    /// One certificate of a chain, whose issuer is asked about it.
    struct Link: Sendable {
        let issuer: CertificateDigest
        /// What the serial number may be; the first is what responders are asked about.
        let serials: [[UInt8]]
        /// Names to show: escaped and bounded.
        let subjectName: String
        let issuerName: String
        let responder: ResponderLedger.Key?
        let authority: String
    }

    enum Found {
        case known(CertificateReport?)
        case work(ChainWork)
    }

    /// The certificates of one chain, to be verified outside the lock.
    struct ChainWork: Sendable {
        let leaf: [UInt8]
        let intermediates: [[UInt8]]
        /// Of the rules, or handed over with a digest that the rules name.
        let anchorBytes: [[UInt8]]
        let anchors: [DecodedCertificate]
        let anchorDigests: [CertificateDigest]
        let isComplete: Bool
        let generation: Int

        /// Nil when a certificate is missing without which there is no good chain.
        func report() -> CertificateReport? {
            guard let leaf = try? DecodedCertificate(der: leaf) else { return nil }
            let anchors = anchors + anchorBytes.compactMap { try? DecodedCertificate(der: $0) }
            let between = intermediates.compactMap { try? DecodedCertificate(der: $0) }
            let report = ChainVerifier(authorities: anchors).report(leaf: leaf, intermediates: between)
            return isComplete || report.problems.isEmpty ? report : nil
        }
    }
}

extension CertificateTrust.State {
    // MARK: Reports

    mutating func report(on chain: CertificateChain) -> CertificateTrust.Found {
        let key = chain.leaf.digest
        if let (known, wasOld) = chains.find(key), known.entry.report != nil, known.entry.isOf(chain) {
            // The certificates stay as long as the report, for the day that their authority changes.
            if wasOld {
                for digest in [chain.leaf.digest] + known.entry.issuers { _ = handed.ask(for: digest) }
            }
            if known.entry.generation == generation { return .known(known.entry.report) }
            if !known.entry.anchors.isEmpty, anchorDigests(of: chain) == known.entry.anchors {
                // Other authorities have changed.
                var entry = known.entry
                entry.generation = generation
                chains.put(CertificateTrust.Remembered(entry), for: key)
                return .known(entry.report)
            }
        }
        guard let leaf = handed.ask(for: chain.leaf.digest) else { return .known(nil) }
        var intermediates: [[UInt8]] = []
        var anchorBytes: [[UInt8]] = []
        var anchors: [DecodedCertificate] = []
        var isComplete = true
        for issuer in chain.issuers {
            let isAuthority = authorities.isAuthority(issuer.digest)
            if isAuthority, let known = authorities.certificates[issuer.digest] {
                anchors.append(known)
            } else if let der = handed.ask(for: issuer.digest) {
                if isAuthority { anchorBytes.append(der) } else { intermediates.append(der) }
            } else {
                isComplete = false
            }
        }
        let digests = anchorDigests(of: chain)
        // No authority is named: what is wrong with the chain can be told all the same.
        if digests.isEmpty { anchors = Array(authorities.certificates.values) }
        return .work(
            CertificateTrust.ChainWork(
                leaf: leaf, intermediates: intermediates, anchorBytes: anchorBytes, anchors: anchors,
                anchorDigests: digests, isComplete: isComplete, generation: generation))
    }

    private func anchorDigests(of chain: CertificateChain) -> [CertificateDigest] {
        chain.issuers.map(\.digest).filter(authorities.isAuthority)
    }

    mutating func keep(
        _ report: CertificateReport, of chain: CertificateChain, _ work: CertificateTrust.ChainWork
    ) {
        guard work.generation == generation else { return }
        var entry = entry(of: chain)
        entry.report = report
        entry.anchors = work.anchorDigests
        entry.generation = generation
        chains.put(CertificateTrust.Remembered(entry), for: chain.leaf.digest)
    }

    private mutating func entry(of chain: CertificateChain) -> CertificateTrust.ChainEntry {
        let known = chains.value(for: chain.leaf.digest)
        if let known, known.entry.isOf(chain) { return known.entry }
        return CertificateTrust.ChainEntry(issuers: chain.issuers.map(\.digest))
    }

    // MARK: Revocation

    mutating func revocation(
        of chain: CertificateChain, at now: Instant, mustWake: inout Bool
    ) -> RevocationStatus? {
        let key = chain.leaf.digest
        let known = chains.value(for: key)
        if let known, known.entry.statusGeneration == listGeneration, known.entry.statusFrom <= now,
            now < known.entry.statusUntil, known.entry.isOf(chain)
        {
            return known.entry.status
        }
        var entry = entry(of: chain)
        if entry.links == nil || entry.linkGeneration != generation {
            entry.links = links(of: chain)
            entry.linkGeneration = generation
            entry.status = nil
            entry.statusGeneration = -1
            chains.put(CertificateTrust.Remembered(entry), for: chain.leaf.digest)
        }
        guard let links = entry.links, !links.isEmpty else { return nil }
        var worst: RevocationStatus?
        var mayKeep = true
        for link in links {
            let status = status(of: link, at: now, mayKeep: &mayKeep, mustWake: &mustWake)
            worst = worst.map { Self.worse($0, status) } ?? status
        }
        guard let worst else { return nil }
        if mayKeep {
            entry.status = worst
            entry.statusGeneration = listGeneration
            entry.statusFrom = now
            // A list of later may come into its time meanwhile.
            entry.statusUntil = now + .seconds(60)
            if case .good(let until) = worst { entry.statusUntil = min(entry.statusUntil, until) }
            chains.put(CertificateTrust.Remembered(entry), for: chain.leaf.digest)
        }
        return worst
    }

    /// Revoked before unknown before good; of two good ones the one that ends first.
    private static func worse(_ one: RevocationStatus, _ other: RevocationStatus) -> RevocationStatus {
        switch (one, other) {
        case (.revoked, _): one
        case (_, .revoked): other
        case (.unknown, _): one
        case (_, .unknown): other
        case (.good(let first), .good(let second)): .good(until: min(first, second))
        }
    }

    /// Every certificate below the highest authority of the chain that tells of withdrawn ones.
    private mutating func links(of chain: CertificateChain) -> [CertificateTrust.Link] {
        let named = chain.issuers.map { authorities.named(by: $0.digest) }
        guard let top = named.lastIndex(where: { $0.contains(where: \.tellsOfWithdrawn) }) else { return [] }
        var links: [CertificateTrust.Link] = []
        for index in 0...top {
            let subject = index == 0 ? chain.leaf : chain.issuers[index - 1]
            let issuer = chain.issuers[index]
            let serials: [[UInt8]]
            if let exact = decoded(subject.digest)?.serialContent {
                serials = [exact]
            } else {
                serials = SerialText.candidates(subject.serial)
            }
            let responsible = named[index...top].joined().first(where: \.tellsOfWithdrawn)
            let url = named[index...top].joined().lazy.compactMap(\.responder).first
            var responder: ResponderLedger.Key?
            if let url, let serial = serials.first {
                responder = ResponderLedger.Key(issuer: issuer.digest, serial: serial, url: url)
            }
            links.append(
                CertificateTrust.Link(
                    issuer: issuer.digest, serials: serials, subjectName: Self.shown(subject),
                    issuerName: Self.shown(issuer), responder: responder, authority: responsible?.name ?? ""))
        }
        return links
    }

    private static func shown(_ certificate: PresentedCertificate) -> String {
        guard !certificate.subject.isEmpty else { return "\(certificate.digest)" }
        return "'\(ShownText.shown(certificate.subject, bound: 100))'"
    }

    private func decoded(_ digest: CertificateDigest) -> DecodedCertificate? {
        if let known = authorities.certificates[digest] ?? issuers.peek(digest)?.certificate { return known }
        return handed.peek(digest).flatMap { try? DecodedCertificate(der: $0) }
    }

    private mutating func issuer(_ digest: CertificateDigest) -> DecodedCertificate? {
        if let known = issuers.value(for: digest) { return known.certificate }
        guard
            let certificate = authorities.certificates[digest]
                ?? handed.ask(for: digest).flatMap({ try? DecodedCertificate(der: $0) })
        else { return nil }
        issuers.put(Issuer(certificate: certificate), for: digest)
        return certificate
    }

    private mutating func status(
        of link: CertificateTrust.Link, at now: Instant, mayKeep: inout Bool, mustWake: inout Bool
    ) -> RevocationStatus {
        guard let issuer = issuer(link.issuer) else {
            mayKeep = false
            return .unknown(
                reason:
                    "the certificate of \(link.issuerName), which issued \(link.subjectName), is not at hand")
        }
        guard !link.serials.isEmpty else {
            return .unknown(reason: "the serial number of \(link.subjectName) is not known")
        }
        let byList = hasLists(link) ? listStatus(of: link, issuer: issuer, at: now) : nil
        guard let key = link.responder else {
            return byList ?? .unknown(reason: "there is no revocation list of \(link.issuerName)")
        }
        mayKeep = false
        let asked = ledger.status(
            key, question: { OCSPQuestion(serial: key.serial, issuer: issuer) }, at: now, mustWake: &mustWake)
        switch (byList, asked) {
        case (.revoked, _): return byList ?? asked
        case (.good, .unknown): return byList ?? asked
        case (.good(let first), .good(let second)): return .good(until: min(first, second))
        default: return asked
        }
    }

    /// Lists count whoever's file they came from, since their issuer has signed them.
    private func hasLists(_ link: CertificateTrust.Link) -> Bool {
        !lists.isEmpty || link.responder == nil
    }

    private mutating func listStatus(
        of link: CertificateTrust.Link, issuer certificate: DecodedCertificate, at now: Instant
    ) -> RevocationStatus {
        var issuer = issuers.peek(link.issuer) ?? Issuer(certificate: certificate)
        let known = issuer.revocation ?? Self.revocation(of: certificate, lists, authorities)
        if issuer.revocation == nil {
            issuer.revocation = known
            issuers.put(issuer, for: link.issuer)
        }
        var first: RevocationStatus?
        for serial in link.serials {
            let status = known.status(of: serial, at: now)
            if case .revoked = status { return status }
            first = first ?? status
        }
        if case .unknown(let reason) = first, let trouble = troubles[link.authority]?.first {
            return .unknown(reason: "\(reason) (\(trouble))")
        }
        return first ?? .unknown(reason: "the serial number of \(link.subjectName) is not known")
    }
}

extension CertificateTrust.ChainEntry {
    func isOf(_ chain: CertificateChain) -> Bool {
        issuers.count == chain.issuers.count && zip(issuers, chain.issuers).allSatisfy { $0 == $1.digest }
    }
}
