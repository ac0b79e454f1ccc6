import Crypto
package import Evidence
package import Sessions

/// Builds chains from a leaf to authorities that an administrator trusts, and judges them by RFC 5280 section 6.
///
/// An authority may be a root or any certificate below one: what signed it is not asked. It is held to the same rules
/// as every other certificate of the chain, its validity included, except for its own signature.
///
/// Intermediates come from whoever wants in, so there are bounds: on the certificates that are looked at, the length
/// of a chain, the signatures that are checked and the chains that are tried.
package struct ChainVerifier: Sendable {
    /// Of a chain, leaf and authority included.
    package static let maximumLength = 12
    package static let maximumIntermediates = 500
    package static let maximumSignatureChecks = 128
    package static let maximumChains = 64

    package let usage: CertificateUsage
    private let authorities: [DecodedCertificate]
    private let authoritiesByName: [String: [Int]]

    package init(authorities: [DecodedCertificate], usage: CertificateUsage = .clientAuth) {
        self.usage = usage
        self.authorities = authorities
        authoritiesByName = Self.byName(authorities)
    }

    /// The best chain that there is: with `instant`, one that is valid then, if any is.
    package func verify(
        _ leaf: DecodedCertificate, intermediates: [DecodedCertificate], at instant: Instant? = nil
    ) -> ChainVerdict {
        var seen: Set<CertificateDigest> = [leaf.digest]
        let fresh = intermediates.prefix(Self.maximumIntermediates).filter { seen.insert($0.digest).inserted }
        var search = Search(
            verifier: self, intermediates: fresh, intermediatesByName: Self.byName(fresh), instant: instant)
        return search.run(from: leaf)
    }

    /// Judges everything but the time, which the caller does with the report's window.
    ///
    /// Of several good chains the one that stays valid longest is told.
    package func report(
        leaf: DecodedCertificate, intermediates: [DecodedCertificate]
    ) -> CertificateReport {
        let verdict = verify(leaf, intermediates: intermediates)
        var problems = verdict.reasons.map(\.description)
        if verdict.reasons.isEmpty, verdict.validFrom >= verdict.validUntil {
            problems.append("the certificates of the chain are never valid at the same time")
        }
        return CertificateReport(
            attributes: leaf.attributes, anchor: verdict.reachesAuthority ? verdict.chain.last?.digest : nil,
            validFrom: verdict.validFrom, validUntil: verdict.validUntil, problems: problems)
    }

    private static func byName(_ certificates: [DecodedCertificate]) -> [String: [Int]] {
        Dictionary(grouping: certificates.indices) { certificates[$0].subject.key }
    }
}

extension ChainVerifier {
    /// One search, depth first, best candidates first, until a chain is good or the bounds are reached.
    private struct Search {
        let verifier: ChainVerifier
        let intermediates: [DecodedCertificate]
        let intermediatesByName: [String: [Int]]
        let instant: Instant?

        private var signatureChecks = 0
        private var chains = 0
        private var isExhausted = false
        /// Child and issuer to whether the signature holds.
        private var signatures: [CertificateDigest: [CertificateDigest: Bool]] = [:]
        private var best: ChainVerdict?

        init(
            verifier: ChainVerifier, intermediates: [DecodedCertificate],
            intermediatesByName: [String: [Int]],
            instant: Instant?
        ) {
            self.verifier = verifier
            self.intermediates = intermediates
            self.intermediatesByName = intermediatesByName
            self.instant = instant
        }

        mutating func run(from leaf: DecodedCertificate) -> ChainVerdict {
            _ = extend([leaf])
            let found =
                best
                ?? ChainVerdict(
                    chain: [leaf], reachesAuthority: false,
                    reasons: verifier.problems(of: [leaf], reachesAuthority: false))
            guard isExhausted, !found.reachesAuthority || !found.reasons.isEmpty else { return found }
            let given = "gave up after \(signatureChecks) signatures and \(chains) chains"
            return ChainVerdict(
                chain: found.chain, reachesAuthority: found.reachesAuthority,
                reasons: found.reasons
                    + [ChainReason(.leaf, leaf, "has too many ways to an authority: \(given)")])
        }

        /// Returns true when the search is over: a good chain was found, or the bounds were reached.
        private mutating func extend(_ chain: [DecodedCertificate]) -> Bool {
            let child = chain[chain.count - 1]
            var wrongSignature: String?
            var hasIssuer = false
            var isLooping = false
            for (issuer, isAuthority) in candidates(for: child) {
                // The same certificate again, or another of the same name and key, makes no chain better.
                if chain.contains(where: { $0.publicKey == issuer.publicKey && $0.subject == issuer.subject })
                {
                    isLooping = true
                    continue
                }
                guard chain.count < ChainVerifier.maximumLength else {
                    let most = "\(ChainVerifier.maximumLength) certificates"
                    return noteDeadEnd(chain, "ends a chain of \(most), and longer ones are not followed")
                }
                guard let holds = signatureHolds(of: child, by: issuer) else { return true }
                guard holds else {
                    wrongSignature = wrongSignature ?? issuer.shownName
                    continue
                }
                hasIssuer = true
                if isAuthority {
                    if note(verifier.judge(chain + [issuer])) { return true }
                } else if extend(chain + [issuer]) {
                    return true
                }
            }
            guard !hasIssuer else { return false }
            if chain.count == 1, verifier.authorities.contains(where: { $0.digest == child.digest }) {
                return noteDeadEnd(chain, "is itself one of the authorities")
            }
            if let wrongSignature {
                return noteDeadEnd(chain, "is not signed by \(wrongSignature), which has its issuer's name")
            }
            let problem =
                child.isSelfIssued
                ? "is issued by itself and is none of the authorities"
                : isLooping
                    ? "is issued by a certificate below it, and by no authority"
                    : "is issued by \(child.shownIssuer), which is neither an authority nor an intermediate here"
            return noteDeadEnd(chain, problem)
        }

        /// Keeps the better one. Returns true when the search is over.
        ///
        /// Every way through the certificates ends here, so that counting here bounds the search: authorities that have
        /// all signed each other have more ways than anybody can try.
        private mutating func note(_ verdict: ChainVerdict) -> Bool {
            chains += 1
            isExhausted = chains >= ChainVerifier.maximumChains
            if best.map({ verdict.isBetter(than: $0, at: instant) }) ?? true { best = verdict }
            guard verdict.reachesAuthority, verdict.reasons.isEmpty, let instant else { return isExhausted }
            return isExhausted || verdict.isValid(at: instant)
        }

        /// The longest dead end is told. The others are counted and not judged: hostile certificates could make that
        /// dear, without a single signature of an authority.
        private mutating func noteDeadEnd(_ chain: [DecodedCertificate], _ problem: String) -> Bool {
            if let best, best.reachesAuthority || best.chain.count >= chain.count {
                chains += 1
                isExhausted = chains >= ChainVerifier.maximumChains
                return isExhausted
            }
            return note(verifier.deadEnd(chain, problem))
        }

        /// By name, those whose key is the one that the child names first; authorities before intermediates, since they
        /// end the search.
        private func candidates(for child: DecodedCertificate) -> [(DecodedCertificate, isAuthority: Bool)] {
            let key = child.issuer.key
            let known = (verifier.authoritiesByName[key] ?? []).map {
                (verifier.authorities[$0], isAuthority: true)
            }
            let given = (intermediatesByName[key] ?? []).map { (intermediates[$0], isAuthority: false) }
            guard let wanted = child.meaning.authorityKey else { return known + given }
            let all = known + given
            return all.filter { $0.0.meaning.subjectKey == wanted }
                + all.filter { $0.0.meaning.subjectKey != wanted }
        }

        /// Nil when there have been too many.
        private mutating func signatureHolds(
            of child: DecodedCertificate, by issuer: DecodedCertificate
        ) -> Bool? {
            if let known = signatures[child.digest]?[issuer.digest] { return known }
            guard signatureChecks < ChainVerifier.maximumSignatureChecks else {
                isExhausted = true
                return nil
            }
            let holds: Bool
            if verifier.isUncheckable(child, issuer) {
                // Said by the rules for each of the two; the chain is refused, and may as well be told to its end.
                holds = true
            } else {
                signatureChecks += 1
                holds = issuer.hasSigned(
                    child.signedBytes, signature: child.signature, algorithm: child.outerAlgorithm)
            }
            signatures[child.digest, default: [:]][issuer.digest] = holds
            return holds
        }
    }

    /// The signature cannot be checked for a reason that the rules tell anyway: a chain through here is never good.
    private func isUncheckable(_ child: DecodedCertificate, _ issuer: DecodedCertificate) -> Bool {
        if case .refused = SignatureAlgorithm(child.outerAlgorithm) { return true }
        return issuer.keyProblem != nil
    }

    /// A chain that ends without an authority, with what is wrong with its certificates besides.
    private func deadEnd(_ chain: [DecodedCertificate], _ problem: String) -> ChainVerdict {
        var reasons = problems(of: chain, reachesAuthority: false)
        reasons.append(ChainReason(chain.count == 1 ? .leaf : .intermediate, chain[chain.count - 1], problem))
        return ChainVerdict(chain: chain, reachesAuthority: false, reasons: reasons)
    }

    private func judge(_ chain: [DecodedCertificate]) -> ChainVerdict {
        ChainVerdict(
            chain: chain, reachesAuthority: true, reasons: problems(of: chain, reachesAuthority: true))
    }

    /// RFC 5280 section 6.1, from the authority down; signatures hold, and the time is judged apart. Told from the leaf
    /// up.
    private func problems(of chain: [DecodedCertificate], reachesAuthority: Bool) -> [ChainReason] {
        let rules = CertificateRules(usage: usage)
        var names = NameConstraintRules()
        var policies = PolicyRules(count: chain.count - 1)
        // Intermediates below the one that is looked at, without self-issued ones: what pathLenConstraint counts.
        var below = chain.dropFirst().dropLast().count { !$0.isSelfIssued }
        var reasons: [[ChainReason]] = []
        for index in chain.indices.reversed() {
            let certificate = chain[index]
            let isLeaf = index == 0
            let isTop = index == chain.count - 1
            let role: ChainReason.Role =
                isLeaf ? .leaf : isTop && reachesAuthority ? .authority : .intermediate
            var problems = rules.problems(of: certificate, as: role)
            if !isTop {
                if let problem = Self.keyMismatch(of: certificate, issuer: chain[index + 1]) {
                    problems.append(problem)
                }
                // Section 6.1.3 (b): an authority's new certificate for itself keeps its old name.
                if isLeaf {
                    problems += names.problems(of: certificate) {
                        NameSyntax.problem(of: $0, usage: usage) != nil
                    }
                } else if !certificate.isSelfIssued {
                    problems += names.problems(of: certificate)
                }
                if reachesAuthority, let problem = policies.step(certificate, isLeaf: isLeaf) {
                    problems.append(problem)
                }
            }
            if !isLeaf {
                if !isTop, !certificate.isSelfIssued { below -= 1 }
                if let length = certificate.meaning.pathLength, below > length {
                    problems.append(
                        "allows \(length) intermediates below it, and there are \(below) (RFC 5280 section 4.2.1.9)"
                    )
                }
                problems += names.add(certificate)
            }
            reasons.append(problems.map { ChainReason(role, certificate, $0) })
        }
        return reasons.reversed().flatMap { $0 }
    }

    /// RFC 5280 section 4.2.1.1: whoever names a key must mean this one. OpenSSL refuses such a chain too.
    private static func keyMismatch(of child: DecodedCertificate, issuer: DecodedCertificate) -> String? {
        guard let wanted = child.meaning.authorityKey, let has = issuer.meaning.subjectKey, wanted != has
        else { return nil }
        return "names another key in authorityKeyIdentifier than that of \(issuer.shownName)"
    }
}
