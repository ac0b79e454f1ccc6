import Audit

/// A row as it is described (RFC 4180), cell by cell: what the fast one is held against.
enum PlainCSV {
    static func row(_ number: UInt64, _ entry: AuditEntry) -> String {
        let cells = AuditField.allCases.map { field in
            switch entry.values.first(where: { $0.field == field })?.content {
            case .text(let text)?: cell(text)
            case .number(let number)?: "\(number)"
            case .list(let list)?: cell(list.joined(separator: "; "))
            case nil: ""
            }
        }
        let evidence = cell(entry.evidence.map(words).joined(separator: "; "))
        return (["\(number)", entry.at.auditText, entry.kind.rawValue] + cells + [evidence])
            .joined(separator: ",") + "\r\n"
    }

    private static func words(_ fact: AuditFact) -> String {
        let at = fact.at.map { " at \($0)" } ?? ""
        return "\(fact.kind) \(fact.what)=\(fact.value)\(at)" + (fact.until.map { " until \($0)" } ?? "")
    }

    private static func cell(_ text: String) -> String {
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let isQuoted = isFormula || text.utf8.contains { ",\"\n\r;".utf8.contains($0) }
        guard isQuoted else { return text }
        let doubled = text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"" + (isFormula ? "'" : "") + doubled + "\""
    }
}
