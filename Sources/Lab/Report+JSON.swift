import Foundation

extension Report {
    private struct Document: Encodable {
        struct Line: Encodable {
            let id, stage, who, to: String
            let family: String?
            let expected, seen: String
            let matches: Bool
            let decidedBy: String
        }
        let allMatch: Bool
        let rows: [Line]
    }

    /// `{"allMatch": ..., "rows": [{"id", "stage", "who", "to", "family", "expected", "seen", "matches",
    /// "decidedBy"}]}`, in the order of the table.
    package var json: String {
        let lines = rows.map { row in
            let outcome = outcome(row)
            return Document.Line(
                id: row.id, stage: row.stage.rawValue, who: row.who, to: row.whereTo,
                family: row.family.map { "\($0)" }, expected: row.expected.rawValue, seen: outcome.seen,
                matches: outcome.matches, decidedBy: outcome.decidedBy)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try? encoder.encode(Document(allMatch: allMatch, rows: lines))
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
