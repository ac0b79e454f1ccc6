import Audit
import Sessions

/// What holds for files of the audit record, which anybody may have edited.
enum AuditProperties {
    static func violation(in input: [UInt8]) -> String? {
        recordViolation(input) ?? chainViolation(input) ?? tailViolation(input)
    }

    /// A line that is read is what would be written, byte for byte.
    private static func recordViolation(_ input: [UInt8]) -> String? {
        for line in input.split(separator: 0x0a) {
            guard let record = AuditRecord(line: line) else { continue }
            if !record.line.elementsEqual(line) { return "a line that is otherwise when it is written again" }
            guard let outline = LineOutline(line), outline.number == record.number,
                outline.hash == record.hash, outline.previous == record.previous
            else { return "a record whose outline is another's" }
            if let violation = sheetViolation(record) { return violation }
        }
        return nil
    }

    /// A spreadsheet sees one row with a cell for each column, and no formula.
    private static func sheetViolation(_ record: AuditRecord) -> String? {
        var row: [UInt8] = []
        AuditCSV.write(record.number, record.entry, to: &row)
        guard let cells = cells(row) else { return "a row that is none" }
        let columns = AuditCSV.header.split(separator: ",").count
        if cells.count != columns { return "\(cells.count) cells in \(columns) columns" }
        let isFormula = cells.contains { cell in
            cell.first.map { Array("=+-@\t\r".utf8).contains($0) } ?? false
        }
        return isFormula ? "a formula" : nil
    }

    /// One row by RFC 4180, which ends the bytes; nil for anything else.
    private static func cells(_ row: [UInt8]) -> [[UInt8]]? {
        var cells: [[UInt8]] = [[]]
        var isQuoted = false
        var index = 0
        while index < row.count {
            let byte = row[index]
            let next = index + 1 < row.count ? row[index + 1] : nil
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && next == byte:
                cells[cells.count - 1].append(byte)
                index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: cells.append([])
            case 0x0d where !isQuoted: return next == 0x0a && index + 2 == row.count ? cells : nil
            case 0x0a where !isQuoted: return nil
            default: cells[cells.count - 1].append(byte)
            }
            index += 1
        }
        return nil
    }

    /// A break is named where a line begins. In a file that is whole, any byte that is changed is found in its line.
    private static func chainViolation(_ input: [UInt8]) -> String? {
        var verifier = ChainVerifier()
        let first = input.split(separator: 0x0a, maxSplits: 1).first.flatMap { LineOutline($0)?.number } ?? 1
        if let broken = verifier.read("a", startingAt: first, input) {
            let start = broken.offset
            guard input.isEmpty || start < input.count else { return "a break behind the end" }
            if start > 0, input[start - 1] != 0x0a { return "a break in the middle of a line" }
            let line = input[..<start].count { $0 == 0x0a } + 1
            return broken.line == line ? nil : "a break in line \(broken.line) at a byte of line \(line)"
        }
        if verifier.lines != UInt64(input.count { $0 == 0x0a }) { return "lines that nobody counted" }
        // Chosen by the bytes themselves, so that the same input fails alike.
        let place = input.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xff_ffff } % input.count
        var edited = input
        edited[place] ^= 1 << (place % 8)
        var second = ChainVerifier()
        guard let broken = second.read("a", startingAt: first, edited) else {
            return "an edit that nobody found"
        }
        let line = input[..<place].count { $0 == 0x0a } + 1
        return broken.line == line ? nil : "an edit of line \(line) that was found in line \(broken.line)"
    }

    private static func tailViolation(_ input: [UInt8]) -> String? {
        let tail = ChainTail(input)
        guard tail.goodCount <= input.count else { return "an end behind the end" }
        guard let head = tail.head else {
            return tail.goodCount == 0 ? nil : "good bytes without a record"
        }
        guard tail.goodCount > 0, input[tail.goodCount - 1] == 0x0a else { return "an end in a line" }
        // What is behind it is no record.
        let behind = ChainTail(Array(input[tail.goodCount...]))
        if behind.head != nil { return "a record behind the last one" }
        return ChainTail(Array(input[..<tail.goodCount])).head == head ? nil : "another last record"
    }

    /// Records as the gateway writes them, and with texts that a client could choose.
    static var seeds: [[UInt8]] {
        var entries: [AuditEntry] = []
        for (index, kind) in AuditKind.allCases.enumerated() {
            var entry = AuditEntry(kind, at: Instant(secondsSince1970: 1_795_212_000 + Int64(index)))
            for field in AuditField.allCases[..<(index % AuditField.allCases.count)] {
                switch field.form {
                case .text: entry[field] = "=\(field.rawValue), \"é\u{0}\n\\"
                case .number: entry[number: field] = UInt64(index)
                case .list: entry[list: field] = ["a", ""]
                }
            }
            entry.evidence = [
                AuditFact(kind: "device", what: "id", value: "laptop-0042"),
                AuditFact(kind: "mfa", what: "one-time code", value: "proved", at: "then", until: "later"),
            ]
            entries.append(entry)
        }
        return stride(from: 0, to: entries.count, by: 2).map { start in
            var chain = AuditChain()
            var bytes: [UInt8] = []
            for entry in entries[start..<min(start + 2, entries.count)] { chain.append(entry, to: &bytes) }
            return bytes
        }
    }
}
