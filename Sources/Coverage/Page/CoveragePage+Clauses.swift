import PolicyLanguage
import Sessions

/// Clause by clause.
extension CoveragePage {
    var clauses: Markup {
        guard !report.inReach.isEmpty else { return .nothing }
        let head = Self.head(["Clause", "Rules and settings", "Tests", "Last evidence", "Standing"])
        return """
            <section aria-labelledby="clauses" class="own-page">
            <h2 id="clauses">Clause by clause</h2>
            <div class="scroll" role="region" aria-labelledby="clauses" tabindex="0">
            <table>
            <caption>Each clause within reach, what cites it, and how it stands</caption>
            <colgroup><col class="c1"><col class="c2"><col class="c3"><col class="c4"><col class="c5"></colgroup>
            \(head)
            <tbody>
            \(report.inReach.map(row).joined())
            </tbody>
            </table>
            </div>
            </section>
            """
    }

    private func row(_ clause: ClauseCoverage) -> Markup {
        let evidence: Markup =
            clause.evidence.map { mention in
                let count: Markup =
                    mention.count.map { "<br><span class=\"place\">\($0) records</span>" } ?? ""
                return "\(time(mention.at))<br>\(mention.what)\(count)"
            }
            ?? "<span class=\"none\">not recorded</span>"
        return """
            <tr id="\(anchor(clause))">
            <th scope="row">\(naming(clause))</th>
            <td>\(items(clause.rules.map(item)))</td>
            <td>\(items(clause.tests.map(item)))</td>
            <td>\(evidence)</td>
            <td>\(mark(clause.standing))</td>
            </tr>
            """
    }

    private func naming(_ clause: ClauseCoverage) -> Markup {
        let stated = clause.clause
        var lines: [Markup] = ["<span class=\"id\">\(stated.id)</span>"]
        if !stated.title.isEmpty { lines.append("<span class=\"title\">\(stated.title)</span>") }
        if let document = stated.document { lines.append("<span class=\"place\">\(document)</span>") }
        if !clause.isListed { lines.append("<span class=\"place\">not in the list of clauses</span>") }
        if stated.kind == .recorded { lines.append("<span class=\"place\">evidence is kept for it</span>") }
        if !stated.controls.isEmpty {
            lines.append("<span class=\"place\">ISO 27001: \(stated.controls.joined(separator: ", "))</span>")
        }
        return lines.joined(" ")
    }

    private func items(_ items: [Markup]) -> Markup {
        items.isEmpty ? "<span class=\"none\">none</span>" : "<ul>\n\(items.joined())\n</ul>"
    }

    private func item(_ rule: Citation) -> Markup {
        "<li>\(rule.source.kind) \(rule.source.name) <span class=\"place\">\(rule.location.lineText)</span></li>"
    }

    private func item(_ test: CitingTest) -> Markup {
        let fails: Markup = test.passed ? "" : " <strong class=\"bad\">fails</strong>"
        return "<li>\(test.name)\(fails) <span class=\"place\">\(test.location.lineText)</span></li>"
    }

    var outOfReach: Markup {
        guard !report.outOfReach.isEmpty else { return .nothing }
        let rows = report.outOfReach.map { clause -> Markup in
            """
            <tr id="\(anchor(clause))">
            <th scope="row">\(naming(clause))</th>
            <td>\(clause.clause.because ?? "")</td>
            </tr>
            """
        }
        return """
            <section aria-labelledby="far">
            <h2 id="far">Out of reach</h2>
            <table>
            <caption>Clauses that nothing a gateway does can serve, and why</caption>
            <colgroup><col class="half"><col></colgroup>
            \(Self.head(["Clause", "Why"]))
            <tbody>
            \(rows.joined())
            </tbody>
            </table>
            </section>
            """
    }

    var controls: Markup {
        guard !report.controls.isEmpty else { return .nothing }
        let rows = report.controls.map { control -> Markup in
            let clauses = control.clauses.map { clause -> Markup in
                "<a href=\"#\(anchor(clause))\">\(clause.clause.id)</a>"
            }
            return """
                <tr>
                <th scope="row">\(control.control)</th>
                <td>\(clauses.joined(", "))</td>
                <td>\(control.standing)</td>
                </tr>
                """
        }
        return """
            <section aria-labelledby="controls">
            <h2 id="controls">ISO/IEC 27001:2022, Annex A</h2>
            <table>
            <caption>Controls that the pack says its clauses serve</caption>
            <colgroup><col class="narrow"><col><col class="narrow"></colgroup>
            \(Self.head(["Control", "Clauses", "Standing"]))
            <tbody>
            \(rows.joined())
            </tbody>
            </table>
            </section>
            """
    }

    static func head(_ columns: [String]) -> Markup {
        let cells = columns.map { column -> Markup in "<th scope=\"col\">\(column)</th>" }
        return "<thead>\n<tr>\n\(cells.joined())\n</tr>\n</thead>"
    }
}

extension SourceLocation {
    /// Without the column: nobody counts them on paper.
    var lineText: String { "\(file):\(line)" }
}
