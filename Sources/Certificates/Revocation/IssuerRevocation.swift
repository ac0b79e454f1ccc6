package import Evidence
package import Sessions

/// The lists of one issuer, checked against its certificate: what is known of the certificates that it issued.
///
/// Making one checks signatures over whole lists, which takes a tenth of a second for 40 MB; make it once for an issuer
/// and a set of lists, and ask it for every certificate.
package struct IssuerRevocation: Sendable {
    /// Newest first.
    private let usable: [RevocationList]
    /// Lists that say of some certificates that they are revoked, and of none that it is not.
    private let partial: [RevocationList]
    /// Why the issuer's other lists do not count.
    package let obstacles: [String]
    private let issuer: String

    /// `lists` may hold those of other issuers too.
    ///
    /// `chain` is a good chain that the issuer is part of: an authority that has changed its key signs its list with
    /// another one than its certificates, and has issued itself a certificate for that (RFC 5280 section 6.3.3 (f)).
    package init(issuer: DecodedCertificate, lists: [RevocationList], chain: [DecodedCertificate] = []) {
        let signers = [issuer] + chain.filter { $0.subject == issuer.subject && $0.digest != issuer.digest }
        var usable: [RevocationList] = []
        var partial: [RevocationList] = []
        var obstacles: [String] = []
        for list in lists where list.issuer == issuer.subject {
            let problems = signers.map { Self.signatureProblem(of: list, signer: $0) }
            let signatureProblem = problems.contains(nil) ? nil : problems[0]
            if let problem = signatureProblem ?? list.obstacle {
                obstacles.append(
                    "the revocation list of \(list.thisUpdate) by \(list.shownIssuer) \(problem)")
                if signatureProblem == nil, list.entriesCount { partial.append(list) }
            } else {
                usable.append(list)
            }
        }
        self.usable = usable.sorted { $0.isNewer(than: $1) }
        self.partial = partial
        self.obstacles = obstacles
        self.issuer = issuer.shownName
    }

    /// Whether the list is signed by this certificate, which may sign lists.
    package static func isSigned(_ list: RevocationList, by signer: DecodedCertificate) -> Bool {
        signatureProblem(of: list, signer: signer) == nil
    }

    /// RFC 5280 section 6.3.3 (f) and (g).
    private static func signatureProblem(of list: RevocationList, signer: DecodedCertificate) -> String? {
        if let keyUsage = signer.meaning.keyUsage, !keyUsage.cRLSign {
            return "does not count: the issuer's keyUsage has no cRLSign"
        }
        if list.innerAlgorithm != list.outerAlgorithm {
            return "names one signature algorithm in its signed part and another beside it"
        }
        if case .refused(let why) = SignatureAlgorithm(list.outerAlgorithm) {
            return "has a signature that does not count: \(why)"
        }
        return signer.hasSigned(list.signedBytes, signature: list.signature, algorithm: list.outerAlgorithm)
            ? nil : "is not signed by it"
    }

    package func status(of certificate: DecodedCertificate, at instant: Instant) -> RevocationStatus {
        status(of: certificate.serial, at: instant)
    }

    /// By the newest list of that time. One that is overdue can still say that a certificate is revoked, and no longer
    /// that it is not.
    ///
    /// `serial` is the content of the certificate's INTEGER: big-endian, with a zero byte before a high bit.
    package func status(of serial: some Collection<UInt8>, at instant: Instant) -> RevocationStatus {
        for list in partial where list.thisUpdate <= instant {
            if let date = list.revocation(of: serial) { return .revoked(since: date) }
        }
        guard let list = usable.first(where: { $0.thisUpdate <= instant }) else {
            if let early = usable.last {
                return .unknown(reason: "the revocation list of \(issuer) is of later, \(early.thisUpdate)")
            }
            return .unknown(reason: obstacles.first ?? "there is no revocation list of \(issuer)")
        }
        if let date = list.revocation(of: serial) { return .revoked(since: date) }
        guard let nextUpdate = list.nextUpdate else {
            return .unknown(reason: "the revocation list of \(issuer) does not say until when it is good")
        }
        guard instant < nextUpdate else {
            return .unknown(reason: "the revocation list of \(issuer) is overdue since \(nextUpdate)")
        }
        return .good(until: nextUpdate)
    }
}
