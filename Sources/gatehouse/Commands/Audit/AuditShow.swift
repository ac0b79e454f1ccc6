import ArgumentParser
import Audit
import PolicyLanguage
import Sessions

/// `gatehouse audit show`
struct AuditShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the last records as a table, or one of them with everything in it.",
        discussion: "A session from its login to its end: gatehouse audit show --session office/21")

    @Argument(help: "The number of a record.")
    var number: UInt64?
    @Option(name: .long, help: "How many of the last ones.")
    var last = 40
    @OptionGroup var place: AuditPlace
    @OptionGroup var filter: AuditFilter
    @Flag(name: .long, help: "A JSON object a line.")
    var json = false

    func run() throws {
        var reader = AuditReader(place, try filter.query())
        var lines: [[UInt8]] = []
        try reader.read(isRead: false) { line, _ in
            if let number, LineOutline(line)?.number != number { return }
            lines.append(Array(line))
            if lines.count > 2 * max(1, last) { lines.removeFirst(lines.count - last) }
        }
        lines = Array(lines.suffix(max(1, last)))
        guard !lines.isEmpty else {
            Terminal.complain(number.map { "no record \($0)" } ?? "no such records")
            throw ExitCode(1)
        }
        if json {
            for line in lines { print(String(decoding: line, as: UTF8.self)) }
        } else {
            let records = lines.compactMap { AuditRecord(line: $0[...]) }
            if number != nil {
                for record in records { print(AuditText.detail(record, record.entry)) }
            } else {
                print(AuditText.table(records))
            }
        }
        try reader.complain()
    }
}

/// Records for people.
enum AuditText {
    static func table(_ records: [AuditRecord]) -> String {
        let header = ["NUMBER", "TIME", "WHAT", "SESSION", "WHO", "ABOUT", "SAYS"]
        let rows = records.map { record in
            let entry = record.entry
            return [
                "\(record.number)", entry.at.description, entry.kind.words, entry[.session] ?? "-",
                entry[.user] ?? entry[.by] ?? "-", entry[.device] ?? entry[.subject] ?? "-", says(entry),
            ].map(RegisterTables.cell)
        }
        return Terminal.table(header, rows, numbers: ["NUMBER"])
    }

    private static func says(_ entry: AuditEntry) -> String {
        let order = [entry[.order], entry[.reference]].compactMap(\.self).joined(separator: " ")
        let parts = [
            order.isEmpty ? nil : order, entry[.className], entry.kind == .admitted ? nil : entry[.outcome],
            sum(entry), entry[.why], entry[list: .changes].first,
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private static func sum(_ entry: AuditEntry) -> String? {
        guard entry.kind == .refusedAgain, let since = entry[.since], let latest = entry[.latest] else {
            return nil
        }
        // To the second: the record has the rest.
        return "\(entry.times) times from \(since.prefix(19))Z to \(latest.prefix(19))Z"
    }

    /// Everything that a record says.
    static func detail(_ record: AuditRecord, _ entry: AuditEntry) -> String {
        let head = "record \(record.number), \(entry.at.auditText): \(entry.kind.words)"
        let lines = entry.values.map { value in
            let text: String =
                switch value.content {
                case .text(let text): text
                case .number(let number): "\(number)"
                case .list(let list): list.joined(separator: "; ")
                }
            let name = value.field.rawValue
            return
                "  \(name)\(String(repeating: " ", count: max(1, 14 - name.count)))\(RegisterTables.line(text))"
        }
        guard !entry.evidence.isEmpty else { return ([head] + lines).joined(separator: "\n") }
        let facts = entry.evidence.map { fact in
            [fact.kind, fact.what, fact.value, fact.at ?? "", fact.until ?? ""].map(RegisterTables.cell)
        }
        let table = Terminal.table(["KIND", "WHAT", "VALUE", "AT", "UNTIL"], facts)
        return ([head] + lines + [table]).joined(separator: "\n")
    }
}
