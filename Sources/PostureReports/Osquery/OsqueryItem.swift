internal import Evidence
internal import Sessions

/// An item of posture that an osquery query can tell, by the query's name.
///
/// Rows of other queries are passed over: osquery posts the results of its whole schedule to one place.
enum OsqueryItem: String, CaseIterable, Sendable {
    case antivirus, patches
    case diskEncryption = "disk_encryption"
    case screenLock = "screen_lock"
    case firewall

    /// `gatehouse_firewall`, as a query of the schedule or of a pack: osquery puts `pack_<pack>_` in front, with whatever
    /// `--pack_delimiter` says between the parts.
    init?(query name: String) {
        let prefix = "gatehouse_"
        guard
            let item = Self.allCases.first(where: { name.utf8.elementsEqual((prefix + $0.rawValue).utf8) })
                ?? Self.allCases.first(where: { item in
                    let suffix = prefix + item.rawValue
                    let before = name.utf8.dropLast(suffix.utf8.count)
                    return name.hasPrefix("pack") && name.hasSuffix(suffix)
                        && before.last.map { !Self.isWord($0) } == true
                })
        else { return nil }
        self = item
    }

    /// The underscore is osquery's default delimiter, so it does not count as part of a word.
    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// The columns of which a row must have one, for a message.
    var columns: [String] {
        switch self {
        case .antivirus: ["signatures_at", "mtime"]
        case .patches: ["installed_at", "mtime", "date", "installed_on"]
        case .diskEncryption: ["disk_encryption", "encrypted", "protection_status"]
        case .screenLock: ["screen_lock_minutes", "idle_seconds", "enabled"]
        case .firewall: ["firewall", "global_state"]
        }
    }
}

/// What one row, or all rows of one result, say of an item.
enum OsqueryFact: Hashable, Sendable {
    case time(Instant)
    case yesOrNo(Bool)
    case minutes(Int)
    /// The row does not say: a disk whose state is undefined, a date that is empty.
    case unknown

    /// Both together: of times the later, else the worse of two, and an unknown spoils what would have been good.
    ///
    /// Two disks, one encrypted and one undefined, are no encrypted device; a history of updates is as good as its last.
    func combined(with other: OsqueryFact) -> OsqueryFact {
        switch (self, other) {
        case (.time(let one), .time(let two)): .time(max(one, two))
        case (.time, _): self
        case (_, .time): other
        case (.yesOrNo(false), _), (_, .yesOrNo(false)): .yesOrNo(false)
        case (.minutes(0), _), (_, .minutes(0)): .minutes(0)
        case (.unknown, _), (_, .unknown): .unknown
        case (.minutes(let one), .minutes(let two)): .minutes(max(one, two))
        default: self
        }
    }
}

/// Why a row of a known query says nothing.
struct OsqueryRowProblem: Error {
    /// The column, or nil when none of those that count is there.
    var column: String?
    var expected: String
}

/// The columns of one row: osquery writes values as strings or, with `--logger_numerics`, as numbers.
struct OsqueryRow {
    let tape: JSONTape
    let node: Int
    /// Whether this row stands among all rows of its result. In a differential, or a snapshot that is logged row by row,
    /// others may be missing.
    let isAmongAll: Bool

    func fact(_ item: OsqueryItem) throws(OsqueryRowProblem) -> OsqueryFact {
        let fact =
            switch item {
            case .antivirus: try antivirus()
            case .patches: try patches()
            case .diskEncryption: try diskEncryption()
            case .screenLock: try screenLock()
            case .firewall: try firewall()
            }
        if let fact { return fact }
        throw OsqueryRowProblem(
            column: nil, expected: "expected a column \(item.columns.joined(separator: " or "))")
    }

    /// Table `file` (`mtime`), or an own column.
    private func antivirus() throws(OsqueryRowProblem) -> OsqueryFact? {
        if has("signatures_at") { return try time("signatures_at") }
        return has("mtime") ? try time("mtime") : nil
    }

    /// Tables `file` (`mtime`), `windows_update_history` (`date`, `title`, `operation`, `result_code`), `patches`
    /// (`installed_on`), or an own column.
    private func patches() throws(OsqueryRowProblem) -> OsqueryFact? {
        if has("installed_at") { return try time("installed_at") }
        if has("mtime") { return try time("mtime") }
        if has("date") {
            // The history has the daily anti-virus signatures in it too: by them alone, Windows is never out of date.
            let isUpdate = text("title")?.contains("Cumulative Update") == true
            let succeeded = text("operation") == "Installation" && text("result_code") == "Succeeded"
            let date = try time("date")
            return isUpdate && succeeded ? date : .unknown
        }
        return has("installed_on") ? try installedOn() : nil
    }

    /// Tables `disk_encryption` (`encrypted`) and `bitlocker_info` (`protection_status`: 0 off, 1 on, 2 unknown), or an
    /// own column.
    private func diskEncryption() throws(OsqueryRowProblem) -> OsqueryFact? {
        if has("disk_encryption") {
            return try choice("disk_encryption", no: ["0"], yes: ["1"], unknown: [""])
        }
        let fact: OsqueryFact
        if has("encrypted") {
            fact = try choice("encrypted", no: ["0"], yes: ["1"])
        } else if has("protection_status") {
            fact = try choice("protection_status", no: ["0"], yes: ["1"], unknown: ["2"])
        } else {
            return nil
        }
        // One row is one disk. That it is encrypted says nothing of the others, which may be in no row here.
        return fact == .yesOrNo(true) && !isAmongAll ? .unknown : fact
    }

    /// Table `screenlock` (`enabled`, `grace_period`) together with the idle time until the screen saver, or an own
    /// column.
    private func screenLock() throws(OsqueryRowProblem) -> OsqueryFact? {
        if has("screen_lock_minutes") {
            if text("screen_lock_minutes") == "" { return .unknown }
            return .minutes(try number("screen_lock_minutes", in: 0...10_080))
        }
        if has("enabled"), try choice("enabled", no: ["0"], yes: ["1"]) != .yesOrNo(true) {
            return .minutes(0)
        }
        let grace = has("grace_period") ? try number("grace_period", in: -1...604_800) : 0
        guard grace >= 0 else { return .minutes(0) }
        guard has("idle_seconds") else {
            // A password is asked for, but nobody knows after how long.
            return has("enabled") ? .unknown : nil
        }
        if text("idle_seconds") == "" { return .unknown }
        let idle = try number("idle_seconds", in: 0...604_800)
        return .minutes(idle == 0 ? 0 : (idle + grace + 59) / 60)
    }

    /// Tables `alf` (`global_state`: 0 off, 1 and 2 on) and `windows_security_center` (`firewall`: `Good`, `Poor`, and
    /// so on), or an own column.
    private func firewall() throws(OsqueryRowProblem) -> OsqueryFact? {
        if has("firewall") {
            return try choice(
                "firewall", no: ["0", "Poor", "Snoozed"], yes: ["1", "Good"],
                unknown: ["Not Monitored", "Error", ""])
        }
        return has("global_state") ? try choice("global_state", no: ["0"], yes: ["1", "2"]) : nil
    }

    private func has(_ column: String) -> Bool { tape.value(node, column) != nil }

    private func text(_ column: String) -> String? { tape.value(node, column).map(tape.text) }

    private func value(_ column: String) throws(OsqueryRowProblem) -> Int {
        guard let value = tape.value(node, column), [.string, .number].contains(tape.kind(value)) else {
            throw OsqueryRowProblem(column: column, expected: "expected a string or a number")
        }
        return value
    }

    /// An empty text is what an aggregate of no rows looks like, where it is among the unknown.
    private func choice(
        _ column: String, no: [String], yes: [String], unknown: [String] = []
    ) throws(OsqueryRowProblem) -> OsqueryFact {
        let text = tape.text(try value(column))
        if yes.contains(text) { return .yesOrNo(true) }
        if no.contains(text) { return .yesOrNo(false) }
        if unknown.contains(text) { return .unknown }
        let all = (no + yes + unknown).filter { !$0.isEmpty }
        throw OsqueryRowProblem(column: column, expected: "expected one of \(all.joined(separator: ", "))")
    }

    private func number(_ column: String, in range: ClosedRange<Int>) throws(OsqueryRowProblem) -> Int {
        let written = tape.written(try value(column))
        if written.count <= 8, let number = Int(String(decoding: written, as: UTF8.self)),
            range.contains(number)
        {
            return number
        }
        throw OsqueryRowProblem(
            column: column, expected: "expected a number from \(range.lowerBound) to \(range.upperBound)")
    }

    /// Seconds since 1970, or RFC 3339. Empty and 0 are what an aggregate of no rows and an unset time look like.
    private func time(_ column: String) throws(OsqueryRowProblem) -> OsqueryFact {
        let written = tape.written(try value(column))
        if written.isEmpty || written.elementsEqual("0".utf8) { return .unknown }
        if let time = TimeReader.seconds(written) ?? TimeText.timestamp(written) { return .time(time) }
        throw OsqueryRowProblem(
            column: column, expected: "expected seconds since 1970, or a time such as 2026-11-21T10:00:00Z")
    }

    /// `patches` passes on what Windows says, `11/3/2026`, and not in which order: where both readings are days, the
    /// earlier one counts, so that nobody gains by the doubt.
    private func installedOn() throws(OsqueryRowProblem) -> OsqueryFact {
        let text = tape.text(try value("installed_on"))
        if text.isEmpty { return .unknown }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.utf8.count <= 4 && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        if parts.count == 3, let first = parts[0], let second = parts[1], let year = parts[2],
            let date = [(first, second), (second, first)]
                .compactMap({ CivilDate(year: year, month: $0.0, day: $0.1) }).min()
        {
            return .time(Instant(secondsSince1970: Int64(date.dayNumber) * 86_400))
        }
        throw OsqueryRowProblem(column: "installed_on", expected: "expected a date such as 11/3/2026")
    }
}
