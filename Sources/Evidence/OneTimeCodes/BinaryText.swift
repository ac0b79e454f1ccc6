/// The text encodings of RFC 4648 that evidence arrives in. Strict, since what is accepted twice can be forged once:
/// the bits left over in the last digit must be zero.
package enum BinaryText {
    /// 5 bits a digit, either case; padding may be left out, as authenticator apps do.
    case base32
    /// 6 bits a digit; padding may be left out.
    case base64

    /// - Parameter isPadded: whether `=` fills the last group, as RFC 4648 has it. Authenticator apps want none.
    package func encode(_ bytes: some Collection<UInt8>, isPadded: Bool = true) -> [UInt8] {
        let alphabet = alphabet
        var digits: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= width {
                bits -= width
                digits.append(alphabet[Int(buffer >> bits)])
                buffer &= 1 << bits - 1
            }
        }
        if bits > 0 { digits.append(alphabet[Int(buffer << (width - bits))]) }
        while isPadded, !digits.count.isMultiple(of: group) { digits.append(UInt8(ascii: "=")) }
        return digits
    }

    /// Returns nil when a digit is not of the alphabet, the padding is wrong, or bits are left over.
    package func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard let digits = withoutPadding(text) else { return nil }
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            buffer = buffer << width | value
            bits += width
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            buffer &= 1 << bits - 1
        }
        return bits < width && buffer == 0 ? bytes : nil
    }

    private var width: UInt32 { self == .base32 ? 5 : 6 }

    private var alphabet: [UInt8] {
        let text =
            switch self {
            case .base32: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            case .base64: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            }
        return Array(text.utf8)
    }

    /// Digits in a full group; a padded text is a whole number of groups.
    private var group: Int { self == .base32 ? 8 : 4 }

    private func withoutPadding(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = Array(text.prefix { $0 != UInt8(ascii: "=") })
        let padding = text.count - digits.count
        guard text.dropFirst(digits.count).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        return padding == 0 || (padding < group && text.count.isMultiple(of: group)) ? digits : nil
    }

    private func value(of digit: UInt8) -> UInt32? {
        let letter = digit | 0x20
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
        switch (self, digit) {
        case (.base32, _) where isLetter: return UInt32(letter - UInt8(ascii: "a"))
        case (.base32, UInt8(ascii: "2")...UInt8(ascii: "7")): return UInt32(digit - UInt8(ascii: "2")) + 26
        case (.base64, _) where isLetter:
            return UInt32(letter - UInt8(ascii: "a")) + (digit == letter ? 26 : 0)
        case (.base64, UInt8(ascii: "0")...UInt8(ascii: "9")): return UInt32(digit - UInt8(ascii: "0")) + 52
        case (.base64, UInt8(ascii: "+")): return 62
        case (.base64, UInt8(ascii: "/")): return 63
        default: return nil
        }
    }
}
