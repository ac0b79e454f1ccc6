internal import Crypto
internal import Foundation
internal import NIOSSL
internal import Sessions
internal import SwiftASN1
internal import X509

/// The certificate by which the other end of a connection proved itself, as far as it matters afterwards.
///
/// The chain, the signatures and the proof of the key are TLS's, at the handshake.
struct PeerCertificate: Sendable, Hashable {
    let digest: CertificateDigest
    let validFrom: Instant
    /// The last instant at which it is valid.
    let validTo: Instant
    /// Whether it says that it is for clients. BoringSSL refuses one that is for something else and lets one pass that
    /// says nothing (RFC 5280 section 4.2.1.12); an authority that makes certificates for devices says it.
    let isForClients: Bool

    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes(),
            let digest = CertificateDigest(bytes: Array(SHA256.hash(data: bytes))),
            let parsed = try? Certificate(derEncoded: bytes)
        else { return nil }
        self.digest = digest
        validFrom = Self.instant(parsed.notValidBefore)
        validTo = Self.instant(parsed.notValidAfter)
        isForClients = (try? parsed.extensions.extendedKeyUsage)?.contains(.clientAuth) ?? false
    }

    /// Why it is not believed at this time; nil when it is. A connection may outlive its certificate, and a resumed
    /// session is not verified anew.
    func objection(at now: Instant) -> String? {
        if !isForClients { return "the certificate is not for clients (no extended key usage clientAuth)" }
        if now < validFrom { return "the certificate is not valid yet" }
        if now > validTo { return "the certificate has expired" }
        return nil
    }

    private static func instant(_ date: Date) -> Instant {
        // RFC 5280 certificates end in 9999, an instant in 2262.
        let seconds = date.timeIntervalSince1970.rounded(.down)
        return Instant(secondsSince1970: Int64(min(max(seconds, -9e9), 9e18 / 1e9)))
    }
}
