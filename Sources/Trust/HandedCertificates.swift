import Certificates
import Evidence
package import Sessions

/// Certificates that VPN servers handed over, by the digest of their bytes.
///
/// Nothing is trusted because it is here: a digest names its bytes and says nothing of who holds the key. Servers hand a
/// certificate over *before* the client has proved that it holds the key, so anybody who has seen many certificates can
/// have many handed over. Those wait in a table of their own until a session that has proved itself names them, so that
/// they push out only one another, never those of live sessions.
package struct HandedCertificates: Sendable {
    package struct Limits: Sendable {
        /// Handed over, and not asked for yet.
        package var waiting = 4096
        package var waitingBytes = 16 << 20
        /// Asked for by sessions.
        package var kept = 1 << 18
        package var keptBytes = 512 << 20

        package init(
            waiting: Int = 4096, waitingBytes: Int = 16 << 20, kept: Int = 1 << 18,
            keptBytes: Int = 512 << 20
        ) {
            self.waiting = waiting
            self.waitingBytes = waitingBytes
            self.kept = kept
            self.keptBytes = keptBytes
        }
    }

    // Bytes, not decoded certificates: those take eight times the memory, and are needed once per session.
    private var waiting: TwoGenerations<CertificateDigest, [UInt8]>
    private var kept: TwoGenerations<CertificateDigest, [UInt8]>

    package init(limits: Limits = Limits()) {
        waiting = TwoGenerations(count: limits.waiting, totalCost: limits.waitingBytes, cost: { $0.count })
        kept = TwoGenerations(count: limits.kept, totalCost: limits.keptBytes, cost: { $0.count })
    }

    package var counts: (waiting: Int, kept: Int) { (waiting.count, kept.count) }

    /// `digest` must be that of `der`; the caller has seen that the bytes are a certificate.
    package mutating func insert(_ der: [UInt8], digest: CertificateDigest) {
        // Asked for again it would be younger, and being handed over again is not being asked for.
        guard !kept.contains(digest) else { return }
        waiting.put(der, for: digest)
    }

    /// For a session that has proved that it holds the leaf's key: from now on the certificate is kept.
    package mutating func ask(for digest: CertificateDigest) -> [UInt8]? {
        if let der = kept.value(for: digest) { return der }
        guard let der = waiting.peek(digest) else { return nil }
        waiting.remove(digest)
        kept.put(der, for: digest)
        return der
    }

    func peek(_ digest: CertificateDigest) -> [UInt8]? { kept.peek(digest) ?? waiting.peek(digest) }
}
