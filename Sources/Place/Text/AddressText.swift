/// Addresses in the lines of a database, half a million of them: read in place, without making strings or arrays.
enum AddressText {
    /// A decimal number of at most 32 bits.
    static func integer(_ text: ArraySlice<UInt8>) -> UInt32? {
        guard (1...10).contains(text.count) else { return nil }
        var value: UInt64 = 0
        for digit in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        return UInt32(exactly: value)
    }

    /// An IPv6 address in groups of hexadecimal digits, without a dotted quad (RFC 4291 section 2.2, forms 1 and 2).
    static func ipv6(_ text: ArraySlice<UInt8>) -> UInt128? {
        var bits: UInt128 = 0
        var groups = 0
        var groupsBeforeGap: Int?
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == colon {
                // Between groups one colon, and two once, wherever they stand.
                let isDouble = index + 1 < text.endIndex && text[index + 1] == colon
                if isDouble {
                    guard groupsBeforeGap == nil else { return nil }
                    groupsBeforeGap = groups
                    index += 2
                    continue
                }
                guard index > text.startIndex, text[index - 1] != colon, index + 1 < text.endIndex else {
                    return nil
                }
                index += 1
                continue
            }
            var group: UInt16 = 0
            let start = index
            while index < text.endIndex, let digit = hexadecimal(text[index]) {
                guard index - start < 4 else { return nil }
                group = group << 4 | UInt16(digit)
                index += 1
            }
            guard index > start, groups < 8, index == text.endIndex || text[index] == colon else {
                return nil
            }
            bits = bits << 16 | UInt128(group)
            groups += 1
        }
        guard let groupsBeforeGap else { return groups == 8 ? bits : nil }
        guard groups < 8 else { return nil }
        let after = UInt128(groups - groupsBeforeGap) * 16
        let tail = bits & ((1 << after) - 1)
        // A shift by the whole width is zero, as it must be when nothing stands before the gap.
        return (bits >> after) << UInt128((8 - groupsBeforeGap) * 16) | tail
    }

    private static let colon = UInt8(ascii: ":")

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
