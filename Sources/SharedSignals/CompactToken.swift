/// A signed token in compact form (RFC 7515 section 3.1), split and decoded; nothing in it is believed yet.
struct CompactToken: Sendable {
    let header: [UInt8]
    let claims: [UInt8]
    let signature: [UInt8]
    /// What was signed: header and claims as they were sent.
    let signed: [UInt8]

    /// More than any event that is known needs; decoding and checking one costs well below a millisecond.
    static let limit = 65_536

    init(_ bytes: [UInt8]) throws(TokenProblem) {
        guard bytes.count <= Self.limit else { throw .tooLarge }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decoded(parts[0]),
            let claims = Base64URL.decoded(parts[1]), let signature = Base64URL.decoded(parts[2])
        else { throw .notCompact }
        self.header = header
        self.claims = claims
        self.signature = signature
        signed = Array(bytes[..<parts[1].endIndex])
    }
}

/// RFC 4648 section 5 without padding, and strict: each text has one reading, and each reading one text.
enum Base64URL {
    /// Nil for any other byte, for a length that no bytes have, and for bits at the end that stand for nothing.
    static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            guard let value = value(byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        return bits == 0 ? result : nil
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
