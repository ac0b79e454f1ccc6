package import Evidence
package import Sessions

/// The lists of one issuer, checked against its certificate: what is known of the certificates that it issued.
///
/// Making one checks signatures over whole lists, which takes a tenth of a second for 40 MB; make it once for an issuer
/// and a set of lists, and ask it for every certificate.
package struct IssuerRevocation: Sendable {
    /// Newest first.
    private let usable: [RevocationList]
    /// Why the issuer's other lists do not count.
    package let obstacles: [String]
    private let issuer: String

    /// `lists` may hold those of other issuers too.
    package init(issuer: DecodedCertificate, lists: [RevocationList]) {
        var usable: [RevocationList] = []
        var obstacles: [String] = []
        for list in lists where list.issuer == issuer.subject {
            if let obstacle = Self.obstacle(of: list, issuer: issuer) {
                obstacles.append(
                    "the revocation list of \(list.thisUpdate) by \(list.shownIssuer) \(obstacle)")
            } else {
                usable.append(list)
            }
        }
        self.usable = usable.sorted { $0.isNewer(than: $1) }
        self.obstacles = obstacles
        self.issuer = issuer.shownName
    }

    /// RFC 5280 section 6.3.3 (f) and (g), with the certificate's issuer as the only one who may sign the list.
    private static func obstacle(of list: RevocationList, issuer: DecodedCertificate) -> String? {
        if let keyUsage = issuer.meaning.keyUsage, !keyUsage.cRLSign {
            return "does not count: the issuer's keyUsage has no cRLSign"
        }
        if list.innerAlgorithm != list.outerAlgorithm {
            return "names one signature algorithm in its signed part and another beside it"
        }
        if case .refused(let why) = SignatureAlgorithm(list.outerAlgorithm) {
            return "has a signature that does not count: \(why)"
        }
        guard issuer.hasSigned(list.signedBytes, signature: list.signature, algorithm: list.outerAlgorithm)
        else {
            return "is not signed by it"
        }
        return list.obstacle
    }

    package func status(of certificate: DecodedCertificate, at instant: Instant) -> RevocationStatus {
        status(of: certificate.serial, at: instant)
    }

    /// By the newest list of that time. One that is overdue can still say that a certificate is revoked, and no longer
    /// that it is not.
    ///
    /// `serial` is the content of the certificate's INTEGER: big-endian, with a zero byte before a high bit.
    package func status(of serial: some Collection<UInt8>, at instant: Instant) -> RevocationStatus {
        guard let list = usable.first(where: { $0.thisUpdate <= instant }) else {
            if let early = usable.last {
                return .unknown(reason: "the revocation list of \(issuer) is of later, \(early.thisUpdate)")
            }
            return .unknown(reason: obstacles.first ?? "there is no revocation list of \(issuer)")
        }
        if let entry = list.entry(for: serial), entry.reason != RevocationList.removeFromCRL {
            return .revoked(since: entry.date)
        }
        guard let nextUpdate = list.nextUpdate else {
            return .unknown(reason: "the revocation list of \(issuer) does not say until when it is good")
        }
        guard instant < nextUpdate else {
            return .unknown(reason: "the revocation list of \(issuer) is overdue since \(nextUpdate)")
        }
        return .good(until: nextUpdate)
    }
}
