package import Evidence
internal import Sessions

/// What one report says, before anybody has said whose it is.
package struct ReadReport: Sendable, Hashable {
    /// The device that the report names itself: a claim. Nil when it names none.
    package var device: String?
    package var posture: DevicePosture

    package init(device: String?, posture: DevicePosture) {
        self.device = device
        self.posture = posture
    }
}

/// Reads this gateway's own report format, version 1: one report, or an array of them.
///
///     {"version": 1, "device": "laptop-0001", "observed-at": "2026-11-21T10:00:00Z",
///      "antivirus": {"signatures-at": "2026-11-21T05:00:00Z"}, "patches": {"installed-at": "2026-11-19T03:12:00Z"},
///      "disk-encryption": true, "screen-lock": {"minutes": 10}, "firewall": true}
///
/// A body is taken whole or not at all. A key that is not known is an error: a misspelt one would be a fact that never
/// arrives, and the sender would never learn why.
package enum ReportReader {
    /// Of this format.
    package static let version = 1

    package static func read(
        _ bytes: [UInt8], limits: ReportLimits = ReportLimits()
    ) throws(ReportProblems) -> [ReadReport] {
        let tape: JSONTape
        do {
            tape = try JSONTape(bytes, limits: limits.json)
        } catch {
            throw ReportProblems(error)
        }
        var body = Body(tape: tape, log: ProblemLog(limit: limits.problems))
        var reports: [ReadReport] = []
        switch tape.kind(0) {
        case .object:
            if let report = body.report(0, number: nil) { reports.append(report) }
        case .array:
            tape.forEachItem(0) { number, item in
                guard number < limits.reports else { return }
                if let report = body.report(item, number: number) { reports.append(report) }
            }
            body.checkCount(limit: limits.reports)
        default:
            body.add(0, nil, "expected a report or an array of reports", shown: 0)
        }
        guard body.log.isEmpty else { throw body.log.all }
        return reports
    }
}

/// A body while it is read.
private struct Body {
    let tape: JSONTape
    var log: ProblemLog
    private var number: Int?

    init(tape: JSONTape, log: ProblemLog) {
        self.tape = tape
        self.log = log
    }

    mutating func checkCount(limit: Int) {
        var count = 0
        var beyond: Int?
        tape.forEachItem(0) { number, item in
            count = number + 1
            if number == limit { beyond = item }
        }
        if count == 0 { add(0, nil, "expected at least one report") }
        if let beyond { add(beyond, nil, "expected at most \(limit) reports in one body, found \(count)") }
    }

    mutating func report(_ node: Int, number: Int?) -> ReadReport? {
        self.number = number
        guard tape.kind(node) == .object else {
            add(node, nil, "expected a report: an object", shown: node)
            return nil
        }
        var known = Entries()
        let unknown = known.fill(from: node, tape)
        for key in unknown {
            let tape = tape
            add(
                key, tape.shownText(key),
                "no such key; a report has \(Entries.names.joined(separator: ", "))")
        }
        if let version = known.version,
            tape.kind(version) != .number
                || !tape.written(version).elementsEqual("\(ReportReader.version)".utf8)
        {
            add(version, "version", "expected \(ReportReader.version)", shown: version)
        }
        let observedAt = known.observedAt.flatMap { time($0, "observed-at") }
        let device = known.device.flatMap { deviceName($0) }
        let hasTime = known.observedAt != nil
        var posture = DevicePosture()
        posture.antivirus = known.antivirus.flatMap {
            made($0, "antivirus", at: "signatures-at", age: "signature-age", observedAt, hasTime)
        }
        posture.patches = known.patches.flatMap {
            made($0, "patches", at: "installed-at", age: "patch-age", observedAt, hasTime)
        }
        posture.diskEncryption = known.diskEncryption.flatMap {
            yesOrNo($0, "disk-encryption", observedAt, hasTime)
        }
        posture.screenLockMinutes = known.screenLock.flatMap { minutes($0, observedAt, hasTime) }
        posture.firewall = known.firewall.flatMap { yesOrNo($0, "firewall", observedAt, hasTime) }
        if !known.hasItem {
            add(node, nil, "expected at least one of \(Entries.items.joined(separator: ", "))")
        }
        return ReadReport(device: device, posture: posture)
    }

    /// Makes texts only for problems that are kept: a body may be nothing but problems.
    mutating func add(
        _ node: Int, _ key: @autoclosure () -> String?, _ expected: @autoclosure () -> String,
        shown: Int? = nil
    ) {
        let number = number
        let tape = tape
        func problem() -> ReportProblem {
            let key = key().map { number == nil ? $0 : ".\($0)" } ?? ""
            return ReportProblem(
                path: (number.map { "[\($0)]" } ?? "") + key, offset: tape.offset(node), expected: expected(),
                found: shown.map(tape.shown))
        }
        log.add(problem())
    }

    private mutating func deviceName(_ node: Int) -> String? {
        let name = tape.kind(node) == .string ? tape.text(node) : ""
        guard PlainText.isName(name) else {
            add(node, "device", "expected the device's inventory name", shown: node)
            return nil
        }
        return name
    }

    private mutating func time(_ node: Int, _ key: String) -> Instant? {
        guard tape.kind(node) == .string, let time = TimeText.timestamp(tape.written(node)) else {
            add(node, key, "expected a time with its offset, such as 2026-11-21T10:00:00Z", shown: node)
            return nil
        }
        return time
    }

    /// An item's own time, else the report's. A report's that is no good has been reported already.
    private mutating func seen(
        _ own: Int?, _ item: Int, _ name: String, _ observedAt: Instant?, _ hasTime: Bool
    ) -> Instant? {
        if let own { return time(own, "\(name).observed-at") }
        if observedAt == nil && !hasTime { add(item, name, "expected observed-at here or in the report") }
        return observedAt
    }

    private mutating func made(
        _ node: Int, _ name: String, at: String, age: String, _ observedAt: Instant?, _ hasTime: Bool
    ) -> DevicePosture.Item<Instant>? {
        guard let entries = entries(node, name, [at, age, "observed-at"], "an object with \(at) or \(age)")
        else {
            return nil
        }
        let seen = seen(entries[2], node, name, observedAt, hasTime)
        guard (entries[0] == nil) != (entries[1] == nil) else {
            add(node, name, "expected either \(at) or \(age)")
            return nil
        }
        if let stated = entries[0] {
            guard let made = time(stated, "\(name).\(at)"), let seen else { return nil }
            return DevicePosture.Item(made, observedAt: seen)
        }
        guard let stated = entries[1] else { return nil }
        guard tape.kind(stated) == .string, let age = TimeReader.duration(tape.text(stated)) else {
            add(stated, "\(name).\(age)", "expected an age such as 5h or 1d12h", shown: stated)
            return nil
        }
        return seen.map { DevicePosture.Item($0 - age, observedAt: $0) }
    }

    private mutating func yesOrNo(
        _ node: Int, _ name: String, _ observedAt: Instant?, _ hasTime: Bool
    ) -> DevicePosture.Item<Bool>? {
        var value: Int? = node
        var own: Int?
        if tape.kind(node) == .object {
            guard let entries = entries(node, name, ["on", "observed-at"], "true or false") else {
                return nil
            }
            value = entries[0]
            own = entries[1]
        }
        let seen = seen(own, node, name, observedAt, hasTime)
        guard let value, [.yes, .no].contains(tape.kind(value)) else {
            let path = value == nil || value == node ? name : "\(name).on"
            add(value ?? node, path, "expected true or false", shown: value)
            return nil
        }
        return seen.map { DevicePosture.Item(tape.kind(value) == .yes, observedAt: $0) }
    }

    /// A week is more than any screen waits; a larger number is seconds, or a mistake.
    private mutating func minutes(
        _ node: Int, _ observedAt: Instant?, _ hasTime: Bool
    ) -> DevicePosture.Item<Int>? {
        let keys = ["minutes", "observed-at"]
        guard let entries = entries(node, "screen-lock", keys, "an object with minutes") else { return nil }
        let seen = seen(entries[1], node, "screen-lock", observedAt, hasTime)
        let expected = "expected minutes from 1 to 10080, or 0 for never"
        guard let stated = entries[0] else {
            add(node, "screen-lock", expected)
            return nil
        }
        guard tape.kind(stated) == .number, tape.written(stated).count <= 5,
            let minutes = Int(String(decoding: tape.written(stated), as: UTF8.self)),
            (0...10_080).contains(minutes)
        else {
            add(stated, "screen-lock.minutes", expected, shown: stated)
            return nil
        }
        return seen.map { DevicePosture.Item(minutes, observedAt: $0) }
    }

    /// The values of the keys of one item, in the order of `keys`; others are reported.
    private mutating func entries(
        _ node: Int, _ name: String, _ keys: [String], _ expected: String
    ) -> [Int?]? {
        guard tape.kind(node) == .object else {
            add(node, name, "expected \(expected)", shown: node)
            return nil
        }
        var found = [Int?](repeating: nil, count: keys.count)
        var unknown: [Int] = []
        tape.forEachEntry(node) { key, value in
            if let index = keys.firstIndex(of: tape.text(key)) {
                found[index] = value
            } else {
                unknown.append(key)
            }
        }
        for key in unknown {
            let tape = tape
            add(
                key, "\(name).\(tape.shownText(key))",
                "no such key; \(name) has \(keys.joined(separator: ", "))")
        }
        return found
    }
}

/// Where the values of a report's keys stand.
private struct Entries {
    static let items = ["antivirus", "patches", "disk-encryption", "screen-lock", "firewall"]
    static let names = ["version", "device", "observed-at"] + items

    var version: Int?
    var device: Int?
    var observedAt: Int?
    var antivirus: Int?
    var patches: Int?
    var diskEncryption: Int?
    var screenLock: Int?
    var firewall: Int?

    var hasItem: Bool { [antivirus, patches, diskEncryption, screenLock, firewall].contains { $0 != nil } }

    /// Returns the keys that a report does not have.
    mutating func fill(from node: Int, _ tape: JSONTape) -> [Int] {
        var unknown: [Int] = []
        var filled = self
        tape.forEachEntry(node) { key, value in
            switch tape.text(key) {
            case "version": filled.version = value
            case "device": filled.device = value
            case "observed-at": filled.observedAt = value
            case "antivirus": filled.antivirus = value
            case "patches": filled.patches = value
            case "disk-encryption": filled.diskEncryption = value
            case "screen-lock": filled.screenLock = value
            case "firewall": filled.firewall = value
            default: unknown.append(key)
            }
        }
        self = filled
        return unknown
    }
}
