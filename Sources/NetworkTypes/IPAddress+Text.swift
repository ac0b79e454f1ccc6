extension IPAddress: LosslessStringConvertible {
    /// Reads the text forms of RFC 4291 section 2.2 and the dotted quad.
    ///
    /// Strict: no zone, no leading zeros in a quad (some readers take them for octal), no surrounding space.
    package init?(_ text: String) {
        self.init(utf8: Array(text.utf8))
    }

    private init?(utf8 text: [UInt8]) {
        if text.contains(UInt8(ascii: ":")) {
            guard let bits = Self.ipv6Bits(text) else { return nil }
            self.init(ipv6: bits)
        } else {
            guard let bits = Self.ipv4Bits(text[...]) else { return nil }
            self.init(ipv4: bits)
        }
    }

    /// The canonical text: a dotted quad, or RFC 5952 for IPv6.
    ///
    /// An IPv4-mapped address ends in a quad (RFC 5952 section 5), as the kernel's tools print it. It still
    /// reads back as IPv6.
    package var description: String {
        switch family {
        case .ipv4: bytes.map(String.init).joined(separator: ".")
        case .ipv6: ipv6Description
        }
    }

    private static func ipv4Bits(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let octet = decimalOctet(part) else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        return bits
    }

    private static func decimalOctet(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard (1...3).contains(digits.count),
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        if digits.count > 1, digits.first == UInt8(ascii: "0") { return nil }
        return UInt8(exactly: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
    }

    private static func ipv6Bits(_ text: [UInt8]) -> UInt128? {
        guard let gap = firstGap(text) else {
            guard let words = words(text[...], quadMayEnd: true), words.count == 8 else { return nil }
            return joined(words)
        }
        // A quad is the last 32 bits of the whole address, so never what stands before a "::".
        guard let head = words(text[..<gap], quadMayEnd: false),
            let tail = words(text[(gap + 2)...], quadMayEnd: true)
        else { return nil }
        // "::" stands for at least one group (RFC 5952 section 4.2.2 for writing; every reader agrees).
        guard head.count + tail.count < 8 else { return nil }
        return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func firstGap(_ text: [UInt8]) -> Int? {
        let colon = UInt8(ascii: ":")
        return text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
    }

    private static func joined(_ words: [UInt16]) -> UInt128 {
        words.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// Groups of one side of a "::". Nil when malformed, empty when the text is.
    private static func words(_ text: ArraySlice<UInt8>, quadMayEnd: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var words: [UInt16] = []
        let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, group) in groups.enumerated() {
            if quadMayEnd, index == groups.count - 1, group.contains(UInt8(ascii: ".")) {
                guard let quad = ipv4Bits(group) else { return nil }
                words += [UInt16(quad >> 16), UInt16(truncatingIfNeeded: quad)]
            } else {
                guard let word = hexWord(group) else { return nil }
                words.append(word)
            }
        }
        return words
    }

    private static func hexWord(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        var word: UInt16 = 0
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            word = word << 4 | UInt16(value)
        }
        return word
    }

    private var ipv6Description: String {
        let words = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        if words[..<5].allSatisfy({ $0 == 0 }), words[5] == 0xffff {
            return "::ffff:\(IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)))"
        }
        let text = { (slice: ArraySlice<UInt16>) in slice.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard let gap = Self.longestZeroRun(words) else { return text(words[...]) }
        return text(words[..<gap.lowerBound]) + "::" + text(words[gap.upperBound...])
    }

    /// The first of the longest runs of at least two zero groups (RFC 5952 section 4.2.3).
    private static func longestZeroRun(_ words: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < words.count {
            var end = start
            while end < words.count, words[end] == 0 { end += 1 }
            if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}
