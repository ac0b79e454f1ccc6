import Crypto
import Foundation

/// Signatures by Standard Webhooks (standardwebhooks.com): HMAC-SHA-256 over `id.timestamp.body`.
package struct WebhookSecret: Sendable {
    /// One, or two while one takes the other's place.
    private let keys: [SymmetricKey]

    /// Reads `whsec_` and base64 of 24 to 64 bytes; a second line is the secret that is to come, or to go. Nil for anything
    /// else: a text of another form is more often a mistake than a secret.
    package init?(file: [UInt8]) {
        let lines = String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline)
        let keys = lines.compactMap { line -> SymmetricKey? in
            guard line.hasPrefix(Self.mark), let bytes = Data(base64Encoded: String(line.dropFirst(6))),
                (24...64).contains(bytes.count)
            else { return nil }
            return SymmetricKey(data: bytes)
        }
        guard (1...2).contains(lines.count), keys.count == lines.count else { return nil }
        self.keys = keys
    }

    package static let expected = "'whsec_' and 24 to 64 bytes in base64, on one line or two"
    private static let mark = "whsec_"

    /// The value of the header `webhook-signature`.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let content = Array("\(id).\(timestamp).".utf8) + body
        return keys.map { key in
            "v1," + Data(HMAC<SHA256>.authenticationCode(for: content, using: key)).base64EncodedString()
        }.joined(separator: " ")
    }
}
