/// Findings for people: one table, what is worst first, and under each that is not well why it matters and what to do.
package enum FindingText {
    /// - Parameter isColoured: For a terminal.
    package static func render(_ findings: [Finding], isColoured: Bool = false) -> String {
        let sorted = Finding.Level.allCases.flatMap { level in findings.filter { $0.level == level } }
        let header = ["STATE", "CHECK", "OF", "FINDING"]
        let rows = sorted.map { finding in
            [
                finding.level.words, finding.check.rawValue, plain(finding.subject ?? "-"),
                plain(finding.says),
            ]
        }
        let widths = header.indices.map { column in
            column == header.count - 1 ? 0 : ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        let line = { (cells: [String], code: String?) in
            cells.enumerated().map { column, text in
                let space = String(repeating: " ", count: max(0, widths[column] - text.count))
                let shown = column == 0 && isColoured ? code.map { "\u{1B}[\($0)m\(text)\u{1B}[0m" } : nil
                return (shown ?? text) + space
            }.joined(separator: "  ")
        }
        var lines = [line(header, nil)]
        for (finding, row) in zip(sorted, rows) {
            lines.append(line(row, finding.level.colour))
            lines += notes(finding)
        }
        return (lines + ["", summary(findings)]).joined(separator: "\n")
    }

    private static func notes(_ finding: Finding) -> [String] {
        [("why", finding.why), ("do", finding.remedy)].compactMap { title, text in
            text.map { "    \(title + String(repeating: " ", count: 3 - title.count))  \(plain($0))" }
        }
    }

    /// `2 problems, 1 warning, nothing not known, 14 well`
    private static func summary(_ findings: [Finding]) -> String {
        let count = { (level: Finding.Level) in findings.count { $0.level == level } }
        let (problems, warnings) = (count(.problem), count(.warning))
        return [
            problems == 0 ? "no problem" : problems == 1 ? "1 problem" : "\(problems) problems",
            warnings == 0 ? "no warning" : warnings == 1 ? "1 warning" : "\(warnings) warnings",
            "\(count(.unknown)) not known", "\(count(.ok)) ok",
        ].joined(separator: ", ")
    }

    /// Names of tables and interfaces are other programs' words: nothing of them may move the cursor.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: "?"
                    default: scalar
                    }
                }))
    }
}

extension Finding.Level {
    /// Of ANSI terminals.
    fileprivate var colour: String {
        switch self {
        case .problem: "1;31"
        case .warning: "33"
        case .unknown: "36"
        case .ok: "32"
        }
    }
}
