import Crypto
import Foundation

/// A person's one-time-code generator (RFC 6238): SHA-1, six digits, a new code every 30 seconds, as authenticator
/// applications make them. The lab's own, so that a mistake in the daemon's reading of the RFC shows.
package struct OneTimeCode: Sendable {
    private let seed: [UInt8]

    package init(seed: [UInt8]) { self.seed = seed }

    /// A seed of 160 random bits, as RFC 4226 section 4 recommends.
    package static func random() -> Self { Self(seed: (0..<20).map { _ in UInt8.random(in: .min ... .max) }) }

    /// The seed as authenticator applications and seed files write it (RFC 4648 section 6; no padding needed at 160
    /// bits).
    package var base32: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (text, pending, width) = ("", 0, 0)
        for byte in seed {
            (pending, width) = (pending << 8 | Int(byte), width + 8)
            while width >= 5 {
                width -= 5
                text.append(alphabet[pending >> width & 31])
            }
            pending &= (1 << width) - 1
        }
        if width > 0 { text.append(alphabet[pending << (5 - width) & 31]) }
        return text
    }

    /// A seed as the daemon shows it to an authenticator. Nil for other letters.
    package init?(base32 text: String) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (seed, pending, width): ([UInt8], Int, Int) = ([], 0, 0)
        for letter in text {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            (pending, width) = (pending << 5 | value, width + 5)
            if width >= 8 {
                width -= 8
                seed.append(UInt8(pending >> width & 0xff))
                pending &= (1 << width) - 1
            }
        }
        self.init(seed: seed)
    }

    /// The code that is valid at `seconds` since 1970.
    package func code(at seconds: UInt64, digits: Int = 6) -> String {
        let counter = (seconds / 30).bigEndian
        let message = unsafe withUnsafeBytes(of: counter) { unsafe Data($0) }
        let mac = Array(HMAC<Insecure.SHA1>.authenticationCode(for: message, using: SymmetricKey(data: seed)))
        let start = Int(mac[19] & 15)
        let number = mac[start..<(start + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt32(1)) { product, _ in product * 10 }
        let text = String(number % modulus)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
