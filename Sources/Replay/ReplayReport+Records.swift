import NetworkTypes
import PacketPath
import PolicyLanguage
import Sessions

/// The report for programs. The flows are records of their own, so that a million of them need not be in memory as
/// text at once.
extension ReplayReport {
    /// Everything but the flows.
    package struct Summary: Encodable {
        struct Session: Encodable {
            var name: String
            var addresses: [String]
            var from: String?
            var until: String?
            var decisions: [Decision]
        }

        struct Decision: Encodable {
            var since: String
            /// False from the end of the session on.
            var there: Bool
            var `class`: String?
            var reaches: [String]
            var tell: String
        }

        struct Totals: Encodable {
            var frames: Int
            var flows: Int
            var permitted: Traffic
            var refused: Traffic
            var cannotTell: Traffic
            /// Of the above, what was of more flows than are told apart.
            var others: Traffic
            var untimedFrames: Int
        }

        struct Refusal: Encodable {
            var reason: String
            var traffic: Traffic
            var sessions: Int
            var flows: Int
        }

        var sessions: [Session]
        var sessionsGiven: Bool
        var totals: Totals
        var refused: [Refusal]
        /// Frames that were not decoded, by reason.
        var drops: [String: Int]
        var disagreements: [String]
    }

    package struct FlowRecord: Encodable {
        /// Left out where there is none; so are `port` and `class`.
        var session: String?
        var destination: String
        var address: String
        var `protocol`: String
        var port: UInt16?
        var out: Traffic
        var `in`: Traffic
        var first: String
        var last: String
        var verdict: RowVerdict
        var `class`: String?
        var systems: [String]
        var clauses: [String]
        var reachedBy: [String]
        var reason: String
    }

    package var summary: Summary {
        let totals = totals
        return Summary(
            sessions: sessions.indices.map(record), sessionsGiven: !sessions.isEmpty,
            totals: Summary.Totals(
                frames: frames, flows: rows.count, permitted: totals[.permitted, default: Traffic()],
                refused: totals[.refused, default: Traffic()],
                cannotTell: totals[.cannotTell, default: Traffic()],
                others: others.values.reduce(Traffic(), +), untimedFrames: untimedFrames),
            refused: refusals.map {
                Summary.Refusal(
                    reason: $0.reason, traffic: $0.traffic, sessions: $0.sessions,
                    flows: $0.flows)
            },
            drops: Dictionary(drops.map { ($0.key.description, $0.value) }) { $0 + $1 },
            disagreements: disagreements)
    }

    private func record(_ session: Int) -> Summary.Session {
        let recorded = sessions[session]
        return Summary.Session(
            name: recorded.name, addresses: recorded.addresses.map(\.description),
            from: recorded.from?.description, until: recorded.until?.description,
            decisions: turns[session].map {
                Summary.Decision(
                    since: $0.since.description, there: $0.isThere, class: $0.className,
                    reaches: $0.reaches, tell: $0.tell)
            })
    }

    package func record(of row: Row) -> FlowRecord {
        let why = explanation(of: row)
        return FlowRecord(
            session: row.session.map { sessions[$0].name }, destination: text(of: row),
            address: row.destination.address.description,
            protocol: row.destination.ipProtocol.description,
            port: row.hasPort ? row.destination.port : nil, out: row.outward, in: row.toward,
            first: row.first.description, last: row.last.description, verdict: why.verdict,
            class: why.className, systems: why.systems, clauses: why.cites, reachedBy: why.reachedBy,
            reason: why.reason)
    }
}
