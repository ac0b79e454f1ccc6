import PolicyLanguage
import Sessions

extension CoverageReport {
    /// A line for each clause, for spreadsheets (RFC 4180).
    ///
    /// A cell that a spreadsheet would take for a formula gets an apostrophe in front: names come from files.
    package func csv() -> String {
        let header = [
            "clause", "title", "document", "kind", "standing", "rules", "tests", "failing tests",
            "last evidence", "records",
            "out of reach because", "controls",
        ]
        return ([header] + clauses.map(Self.row)).map { row in
            row.map(Self.cell).joined(separator: ",") + "\r\n"
        }.joined()
    }

    private static func row(_ clause: ClauseCoverage) -> [String] {
        let stated = clause.clause
        return [
            stated.id, stated.title, stated.document ?? "", stated.kind.rawValue, clause.standing.rawValue,
            clause.rules.map { "\($0.source.kind) \($0.source.name)" }.joined(separator: "; "),
            clause.tests.map(\.name).joined(separator: "; "),
            clause.tests.filter { !$0.passed }.map(\.name).joined(separator: "; "),
            clause.evidence.map { "\($0.at): \($0.what)" } ?? "not recorded",
            clause.evidence?.count.map { "\($0)" } ?? "", stated.because ?? "",
            stated.controls.joined(separator: " "),
        ]
    }

    private static func cell(_ text: String) -> String {
        let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
        let safe = (isFormula ? "'" : "") + text
        guard safe.contains(where: { ",\"\n\r;".contains($0) || $0 == "\r\n" }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
