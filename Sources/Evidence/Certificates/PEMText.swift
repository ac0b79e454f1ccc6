import Crypto
package import Sessions

/// The text form of a certificate (RFC 7468).
package enum PEMText {
    /// The DER bytes of the one certificate in a text; nil when it holds none, several, or anything else.
    ///
    /// What the bytes mean is not looked at.
    package static func certificate(_ text: String) -> [UInt8]? {
        var lines = text.split(whereSeparator: \.isNewline).map { $0.filter { $0 != " " && $0 != "\t" } }[...]
        guard lines.popFirst() == "-----BEGINCERTIFICATE-----",
            lines.popLast() == "-----ENDCERTIFICATE-----"
        else { return nil }
        guard let bytes = BinaryText.base64.decode(lines.joined().utf8), !bytes.isEmpty else { return nil }
        return bytes
    }
}

extension CertificateDigest {
    /// The digest of a certificate's DER bytes.
    package init(ofCertificate bytes: some Sequence<UInt8>) {
        guard let digest = CertificateDigest(bytes: Array(SHA256.hash(data: Array(bytes)))) else {
            preconditionFailure("a SHA-256 of other than 32 bytes")
        }
        self = digest
    }
}
