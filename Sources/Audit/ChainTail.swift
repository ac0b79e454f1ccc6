/// The end of a file of records, as it is found after whatever happened to its writer.
package struct ChainTail: Sendable, Hashable {
    /// The last record whose line is whole and has its hash; nil when there is none.
    package let head: AuditHead?
    /// As it is written; empty where there is none.
    package let at: String
    /// Up to and with that line; what follows is half a line, or worse.
    package let goodCount: Int

    /// Cost: that of the lines behind the last good one.
    package init(_ bytes: [UInt8]) {
        var end = bytes.lastIndex(of: LineForm.lineFeed)
        while let found = end {
            let before = bytes[..<found].lastIndex(of: LineForm.lineFeed)
            let line = bytes[(before.map { $0 + 1 } ?? 0)..<found]
            if let outline = LineOutline(line),
                AuditHash(of: line.dropLast(LineForm.tailCount)) == outline.hash
            {
                head = AuditHead(number: outline.number, hash: outline.hash)
                at = String(decoding: outline.at, as: UTF8.self)
                goodCount = found + 1
                return
            }
            end = before
        }
        (head, at, goodCount) = (nil, "", 0)
    }
}

/// Names of files of a record, which sort as their records do: `audit-000000000042.jsonl` begins with record 42.
package enum SegmentName {
    package static func text(_ number: UInt64) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 12 - digits.count)) + digits + suffix
    }

    /// Nil for a name that no file of a record has.
    package static func number(_ name: some StringProtocol) -> UInt64? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix),
            let number = UInt64(name.dropFirst(prefix.count).dropLast(suffix.count)), text(number) == name
        else { return nil }
        return number
    }

    private static let prefix = "audit-"
    private static let suffix = ".jsonl"
}
