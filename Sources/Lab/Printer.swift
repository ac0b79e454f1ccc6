import Foundation
import NetworkTypes

/// Where the lab writes: the table or one JSON document on standard output, remarks on standard error.
package struct Printer: Sendable {
    private let json: Bool
    private let table: Table

    package init(json: Bool, colour: Bool) {
        self.json = json
        table = Table(rows: Scenario.rows, colour: colour)
    }

    package func header() { tableLine(table.header) }
    package func title(of stage: Row.Stage) { tableLine(table.title(of: stage)) }
    package func row(_ row: Row, _ outcome: Outcome) { tableLine(table.line(row, outcome)) }
    package func note(_ text: String) { Self.write("lab: \(text)\n", to: .standardError) }

    package func failure(_ error: any Error) {
        note(error is CancellationError ? "interrupted" : "\(error)")
    }

    package func finish(_ report: Report) {
        if json {
            Self.write(report.json + "\n", to: .standardOutput)
        } else {
            let differing = report.differing.count
            let verdict = differing == 0 ? "all as expected" : "\(differing) differ"
            tableLine("\n\(report.rows.count) rows, \(verdict)")
        }
    }

    package func finish(_ trials: CutTrials) {
        Self.write((json ? trials.json : trials.text) + "\n", to: .standardOutput)
    }

    package func finish(_ report: FaultReport) {
        Self.write((json ? report.json : "\n" + report.summary) + "\n", to: .standardOutput)
    }

    /// A line of a table that is not the scenario's.
    package func line(_ text: String) { tableLine(text) }

    package func howToLookAround(_ site: Site) {
        let enter = { (space: Network.Space) in "ip netns exec \(space.name)" }
        note(
            """
            left standing, as asked; look around with
              \(enter(.gateway)) nft list ruleset
              \(enter(.gateway)) tcpdump -n -i \(Network.tunnel)
              \(enter(.employee)) curl http://\(Network.Host.crm.address(.ipv4))/
              \(enter(.vendor)) curl -m 3 http://\(Network.Host.crm.address(.ipv4))/
              gatehouse sessions --control \(site.control)
              ls \(site.path("logs"))
            and remove it with 'gatehouse lab --clean'
            """)
    }

    private func tableLine(_ text: String) {
        if !json { Self.write(text + "\n", to: .standardOutput) }
    }

    /// A reader that has gone away is no reason to stop before everything is removed.
    private static func write(_ text: String, to handle: FileHandle) {
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
