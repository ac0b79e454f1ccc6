/// The SHA-256 of a certificate's DER bytes: the name by which devices and authorities are registered.
package struct CertificateDigest: Sendable, Hashable, Codable, LosslessStringConvertible {
    /// The bytes in their order, eight in each: in place, since there are some in everything that is kept.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Returns nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ number: Int) -> UInt64 {
            bytes[8 * number..<8 * number + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    /// 32 bytes.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.words == rhs.words }

    /// Half of it: nobody finds many digests that have two words in common.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.3)
    }

    /// Reads 64 hexadecimal digits, with or without a colon between pairs, in either case: what OpenVPN prints
    /// (`tls_digest_sha256_0`) and what `openssl x509 -fingerprint -sha256` prints.
    package init?(_ text: String) {
        var bytes: [UInt8] = []
        var digits = text.utf8[...]
        while let high = digits.popFirst() {
            guard let low = digits.popFirst(), let first = Self.value(high), let second = Self.value(low)
            else { return nil }
            bytes.append(first << 4 | second)
            if digits.first == UInt8(ascii: ":") {
                digits = digits.dropFirst()
                if digits.isEmpty { return nil }
            }
        }
        self.init(bytes: bytes)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = CertificateDigest(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected 64 hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
