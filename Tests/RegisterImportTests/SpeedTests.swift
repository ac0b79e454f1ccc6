import Evidence
import Foundation
import PolicyLanguage
import RegisterImport
import Testing

/// That time grows with the file and no faster; `IMPORT_ROWS` makes it longer and prints the rate.
struct SpeedTests {
    static func table(rows: Int) -> [UInt8] {
        var text = "Device name,Serial,Thumbprint,UPN,State,Compliance,Seen,Notes\r\n"
        for row in 0..<rows {
            let digits = String(row, radix: 16)
            let digest = String(repeating: "0", count: 64 - digits.count) + digits
            text +=
                "LAP-\(row),5CG\(row),\(digest),user.\(row)@council.example,Active,compliant,"
                + "21/11/2026 1\(row % 10):0\(row % 7),\"a note, of no use\"\r\n"
        }
        return Array(text.utf8)
    }

    static let mapping = """
        register: device
        key: Device name
        columns:
          digest: Thumbprint
          serial: Serial
          owner: { column: UPN, before: "@" }
          status: { column: State, values: { Active: in-use, Missing: lost } }
          managed: { column: Compliance, values: { compliant: true, noncompliant: false } }
          kind: { is: laptop }
          last-on-site: { column: Seen, format: "dd/MM/yyyy HH:mm", zone: Europe/London }
        """

    private static let count = ProcessInfo.processInfo.environment["IMPORT_ROWS"].flatMap(Int.init) ?? 5_000

    @Test func readsManyRows() throws {
        let (count, bytes) = (Self.count, Self.table(rows: Self.count))
        let mapping = try #require(
            ImportMapping.read(path: "m.yaml", text: Self.mapping, log: DiagnosticLog()))
        let clock = ContinuousClock()
        var report: ImportReport?
        let reading = try clock.measure {
            report = try ImportReport.read(bytes, file: "f.csv", mapping: mapping)
        }
        let read = try #require(report)
        #expect(read.rows.count == count && read.misfitCount == 0)
        var plan: ImportPlan?
        let lines = RegisterLines(
            .device,
            Dictionary(
                uniqueKeysWithValues: read.rows.prefix(count / 2).map {
                    ($0.statement.subject.key, $0.statement.fields)
                }))
        let planning = clock.measure { plan = ImportPlan(read, against: lines) }
        #expect(plan?.new.count == count - count / 2 && plan?.unchangedCount == count / 2)
        if count > 5_000 {
            print("\(count) rows, \(bytes.count) bytes: read in \(reading), planned in \(planning)")
        }
    }
}
