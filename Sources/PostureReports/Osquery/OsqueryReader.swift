internal import Evidence
internal import Sessions

/// What osquery told in one body.
package struct OsqueryBody: Sendable, Hashable {
    package enum Form: Sendable, Hashable {
        /// As the TLS logger plugin posts it. Its sender tries again, with everything that came after, until it is told
        /// that all is well.
        case logger
        /// Result lines, as the filesystem logger plugin writes them.
        case lines
    }

    package var form: Form
    /// One a host, in the order in which hosts appear; `device` is the host identifier.
    package var reports: [ReadReport]
    /// Lines and rows of known queries that say nothing, and why; the rest counts nevertheless.
    package var problems: ReportProblems?
    /// Results of other queries, and rows that are no longer so.
    package var passedOver: Int
}

/// Reads the results of osquery's scheduled queries: what the TLS logger plugin posts, and lines of the results and
/// snapshots logs, in the event, batch and snapshot forms.
///
/// Query names say what a row is about (`gatehouse_disk_encryption`), `unixTime` when it was so, and `hostIdentifier`
/// of which host. `removed` rows are no facts: what is no longer so says nothing about what is.
///
/// Formats: osquery's documentation, "Logging" and "Remote settings"; keys as `Query::serialize...` of osquery 5 writes
/// them (`numerics`, `epoch`, `counter`, `decorations`), and as versions since 2 did (numbers as strings, `hostname`,
/// an empty list as an empty string).
package enum OsqueryReader {
    /// Throws when the body is no JSON at all; a line that makes no sense is among the problems of the result.
    package static func read(
        _ bytes: [UInt8], limits: ReportLimits = ReportLimits()
    ) throws(ReportProblems) -> OsqueryBody {
        let tape: JSONTape
        do {
            tape = try JSONTape(bytes, lines: true, limits: limits.json)
        } catch {
            throw ReportProblems(error)
        }
        var results = OsqueryResults(tape: tape, limits: limits)
        guard tape.roots.count == 1, let type = tape.value(0, "log_type") else {
            if tape.roots.count == 1, tape.kind(0) == .array {
                results.lines(of: 0, path: "")
            } else {
                results.lines(tape.roots)
            }
            return results.body(.lines)
        }
        switch tape.text(type) {
        case "result":
            if let data = tape.value(0, "data"), tape.kind(data) == .array {
                results.lines(of: data, path: "data")
            } else {
                results.add(0, "data", "expected an array of results")
            }
        case "status": break
        default: results.add(type, "log_type", "expected result or status", shown: type)
        }
        return results.body(.logger)
    }
}

/// The results of one body while they are read.
private struct OsqueryResults {
    private struct Group: Hashable {
        var host: Int
        var item: OsqueryItem
        var time: Instant
    }

    private let tape: JSONTape
    private let lineLimit: Int
    private var log: ProblemLog
    private var hosts: [String] = []
    private var hostNumbers: [String: Int] = [:]
    private var facts: [Group: OsqueryFact] = [:]
    private var passedOver = 0

    init(tape: JSONTape, limits: ReportLimits) {
        self.tape = tape
        lineLimit = limits.reports
        log = ProblemLog(limit: limits.problems)
    }

    mutating func add(_ node: Int, _ path: String, _ expected: String, shown: Int? = nil) {
        let tape = tape
        log.add(
            ReportProblem(
                path: path, offset: tape.offset(node), expected: expected, found: shown.map(tape.shown)))
    }

    mutating func lines(of array: Int, path: String) {
        var items: [Int] = []
        tape.forEachItem(array) { _, item in items.append(item) }
        lines(items, path: path)
    }

    mutating func lines(_ items: [Int], path: String = "") {
        guard items.count <= lineLimit else {
            return add(items[lineLimit], path, "expected at most \(lineLimit) results, found \(items.count)")
        }
        for (number, item) in items.enumerated() { line(item, "\(path)[\(number)]") }
    }

    /// All of one body: for each host and item the latest that is known.
    func body(_ form: OsqueryBody.Form) -> OsqueryBody {
        var postures = [DevicePosture](repeating: DevicePosture(), count: hosts.count)
        // By time, so that the latest is put last; the rest of the order is for nobody to see.
        for (group, fact) in facts.sorted(by: { $0.key.time < $1.key.time }) {
            postures[group.host].put(fact, for: group.item, observedAt: group.time)
        }
        let reports = zip(hosts, postures).filter { $0.1 != DevicePosture() }
        return OsqueryBody(
            form: form, reports: reports.map { ReadReport(device: $0.0, posture: $0.1) },
            problems: log.isEmpty ? nil : log.all, passedOver: passedOver)
    }

    private mutating func line(_ line: Int, _ path: String) {
        guard tape.kind(line) == .object else {
            return add(line, path, "expected a result: an object", shown: line)
        }
        guard let name = tape.value(line, "name"), tape.kind(name) == .string else {
            return add(line, "\(path).name", "expected the query's name")
        }
        guard tape.written(name).count <= 512, let item = OsqueryItem(query: tape.text(name)) else {
            passedOver += 1
            return
        }
        guard let host = host(line, path), let time = time(line, path) else { return }
        var found = rows(line, path)
        if found.rows.isEmpty { passedOver += 1 }
        found.rows = found.rows.filter { row in
            let isObject = tape.kind(row.node) == .object
            if !isObject { add(row.node, row.path, "expected the columns of a row", shown: row.node) }
            return isObject
        }
        for (node, path) in found.rows {
            let row = OsqueryRow(tape: tape, node: node, isAmongAll: found.areAll)
            do {
                let fact = try row.fact(item)
                let group = Group(host: host, item: item, time: time)
                facts[group] = facts[group].map { $0.combined(with: fact) } ?? fact
            } catch {
                let column = error.column.flatMap { tape.value(node, $0) }
                add(
                    column ?? node, error.column.map { "\(path).\($0)" } ?? path, error.expected,
                    shown: column)
                // A row that cannot be read may be the disk that is not encrypted.
                let group = Group(host: host, item: item, time: time)
                facts[group] = facts[group].map { $0.combined(with: .unknown) } ?? .unknown
            }
        }
    }

    private mutating func host(_ line: Int, _ path: String) -> Int? {
        let node = tape.value(line, "hostIdentifier") ?? tape.value(line, "hostname")
        guard let node, tape.kind(node) == .string, PlainText.isName(tape.text(node)) else {
            add(node ?? line, "\(path).hostIdentifier", "expected the host's name", shown: node)
            return nil
        }
        let name = tape.text(node)
        if let number = hostNumbers[name] { return number }
        hosts.append(name)
        hostNumbers[name] = hosts.count - 1
        return hosts.count - 1
    }

    private mutating func time(_ line: Int, _ path: String) -> Instant? {
        let node = tape.value(line, "unixTime")
        guard let node, [.string, .number].contains(tape.kind(node)),
            let time = TimeReader.seconds(tape.written(node))
        else {
            add(node ?? line, "\(path).unixTime", "expected seconds since 1970", shown: node)
            return nil
        }
        return time
    }

    /// The rows of a line that are facts, and whether they are all that the query found.
    private mutating func rows(_ line: Int, _ path: String) -> (
        rows: [(node: Int, path: String)], areAll: Bool
    ) {
        if let results = tape.value(line, "diffResults") {
            guard tape.kind(results) == .object else {
                add(results, "\(path).diffResults", "expected an object", shown: results)
                return ([], false)
            }
            return (list(tape.value(results, "added"), "\(path).diffResults.added"), false)
        }
        guard let action = tape.value(line, "action"), tape.kind(action) == .string else {
            add(line, "\(path).action", "expected added, removed or snapshot")
            return ([], false)
        }
        switch tape.text(action) {
        case "removed": return ([], false)
        case "snapshot":
            if let snapshot = tape.value(line, "snapshot") {
                return (list(snapshot, "\(path).snapshot"), true)
            }
        case "added": break
        default:
            add(action, "\(path).action", "expected added, removed or snapshot", shown: action)
            return ([], false)
        }
        guard let columns = tape.value(line, "columns") else {
            add(line, "\(path).columns", "expected the columns of a row")
            return ([], false)
        }
        return ([(columns, "\(path).columns")], false)
    }

    private mutating func list(_ node: Int?, _ path: String) -> [(node: Int, path: String)] {
        guard let node else { return [] }
        // Versions before 3 write an empty list like this.
        if tape.kind(node) == .string, tape.written(node).isEmpty { return [] }
        guard tape.kind(node) == .array else {
            add(node, path, "expected an array of rows", shown: node)
            return []
        }
        var rows: [(node: Int, path: String)] = []
        tape.forEachItem(node) { number, item in rows.append((item, "\(path)[\(number)]")) }
        return rows
    }
}

extension DevicePosture {
    fileprivate mutating func put(_ fact: OsqueryFact, for item: OsqueryItem, observedAt: Instant) {
        switch (item, fact) {
        case (.antivirus, .time(let made)): antivirus = Item(made, observedAt: observedAt)
        case (.patches, .time(let made)): patches = Item(made, observedAt: observedAt)
        case (.diskEncryption, .yesOrNo(let on)): diskEncryption = Item(on, observedAt: observedAt)
        case (.screenLock, .minutes(let minutes)): screenLockMinutes = Item(minutes, observedAt: observedAt)
        case (.firewall, .yesOrNo(let on)): firewall = Item(on, observedAt: observedAt)
        default: break
        }
    }
}
