import Classification
import PolicyLanguage
import Sessions

/// The report as one page that needs nothing else: what an auditor takes away, on paper or on a screen.
///
/// No scripts, and nothing from elsewhere: a policy in the page itself says so to browsers, should a name from a file
/// ever get through unescaped.
package struct CoveragePage {
    let report: CoverageReport

    /// Identifiers of clauses are free text; those of a page's parts are not.
    private let anchors: [String: String]

    package init(_ report: CoverageReport) {
        self.report = report
        let numbered = report.clauses.enumerated().map { ($1.clause.id, "clause-\($0 + 1)") }
        anchors = Dictionary(numbered) { first, _ in first }
    }

    package var text: String { page.text }

    private var page: Markup {
        """
        <!DOCTYPE html>
        <html lang="en-GB">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Policy coverage: \(report.pack.name)</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(header)
        <main>
        \(sections.joined())
        </main>
        </body>
        </html>

        """
    }

    private var sections: [Markup] {
        [summary, gaps, clauses, outOfReach, controls, tests, files].filter { !$0.text.isEmpty }
    }

    // MARK: What it is about

    private var header: Markup {
        let pack = report.pack
        let about: Markup = report.about.isEmpty ? "" : "<p class=\"about\">\(report.about)</p>\n"
        return """
            <header>
            <p class="kind">Policy coverage</p>
            <h1>\(pack.name)</h1>
            \(about)<dl>
            <div><dt>As of</dt><dd>\(time(pack.at))</dd></div>
            <div><dt>Policy review due by</dt><dd>\(review)</dd></div>
            <div><dt>Tests of the pack</dt><dd>\(testCount)</dd></div>
            <div class="wide"><dt>SHA-256 of the pack’s files</dt><dd><code>\(pack.digest.whole)</code></dd></div>
            </dl>
            </header>
            """
    }

    private var review: Markup {
        guard let date = report.reviewBy else { return "not stated" }
        let overdue: Markup = report.isReviewOverdue ? " <strong class=\"bad\">overdue</strong>" : ""
        return "<time datetime=\"\(date.description)\">\(date.description)</time>\(overdue)"
    }

    private var testCount: Markup {
        let (all, failed) = (report.tests.results.count, report.tests.failed.count)
        if all == 0 { return "none" }
        return failed == 0
            ? "\(all) of \(all) pass"
            : "\(all - failed) of \(all) pass, <strong class=\"bad\">\(failed) fail</strong>"
    }

    func time(_ instant: Instant) -> Markup {
        let text = instant.description
        let day = String(text.prefix(10))
        let clock = String(text.dropFirst(11).prefix(5))
        return "<time datetime=\"\(text)\">\(day) \(clock) UTC</time>"
    }

    // MARK: What it comes to

    private var summary: Markup {
        let (covered, inReach) = (report.covered.count, report.inReach.count)
        let far = report.outOfReach.count
        let rest: Markup =
            far == 0 ? "" : " \(far) more \(far == 1 ? "is" : "are") out of a gateway’s reach."
        let list: Markup =
            report.hasList
            ? ""
            : """
            <p class="notice">The pack has no list of clauses (clauses.yaml): below are those that it cites. \
            Which ones are missing cannot be told.</p>

            """
        return """
            <section aria-labelledby="summary">
            <h2 id="summary">Summary</h2>
            <p class="figure"><span class="share">\(report.percent) %</span> \(covered) of \(inReach) \
            clauses within reach are cited by a rule and by a test that passes.\(rest)</p>
            <div class="bar" role="img" aria-label="\(report.percent) per cent covered">\
            <span style="width: \(report.percent)%"></span></div>
            \(list)\(standings)
            </section>
            """
    }

    /// How many clauses stand how.
    private var standings: Markup {
        let rows = ClauseCoverage.Standing.allCases.compactMap { standing -> Markup? in
            let count = report.clauses.count { $0.standing == standing }
            return count == 0 ? nil : "<li>\(mark(standing)) <b>\(count)</b></li>"
        }
        return rows.isEmpty ? .nothing : "<ul class=\"standings\">\n\(rows.joined())\n</ul>"
    }

    func mark(_ standing: ClauseCoverage.Standing) -> Markup {
        "<span class=\"standing \(kind(of: standing))\">\(standing.rawValue)</span>"
    }

    private func kind(of standing: ClauseCoverage.Standing) -> String {
        switch standing {
        case .covered: "good"
        case .outOfReach: "far"
        case .testFails, .noTest, .noRule, .nothing: "bad"
        }
    }

    private var gaps: Markup {
        let uncited = list("Cited by no rule or setting", report.uncited)
        let untested = list("Cited by no test", report.untested)
        let failing = list("Cited by a test that fails", report.inReach.filter { $0.standing == .testFails })
        let parts = [uncited, untested, failing].filter { !$0.text.isEmpty }
        return """
            <section aria-labelledby="gaps">
            <h2 id="gaps">Gaps</h2>
            \(parts.isEmpty ? noGaps : parts.joined())
            </section>
            """
    }

    private var noGaps: Markup {
        report.inReach.isEmpty
            ? "<p>There is no clause within reach.</p>"
            : "<p>None: every clause within reach is cited by a rule and by a test that passes.</p>"
    }

    private func list(_ title: String, _ clauses: [ClauseCoverage]) -> Markup {
        guard !clauses.isEmpty else { return .nothing }
        let items = clauses.map { clause -> Markup in
            let title: Markup = clause.clause.title.isEmpty ? "" : ": \(clause.clause.title)"
            return "<li><a href=\"#\(anchor(clause))\">\(clause.clause.id)</a>\(title)</li>"
        }
        return "<h3>\(title)</h3>\n<ul>\n\(items.joined())\n</ul>"
    }

    func anchor(_ clause: ClauseCoverage) -> String { anchors[clause.clause.id] ?? "" }
}
