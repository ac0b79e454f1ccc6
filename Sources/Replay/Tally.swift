import PacketPath
import Sessions

/// What is counted beside the flows.
struct Tally {
    var frames = 0
    /// Frames without a time stamp.
    var untimed = 0
    var drops: [DropReason: Int] = [:]
    /// Packets of flows beyond the limit.
    private(set) var others: [RowVerdict: Traffic] = [:]

    mutating func leaveOut(_ outcome: Outcome, _ octets: UInt32) {
        others[RowVerdict(outcome), default: Traffic()].count(octets)
    }
}

/// When sessions came to be what they are, for people: the first ten thousand changes.
struct History {
    struct Turn {
        var session: Int
        /// 0 while the session is not there.
        var standing: UInt32
        var since: Instant
    }

    private var turns: [Turn] = []
    private var last: [Int: UInt32] = [:]
    private(set) var leftOut = 0

    private static let most = 10_000

    mutating func note(_ session: Int, _ standing: UInt32, since: Instant) {
        guard last[session, default: 0] != standing else { return }
        last[session] = standing
        guard turns.count < Self.most else { return leftOut += 1 }
        turns.append(Turn(session: session, standing: standing, since: since))
    }

    /// A session's changes, by time. Frames out of order make the same change more than once: it is told once.
    func turns(of session: Int) -> [Turn] {
        var told: [Turn] = []
        for turn in turns.filter({ $0.session == session }).sorted(by: { $0.since < $1.since })
        where told.last?.standing != turn.standing {
            told.append(turn)
        }
        return told
    }
}
