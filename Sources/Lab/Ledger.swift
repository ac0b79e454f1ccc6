/// Takes the outcomes as they come in, and prints each at once.
package actor Ledger {
    package private(set) var report = Report()
    private let printer: Printer

    package init(printer: Printer) { self.printer = printer }

    package func record(_ outcome: Outcome, for row: Row) {
        report.record(outcome, for: row)
        printer.row(row, outcome)
    }
}
