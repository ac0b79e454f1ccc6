import Classification
import PolicyLanguage
import Sessions

/// What the tests try, and of which files all this is.
extension CoveragePage {
    var tests: Markup {
        let tests = report.tests
        let classes = tests.classes.count - tests.untriedClasses.count
        let conditions = tests.conditions.count - tests.untriedConditions.count
        let grants = tests.grants.count - tests.untriedGrants.count
        let parts = [
            failures, untriedClasses, untriedConditions, untriedGrants, untriedSettings, withoutClause,
        ]
        return """
            <section aria-labelledby="tests">
            <h2 id="tests">What the tests try</h2>
            <p>Some test ends in \(classes) of \(tests.classes.count) classes. \
            \(conditions) of \(tests.conditions.count) conditions were seen both to hold and to fail. \
            \(grants) of \(tests.grants.count) grants are reached by one test and refused to another.</p>
            \(parts.filter { !$0.text.isEmpty }.joined())
            </section>
            """
    }

    private var failures: Markup {
        guard !report.tests.failed.isEmpty else { return .nothing }
        let items = report.tests.failed.map { test -> Markup in
            let why = test.failures.joined(separator: "; ")
            return "<li>\(test.name): \(why) <span class=\"place\">\(test.location.lineText)</span></li>"
        }
        return "<h3>Tests that fail</h3>\n<ul>\n\(items.joined())\n</ul>"
    }

    private var untriedClasses: Markup {
        guard !report.tests.untriedClasses.isEmpty else { return .nothing }
        let items = report.tests.untriedClasses.map { policyClass -> Markup in
            "<li>\(policyClass.name) <span class=\"place\">\(policyClass.location.lineText)</span></li>"
        }
        return "<h3>Classes that no test ends in</h3>\n<ul>\n\(items.joined())\n</ul>"
    }

    private var untriedConditions: Markup {
        guard !report.tests.untriedConditions.isEmpty else { return .nothing }
        let rows = report.tests.untriedConditions.map { condition -> Markup in
            """
            <tr>
            <th scope="row">\(condition.owner)</th>
            <td>\(condition.text) <span class="place">\(condition.location.lineText)</span></td>
            <td>\(seen(condition.held))</td>
            <td>\(seen(condition.failed))</td>
            </tr>
            """
        }
        return """
            <h3>Conditions that no test tries both ways</h3>
            <table>
            <caption>How many tests saw the condition hold, and how many saw it fail</caption>
            <colgroup><col class="half"><col><col class="narrow"><col class="narrow"></colgroup>
            \(Self.head(["Of", "Condition", "Holds", "Fails"]))
            <tbody>
            \(rows.joined())
            </tbody>
            </table>
            """
    }

    private var untriedGrants: Markup {
        guard !report.tests.untriedGrants.isEmpty else { return .nothing }
        let rows = report.tests.untriedGrants.map { grant -> Markup in
            """
            <tr>
            <th scope="row">\(grant.policyClass)</th>
            <td>\(grant.system)</td>
            <td>\(seen(grant.reached))</td>
            <td>\(seen(grant.refused))</td>
            </tr>
            """
        }
        return """
            <h3>Grants that no test tries both ways</h3>
            <table>
            <caption>How many tests of the class reach the system, and how many tests are refused it</caption>
            <colgroup><col class="half"><col><col class="narrow"><col class="narrow"></colgroup>
            \(Self.head(["Class", "System", "Reached", "Refused"]))
            <tbody>
            \(rows.joined())
            </tbody>
            </table>
            """
    }

    private var untriedSettings: Markup {
        guard !report.tests.untriedSettings.isEmpty else { return .nothing }
        let items = report.tests.untriedSettings.map { setting -> Markup in
            "<li>\(setting.setting.rawValue)</li>"
        }
        return "<h3>Settings that no test looks at</h3>\n<ul>\n\(items.joined())\n</ul>"
    }

    private func seen(_ count: Int) -> Markup {
        count == 0 ? "<span class=\"bad\">never</span>" : "\(count)"
    }

    private var withoutClause: Markup {
        guard !report.tests.withoutClause.isEmpty else { return .nothing }
        let items = report.tests.withoutClause.map { name -> Markup in "<li>\(name)</li>" }
        return "<h3>Tests that cite no clause</h3>\n<ul>\n\(items.joined())\n</ul>"
    }

    var files: Markup {
        let rows = report.pack.digest.files.map { file -> Markup in
            "<tr>\n<th scope=\"row\">\(file.path)</th>\n<td><code>\(file.digest)</code></td>\n</tr>"
        }
        return """
            <section aria-labelledby="files">
            <h2 id="files">Files</h2>
            <p>The digest of the pack is that of the list below, as <code>sha256sum</code> prints it for \
            these files in this order.</p>
            <table class="files">
            <caption>SHA-256 of each file of the pack</caption>
            <colgroup><col class="half"><col></colgroup>
            \(Self.head(["File", "SHA-256"]))
            <tbody>
            \(rows.joined())
            </tbody>
            </table>
            </section>
            """
    }
}
