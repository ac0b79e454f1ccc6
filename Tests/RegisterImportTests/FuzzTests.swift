import Evidence
import PolicyLanguage
import RegisterImport
import Sessions
import TestSupport
import Testing

/// Files that nobody would write on purpose.
struct FuzzTests {
    private static let pieces = [
        ",", ",", ";", "\t", "\n", "\r\n", "\r", "\"", "\"\"", " ", "é", "\u{301}", "🚧", "\u{202E}", "\u{A0}",
        "LAP-0001", "in-use", "lost", "laptop", "alice", "2026-11-02", "x", "0", "id", "status", "\u{0}",
    ]

    private static func digest(_ number: Int) -> String {
        String(repeating: String(number % 10), count: 60) + String(1000 + number)
    }

    /// A good table of some rows, with a few doubles in it.
    private static func table(_ random: inout Seeded) -> String {
        var text = "id,digest,owner,status,kind,last-on-site\n"
        for row in 0..<Int.random(in: 0...12, using: &random) {
            let number = Int.random(in: 0...3, using: &random) == 0 ? row / 2 : row
            let owner = ["alice", "\"bob, \"\"b\"\"\"", "", " carol "].randomElement(using: &random) ?? ""
            let status = ["in-use", "lost", "", "\"stolen\""].randomElement(using: &random) ?? ""
            let end = Bool.random(using: &random) ? "\n" : "\r\n"
            let proof = Bool.random(using: &random) ? digest(number) : ""
            text += "LAP-\(number),\(proof),\(owner),\(status),laptop,2026-11-02\(end)"
        }
        return text
    }

    private static func mutated(_ text: String, _ random: inout Seeded) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let index = Int.random(in: 0...scalars.count, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0:
                let piece = pieces.randomElement(using: &random) ?? ""
                scalars.insert(contentsOf: Array(piece.unicodeScalars), at: index)
            case 1: scalars.removeSubrange(index..<min(scalars.count, index + 1))
            default: scalars.removeSubrange(index..<min(scalars.count, index + 9))
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// What is taken is what the slow reader takes, row for row; what one refuses whole, the other does.
    @Test func takesWhatTheSlowReaderTakes() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        var takenCount = 0
        var refusedCount = 0
        for round in 0..<1_500 {
            let text = Self.mutated(Self.table(&random), &random)
            let expected =
                text.unicodeScalars.contains("\0") || text.isEmpty
                    || text.utf8.starts(with: [0xEF, 0xBB, 0xBF])
                ? nil : SlowReader.taken(text, .device, delimiter: ",")
            var mapping = ImportMapping(ownNamesOf: .device)
            mapping.delimiter = UInt8(ascii: ",")
            let report = Result { () throws(ImportRefusal) in
                try ImportReport.read(Array(text.utf8), file: "f.csv", mapping: mapping)
            }
            guard let expected else {
                refusedCount += 1
                guard case .failure(let refusal) = report else {
                    Issue.record("seed \(seed), round \(round): read, not refused: \(text.debugDescription)")
                    return
                }
                #expect(!refusal.diagnostics.isEmpty)
                continue
            }
            guard case .success(let report) = report else {
                Issue.record("seed \(seed), round \(round): refused: \(text.debugDescription) \(report)")
                return
            }
            takenCount += report.rows.count
            #expect(report.rows == expected, "seed \(seed), round \(round): \(text.debugDescription)")
            #expect(report.rowCount == report.rows.count + report.misfitCount + report.skippedCount)
            #expect((report.misfitCount == 0) == (report.problemCount == 0))
            if report.rows != expected { return }
        }
        #expect(takenCount > 1_500 && refusedCount > 50)
    }

    /// Any bytes, with every mapping that is shipped and every register: an answer, whatever it is.
    @Test func neverTraps() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        let mappings = try RegisterKind.allCases.map(ImportMapping.init(ownNamesOf:)) + ShippedMappings.all()
        let marks: [[UInt8]] = [[], [0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF], Array("sep=;\n".utf8)]
        for _ in 0..<1_000 {
            let mapping = try #require(mappings.randomElement(using: &random))
            var bytes = Array(Self.mutated(Self.table(&random), &random).utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            bytes.insert(contentsOf: marks.randomElement(using: &random) ?? [], at: 0)
            do throws(ImportRefusal) {
                let report = try ImportReport.read(bytes, file: "f.csv", mapping: mapping)
                let plan = ImportPlan(report, against: RegisterLines(mapping.kind, [:]))
                #expect(!plan.text().isEmpty, "seed \(seed)")
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
    }

    /// Mapping files too.
    @Test func mappingsNeverTrap() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        let texts = try ShippedMappings.texts()
        for _ in 0..<1_000 {
            let text = Self.mutated(texts.randomElement(using: &random) ?? "", &random)
            let log = DiagnosticLog()
            let mapping = ImportMapping.read(path: "m.yaml", text: text, log: log)
            #expect((mapping == nil) == log.hasErrors, "seed \(seed): \(text.debugDescription)")
        }
    }
}
