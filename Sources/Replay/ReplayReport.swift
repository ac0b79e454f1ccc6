import Classification
package import NetworkTypes
package import PacketPath
package import PolicyLanguage
package import Sessions

/// What the rules would have done with a recording.
package struct ReplayReport: Sendable {
    /// One destination of one session, with one verdict and reason.
    package struct Row: Sendable {
        /// An index of `sessions`; nil for packets that no session has sent or was sent.
        package let session: Int?
        /// With port 0 where there is none.
        package let destination: Destination
        package let hasPort: Bool
        package internal(set) var outward: Traffic
        package internal(set) var toward: Traffic
        package internal(set) var first: Instant
        package internal(set) var last: Instant
        let explanation: UInt32

        var traffic: Traffic { outward + toward }
    }

    /// What a session was, from an instant on.
    package struct Turn: Sendable {
        package var since: Instant
        /// Nil when it was not there, or no class matched.
        package var className: String?
        package var isThere: Bool
        package var reaches: [String]
        /// What the person is told; empty when there is nothing to tell.
        package var tell: String
    }

    /// Refused packets, by the reason.
    package struct Refusal: Sendable, Hashable {
        package var reason: String
        package var traffic: Traffic
        package var sessions: Int
        /// Rows: destinations of a session.
        package var flows: Int
    }

    package let sessions: [RecordedSession]
    /// By session.
    package let turns: [[Turn]]
    /// Changes of sessions that were too many to keep.
    package let turnsLeftOut: Int
    /// By session, with those of none last; then by destination and time.
    package let rows: [Row]
    private let explanations: [Explanation]
    /// What was of more destinations than are told apart.
    package let others: [RowVerdict: Traffic]
    package let frames: Int
    package let untimedFrames: Int
    package let drops: [DropReason: Int]
    /// Contradictions between the packet path and the decisions, the first few: each is a mistake in gatehouse.
    package let disagreements: [String]
    package let disagreementCount: Int

    init(
        sessions: [RecordedSession], flows: [Flow], explainer: Explainer, standings: Standings,
        history: History, tally: Tally
    ) {
        self.sessions = sessions
        turns = sessions.indices.map { history.turns(of: $0).map { Turn($0, standings) } }
        turnsLeftOut = history.leftOut
        rows = Self.rows(of: flows)
        explanations = explainer.explanations
        others = tally.others
        frames = tally.frames
        untimedFrames = tally.untimed
        drops = tally.drops
        disagreements = explainer.disagreements
        disagreementCount = explainer.disagreementCount
    }

    package func explanation(of row: Row) -> Explanation { explanations[Int(row.explanation)] }

    package func name(of row: Row) -> String { row.session.map { sessions[$0].name } ?? "-" }

    /// Flows that differ in nothing that is shown become one row. In place: there may be a million.
    private static func rows(of flows: [Flow]) -> [Row] {
        var rows = flows.map(Row.init)
        rows.sort { ($0.place, $0.explanation) < ($1.place, $1.explanation) }
        var count = 0
        for index in rows.indices {
            if count > 0, rows[count - 1].isLike(rows[index]) {
                rows[count - 1].add(rows[index])
            } else {
                rows[count] = rows[index]
                count += 1
            }
        }
        rows.removeLast(rows.count - count)
        rows.sort { ($0.place, $0.first, $0.explanation) < ($1.place, $1.first, $1.explanation) }
        return rows
    }

    /// Packets in all, by verdict.
    package var totals: [RowVerdict: Traffic] {
        rows.reduce(into: others) { $0[explanation(of: $1).verdict, default: Traffic()] += $1.traffic }
    }

    /// By packets, the most first.
    package var refusals: [Refusal] {
        // By explanation first: strings are too dear to be compared for a million rows.
        var sums = explanations.map { _ in (traffic: Traffic(), sessions: Set<Int>(), rows: 0) }
        for row in rows {
            let number = Int(row.explanation)
            sums[number].traffic += row.traffic
            if let session = row.session { sums[number].sessions.insert(session) }
            sums[number].rows += 1
        }
        var found: [String: (traffic: Traffic, sessions: Set<Int>, rows: Int)] = [:]
        for (why, sum) in zip(explanations, sums) where why.verdict == .refused {
            let known = found[why.reason] ?? (Traffic(), [], 0)
            found[why.reason] = (
                known.traffic + sum.traffic, known.sessions.union(sum.sessions), known.rows + sum.rows
            )
        }
        return found.map {
            Refusal(
                reason: $0, traffic: $1.traffic, sessions: $1.sessions.count, flows: $1.rows)
        }
        .sorted { ($1.traffic.packets, $0.reason) < ($0.traffic.packets, $1.reason) }
    }
}

extension ReplayReport.Row {
    init(_ flow: Flow) {
        session = flow.key.session
        destination = flow.key.destination
        hasPort = flow.key.hasPort
        outward = flow.outward
        toward = flow.toward
        first = Instant(nanosecondsSince1970: flow.first)
        last = Instant(nanosecondsSince1970: flow.last)
        explanation = flow.explanation
    }

    /// Packets of no session come last.
    fileprivate var place: Place {
        Place(
            session: session ?? .max, address: destination.address, ipProtocol: destination.ipProtocol,
            port: hasPort ? Int(destination.port) : -1)
    }

    fileprivate func isLike(_ other: Self) -> Bool {
        place == other.place && explanation == other.explanation
    }

    fileprivate mutating func add(_ other: Self) {
        outward += other.outward
        toward += other.toward
        first = min(first, other.first)
        last = max(last, other.last)
    }
}

/// Where a row stands.
private struct Place: Comparable {
    var session: Int
    var address: IPAddress
    var ipProtocol: IPProtocol
    var port: Int

    static func < (lhs: Place, rhs: Place) -> Bool {
        (lhs.session, lhs.address, lhs.ipProtocol, lhs.port)
            < (rhs.session, rhs.address, rhs.ipProtocol, rhs.port)
    }
}

extension ReplayReport.Turn {
    init(_ turn: History.Turn, _ standings: Standings) {
        let decision = turn.standing == 0 ? nil : standings[turn.standing].decision
        self.init(
            since: turn.since, className: decision?.className, isThere: decision != nil,
            reaches: decision?.scope.systems ?? [], tell: decision?.tell ?? "")
    }
}
