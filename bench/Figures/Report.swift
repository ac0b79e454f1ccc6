/// One measured figure.
package struct Row {
    package let part: String
    package let name: String
    package let family: String
    package let sessions: Int
    package let readers: Int
    /// In `unit`s.
    package let best: Double
    package let median: Double
    package let unit: String
    /// Against what `against` names: more than 1 is faster than that.
    package let ratio: Double?
    package let against: String?
    package var note: String?

    package init(
        part: String, name: String, family: String, sessions: Int, readers: Int = 1, best: Double,
        median: Double,
        unit: String = "ns", ratio: Double? = nil, against: String? = nil, note: String? = nil
    ) {
        self.part = part
        self.name = name
        self.family = family
        self.sessions = sessions
        self.readers = readers
        self.best = best
        self.median = median
        self.unit = unit
        self.ratio = ratio
        self.against = against
        self.note = note
    }
}

/// What has to hold, and does or does not.
package struct Bound {
    package enum Relation: String { case atLeast = ">=", moreThan = ">", atMost = "<=" }

    package let name: String
    package let measured: Double
    package let relation: Relation
    package let required: Double

    package var passes: Bool {
        switch relation {
        case .atLeast: measured >= required
        case .moreThan: measured > required
        case .atMost: measured <= required
        }
    }
}

/// Collects what the parts found, prints rows as they come.
package final class Report {
    package private(set) var rows: [Row] = []
    package private(set) var bounds: [Bound] = []
    private var lastPart = ""

    package init() {}

    package func add(_ row: Row) {
        rows.append(row)
        if row.part != lastPart {
            lastPart = row.part
            print("\n\(row.part)")
        }
        let place = [
            row.family, row.sessions == 0 ? "" : "\(row.sessions)", row.readers > 1 ? "x\(row.readers)" : "",
        ]
        let ratio = row.ratio.map { "  \(Self.text($0)) x \(row.against ?? "")" } ?? ""
        let figure =
            row.best.isNaN ? "" : "best \(Self.text(row.best)) \(row.unit), median \(Self.text(row.median))"
        let head = place.filter { !$0.isEmpty }.joined(separator: " ").padded(16) + row.name.padded(38)
        print("  " + head + figure.padded(32) + ratio + (row.note.map { "  (\($0))" } ?? ""))
    }

    package func missing(part: String, name: String, family: String, sessions: Int, why: String) {
        add(
            Row(
                part: part, name: name, family: family, sessions: sessions, readers: 1, best: .nan,
                median: .nan,
                ratio: nil, against: nil, note: why))
    }

    package func bound(_ name: String, _ measured: Double, _ relation: Bound.Relation, _ required: Double) {
        bounds.append(Bound(name: name, measured: measured, relation: relation, required: required))
    }

    /// The bounds, a line each; true when all hold.
    package func conclude() -> Bool {
        print("")
        for bound in bounds {
            let verdict = bound.passes ? "pass" : "fail"
            print(
                "bound \(bound.name) measured \(Self.text(bound.measured)) required \(bound.relation.rawValue)"
                    + "\(Self.text(bound.required)) \(verdict)")
        }
        return bounds.allSatisfy(\.passes)
    }

    /// Three decimals.
    package static func text(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        let thousandths = Int((abs(value) * 1000).rounded())
        let fraction = "\(thousandths % 1000)"
        return (value < 0 ? "-" : "") + "\(thousandths / 1000)."
            + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

extension String {
    package func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

// MARK: JSON

extension Report {
    package var json: String {
        let rows = rows.map { row in
            Self.object([
                ("part", Self.string(row.part)), ("name", Self.string(row.name)),
                ("family", Self.string(row.family)), ("sessions", "\(row.sessions)"),
                ("readers", "\(row.readers)"), ("unit", Self.string(row.unit)),
                ("best", Self.number(row.best)),
                ("median", Self.number(row.median)), ("ratio", Self.number(row.ratio ?? .nan)),
                ("against", row.against.map(Self.string) ?? "null"),
                ("note", row.note.map(Self.string) ?? "null"),
            ])
        }
        let bounds = bounds.map { bound in
            Self.object([
                ("name", Self.string(bound.name)), ("measured", Self.number(bound.measured)),
                ("relation", Self.string(bound.relation.rawValue)), ("required", Self.number(bound.required)),
                ("pass", bound.passes ? "true" : "false"),
            ])
        }
        return
            "{\"rows\":[\n\(rows.joined(separator: ",\n"))\n],\"bounds\":[\n\(bounds.joined(separator: ",\n"))\n]}\n"
    }

    private static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func number(_ value: Double) -> String { value.isFinite ? text(value) : "null" }

    private static func string(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
