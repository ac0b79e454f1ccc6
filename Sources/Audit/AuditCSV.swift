/// Records for spreadsheets (RFC 4180): a column for each field.
package enum AuditCSV {
    package static var header: String {
        let fields = AuditField.allCases.map(\.rawValue)
        return (["number", "at", "kind"] + fields + ["evidence"]).joined(separator: ",") + "\r\n"
    }

    package static func write(_ number: UInt64, _ entry: AuditEntry, to bytes: inout [UInt8]) {
        bytes += String(number).utf8
        bytes.append(comma)
        LineWriter.write(entry.at, to: &bytes)
        bytes.append(comma)
        bytes += entry.kind.rawValue.utf8
        var values = entry.values[...]
        for field in AuditField.allCases {
            bytes.append(comma)
            guard let value = values.first, value.field == field else { continue }
            values.removeFirst()
            switch value.content {
            case .text(let text): write(cell: text, to: &bytes)
            case .number(let number): bytes += String(number).utf8
            case .list(let list): write(cell: list.joined(separator: "; "), to: &bytes)
            }
        }
        bytes.append(comma)
        write(cell: entry.evidence.map(text).joined(separator: "; "), to: &bytes)
        bytes += "\r\n".utf8
    }

    private static func text(_ fact: AuditFact) -> String {
        let at = fact.at.map { " at \($0)" } ?? ""
        let until = fact.until.map { " until \($0)" } ?? ""
        return "\(fact.kind) \(fact.what)=\(fact.value)\(at)\(until)"
    }

    /// A cell that a spreadsheet would take for a formula gets an apostrophe in front: clients choose names.
    private static func write(cell text: String, to bytes: inout [UInt8]) {
        guard let first = text.utf8.first else { return }
        let isFormula = beginsFormula(first)
        guard isFormula || text.utf8.contains(where: isSpecial) else {
            bytes += text.utf8
            return
        }
        bytes.append(quote)
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }

    static func beginsFormula(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"),
            UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            true
        default: false
        }
    }

    /// What makes quotation marks necessary; for some spreadsheets a semicolon does.
    static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case comma, quote, UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ";"): true
        default: false
        }
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
}
