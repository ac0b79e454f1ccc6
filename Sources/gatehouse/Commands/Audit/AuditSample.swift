import ArgumentParser
import Audit
import Coverage

/// `gatehouse audit sample`
struct AuditSample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Draw records by lot, so that anybody can make the same draw.",
        discussion: """
            For spot checks: sessions that were let in, with the evidence, the rule and the clauses of the decision; other \
            kinds with --kind. Records are put in the order of the SHA-256 of seed, line feed and the record's number, and \
            the first are taken: printf 'SEED\\nNUMBER' | sha256sum.
            """)

    @Option(name: .long, help: "The same seed draws the same records, on any machine.")
    var seed: String
    @Option(name: .long, help: "How many.")
    var count: Int
    @OptionGroup var place: AuditPlace
    @OptionGroup var filter: AuditFilter
    @OptionGroup var output: AuditOutput
    @Flag(name: .long, help: "A JSON object a line.")
    var json = false

    func run() throws {
        guard count > 0 else { throw ValidationError("--count is at least 1") }
        var query = try filter.query()
        if query.kinds.isEmpty { query.kinds = [.admitted] }
        var numbers: [String] = []
        var reader = AuditReader(place, query)
        try reader.read(isRead: false) { line, _ in
            if let number = LineOutline(line)?.number { numbers.append(String(number)) }
        }
        let drawn = Draw(seed: seed).sample(count, of: numbers)
        let wanted = Set(drawn)
        var found: [String: (line: [UInt8], record: AuditRecord?)] = [:]
        var second = AuditReader(place, query)
        try second.read(isRead: false) { line, record in
            guard let number = LineOutline(line).map({ String($0.number) }), wanted.contains(number) else {
                return
            }
            found[number] = (Array(line), record)
        }
        try write(drawn.compactMap { found[$0] }, of: numbers.count)
        try reader.complain()
    }

    private func write(_ drawn: [(line: [UInt8], record: AuditRecord?)], of count: Int) throws {
        guard json || output.csv else {
            var pseudonyms = try output.pseudonyms()
            print("\(drawn.count) of \(count) records, seed \(RegisterTables.cell(seed))")
            for (line, record) in drawn {
                guard let record = record ?? AuditRecord(line: line[...]) else { continue }
                print("\n" + AuditText.detail(record, pseudonyms?.cleaned(record.entry) ?? record.entry))
            }
            return
        }
        var writer = try AuditWriter(output)
        for (line, record) in drawn { try writer.write(line[...], record ?? AuditRecord(line: line[...])) }
        try writer.flush()
    }
}
