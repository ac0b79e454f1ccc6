import Sessions

/// How far the packet path has looked at one tunnel without a gap, and whose idle time to look at when.
struct TunnelWatch: Sendable {
    /// The beginning of what was looked at without a gap; nil before the first report.
    private(set) var since: Instant?
    /// Its end.
    private(set) var through: Instant?
    /// When to look at a session's idle time: never after it can have run out. Use does not move these, or each report
    /// would sort every session anew; who was used meanwhile is found out when its turn comes, and waits again.
    private var checks = DeadlineQueue<Instant>()

    /// Takes a report. Where it does not join the last one, or is too long to be believed, watching begins anew.
    mutating func extend(from: Instant, through end: Instant) {
        let isBelievable = from <= end && end - from <= Observation.longestReport
        if !isBelievable {
            since = end
        } else if let through, from <= through, through <= end {
            since = since ?? from
        } else {
            since = from
        }
        through = end
    }

    /// Makes sure that the session is looked at when its idle time ends, or before; nil for never.
    mutating func check(_ slot: Int, by end: Instant?) {
        if let end, let set = checks[slot], set <= end { return }
        checks.set(end, for: slot)
    }

    /// Slots of sessions whose turn has come, as far as was looked.
    mutating func popDue() -> [Int] {
        guard let through else { return [] }
        return checks.popDue(at: through)
    }
}
