import Evidence
import PolicyLanguage
import RegisterImport

/// What holds for exports of other systems, and for the mappings that say how to read them.
///
/// An input is a mapping and a table, with a line `===` between them; a table alone has the register's own names, of the
/// register that its first byte says.
enum ImportProperties {
    static func violation(in input: [UInt8]) -> String? {
        let mapping: ImportMapping
        let table: [UInt8]
        if let separator = input.firstRange(of: Array("\n===\n".utf8)) {
            let text = String(decoding: input[..<separator.lowerBound], as: UTF8.self)
            let log = DiagnosticLog()
            let read = ImportMapping.read(path: "mapping.yaml", text: text, log: log)
            if (read == nil) != log.hasErrors { return "a mapping with errors, or neither mapping nor error" }
            guard let read else { return nil }
            mapping = read
            table = Array(input[separator.upperBound...])
        } else {
            guard let first = input.first else { return nil }
            let kinds = RegisterKind.allCases
            mapping = ImportMapping(ownNamesOf: kinds[Int(first) % kinds.count])
            table = Array(input.dropFirst())
        }
        return violation(mapping, table)
    }

    private static func violation(_ mapping: ImportMapping, _ table: [UInt8]) -> String? {
        let report: ImportReport
        do throws(ImportRefusal) {
            report = try ImportReport.read(table, file: "table.csv", mapping: mapping)
        } catch {
            return error.diagnostics.isEmpty || error.description.contains("\u{1B}")
                ? "refused for no reason" : nil
        }
        if let again = try? ImportReport.read(table, file: "table.csv", mapping: mapping),
            again.rows != report.rows || again.problems != report.problems || again.keys != report.keys
        {
            return "otherwise when it is read again"
        }
        if report.rowCount != report.rows.count + report.misfitCount + report.skippedCount {
            return "\(report.rowCount) rows, \(report.rows.count) of them taken"
        }
        if (report.misfitCount == 0) != (report.problemCount == 0) {
            return "misfits without problems, or the reverse"
        }
        // Line ends of every kind.
        let lines = table.count { $0 == 0x0a || $0 == 0x0d } + 1
        for problem in report.problems where !(1...lines * 2).contains(problem.line) || problem.column < 1 {
            return "a problem in line \(problem.line), column \(problem.column)"
        }
        return violation(of: report)
    }

    private static func violation(of report: ImportReport) -> String? {
        let plan = ImportPlan(report, against: RegisterLines(report.kind, [:]))
        if plan.text().isEmpty || plan.text().contains("\u{1B}") { return "a plan that cannot be shown" }
        var registers = Registers()
        for statement in plan.statements {
            do throws(RegisterProblem) {
                try registers.put(statement.subject, statement.fields)
            } catch {
                return "the register refuses what is planned: \(error)"
            }
        }
        // Done once, there is nothing left to do.
        let after = ImportPlan(report, against: RegisterLines(report.kind, of: registers))
        return after.statements.isEmpty ? nil : "a plan that was carried out is not done"
    }
}
