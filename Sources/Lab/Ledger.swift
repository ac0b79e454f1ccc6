/// Takes the outcomes as they come in, and prints each at once, below what has happened.
package actor Ledger {
    package private(set) var report = Report()
    private let printer: Printer
    private var stage: Row.Stage?

    package init(printer: Printer) { self.printer = printer }

    package func record(_ outcome: Outcome, for row: Row) {
        report.record(outcome, for: row)
        if row.stage != stage { printer.title(of: row.stage) }
        stage = row.stage
        printer.row(row, outcome)
    }
}
