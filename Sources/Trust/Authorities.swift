import Certificates
import Sessions

/// The authorities of the rules, with their certificates taken apart. Immutable.
struct Authorities: Sendable {
    let all: [TrustedAuthority]
    /// From the rules; digests name them.
    let certificates: [CertificateDigest: DecodedCertificate]
    private let byDigest: [CertificateDigest: [Int]]
    /// Certificates of the rules that are none; said once.
    let problems: [String]

    init(_ all: [TrustedAuthority] = []) {
        self.all = all
        var certificates: [CertificateDigest: DecodedCertificate] = [:]
        var byDigest: [CertificateDigest: [Int]] = [:]
        var problems: [String] = []
        for (index, authority) in all.enumerated() {
            for (number, der) in authority.certificates.enumerated() {
                do {
                    let certificate = try DecodedCertificate(der: der)
                    certificates[certificate.digest] = certificate
                } catch {
                    problems.append("authority '\(authority.name)', certificate \(number + 1): \(error)")
                }
            }
            // A certificate counts through its digest only, which the rules' reader puts among the digests.
            for digest in authority.digests { byDigest[digest, default: []].append(index) }
        }
        self.certificates = certificates
        self.byDigest = byDigest
        self.problems = problems
    }

    func isAuthority(_ digest: CertificateDigest) -> Bool { byDigest[digest] != nil }

    func named(by digest: CertificateDigest) -> [TrustedAuthority] {
        byDigest[digest].map { $0.map { all[$0] } } ?? []
    }

    /// Certificates of the authority that this one is of: they may sign lists for each other when they have one name,
    /// as an authority's old and new key do. Those of other authorities never.
    func siblings(of certificate: DecodedCertificate) -> [DecodedCertificate] {
        let digests = Set(named(by: certificate.digest).flatMap(\.digests))
        return digests.compactMap { certificates[$0] }
    }
}
