import NetworkTypes
import PacketPath
import Sessions

/// What recorded traffic one pack refuses that another allows, by session and destination.
package struct TrafficDifference: Sendable, Encodable {
    package enum Change: String, Sendable, Encodable {
        /// Allowed before, refused now.
        case closes
        /// The other way.
        case opens
    }

    /// One destination of one session.
    package struct Row: Sendable, Encodable {
        package var change: Change
        package var session: String
        /// `10.10.0.20:443/tcp`
        package var destination: String
        package var outward: Traffic
        package var toward: Traffic
        package var first: String
        package var last: String
        /// What takes the packets, or why nothing does.
        package var before: Side
        package var after: Side
        /// Nanoseconds since 1970.
        private var times: ClosedRange<Int64>

        package struct Side: Sendable, Hashable, Encodable {
            /// Nil when no class matched.
            package var `class`: String?
            package var systems: [String]
            package var reason: String
        }

        private enum CodingKeys: CodingKey {
            case change, session, destination, outward, toward, first, last, before, after
        }
    }

    /// By session as they were given, what closes first, then by packets.
    package private(set) var rows: [Row]
    package let frames: Int
    /// Of more destinations than are told apart, either way.
    package let others: Traffic
    /// What the recording does not tell under one of the packs.
    package let unclear: Traffic

    init(_ rows: [Row], sessions: [String], frames: Int, others: Traffic, unclear: Traffic) {
        self.frames = frames
        self.others = others
        self.unclear = unclear
        let order = Dictionary(sessions.enumerated().map { ($1, $0) }) { first, _ in first }
        self.rows = Self.merged(rows).sorted { $0.rank(in: order) < $1.rank(in: order) }
    }

    package var isEmpty: Bool { rows.isEmpty && others.packets == 0 }

    /// Packets of a change, and destinations that they are of.
    package func total(_ change: Change) -> (traffic: Traffic, rows: Int) {
        let found = rows.filter { $0.change == change }
        return (found.reduce(Traffic()) { $0 + $1.outward + $1.toward }, found.count)
    }

    /// What differs in nothing that is shown is one row.
    private static func merged(_ rows: [Row]) -> [Row] {
        var found: [Row.Shown: Row] = [:]
        for row in rows { found[row.shown]?.add(row) ?? { found[row.shown] = row }() }
        return Array(found.values)
    }
}

extension TrafficDifference.Row {
    fileprivate struct Shown: Hashable {
        var change: TrafficDifference.Change
        var session: String
        var destination: String
        var before: Side
        var after: Side
    }

    fileprivate var shown: Shown {
        Shown(change: change, session: session, destination: destination, before: before, after: after)
    }

    init(
        _ key: FlowKey, _ count: TrafficComparison.Count, session: String, before: Explanation?,
        after: Explanation?
    ) {
        self.init(
            change: RowVerdict(key.outcome) == .permitted ? .closes : .opens, session: session,
            destination: key.text, outward: count.outward, toward: count.toward, first: "", last: "",
            before: Side(before), after: Side(after), times: count.first...count.last)
        stamp()
    }

    fileprivate mutating func add(_ other: Self) {
        outward += other.outward
        toward += other.toward
        times =
            min(times.lowerBound, other.times.lowerBound)...max(times.upperBound, other.times.upperBound)
        stamp()
    }

    private mutating func stamp() {
        first = Instant(nanosecondsSince1970: times.lowerBound).description
        last = Instant(nanosecondsSince1970: times.upperBound).description
    }

    fileprivate func rank(in order: [String: Int]) -> (Int, Int, UInt64, String) {
        (
            order[session] ?? .max, change == .closes ? 0 : 1, .max - (outward.packets + toward.packets),
            destination
        )
    }
}

extension TrafficDifference.Row.Side {
    fileprivate init(_ explanation: Explanation?) {
        self.init(
            class: explanation?.className, systems: explanation?.systems ?? [],
            reason: explanation?.reason ?? "one of more flows than are told apart")
    }

    fileprivate var text: String {
        let name = `class` ?? "no class"
        return reason.isEmpty ? "\(name): \(systems.joined(separator: ", "))" : "\(name): \(reason)"
    }
}

extension FlowKey {
    /// Without the port where no packet had one.
    fileprivate var text: String {
        let destination = destination
        return hasPort || !destination.ipProtocol.hasPorts
            ? destination.description : "\(destination.address)/\(destination.ipProtocol)"
    }
}

extension TrafficDifference {
    /// Writes it for people, line by line, without line ends.
    package func write(_ line: (String) -> Void) {
        line("recorded traffic: \(frames) frames; \(words(.closes)); \(words(.opens))")
        if !rows.isEmpty {
            line("")
            let header = ["", "session", "destination", "out", "in", "before", "after"]
            TextTable(header, numbers: [3, 4], rowCount: rows.count) { cells(rows[$0]) }.write(line)
        }
        if others.packets > 0 {
            line("and \(others.packets) packets more, of more destinations than are told apart")
        }
        if unclear.packets > 0 {
            line("of \(unclear.packets) packets the recording does not tell, under one of the packs")
        }
    }

    private func words(_ change: Change) -> String {
        let (traffic, rows) = total(change)
        let what = change == .closes ? "refused that are allowed now" : "allowed that are refused now"
        guard traffic.packets > 0 else { return "no packets would be \(what)" }
        let packets = traffic.packets == 1 ? "1 packet" : "\(traffic.packets) packets"
        return "\(packets) to \(rows) destination\(rows == 1 ? "" : "s") would be \(what)"
    }

    private func cells(_ row: Row) -> [String] {
        [
            row.change == .closes ? "-" : "+", row.session, row.destination, "\(row.outward.packets)",
            "\(row.toward.packets)", row.before.text, row.after.text,
        ]
    }
}
