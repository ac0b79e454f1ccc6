import Sessions

/// Lets so many lines of a subject through in a period, counts the rest, and says how many they were.
///
/// Subjects are few or bounded by the sessions there are; those without a line for a period are forgotten.
struct LineLimiter<Subject: Hashable & Sendable>: Sendable {
    let lines: Int
    let period: Duration
    private var counts: [Subject: Count] = [:]

    private struct Count {
        var since: Instant
        var passed = 0
        var held = 0
    }

    init(lines: Int, period: Duration) {
        self.lines = lines
        self.period = period
    }

    /// Whether a line of the subject may be written now.
    mutating func admits(_ subject: Subject, at now: Instant) -> Bool {
        var count = counts[subject] ?? Count(since: now)
        defer { counts[subject] = count }
        guard count.passed < lines else {
            count.held += 1
            return false
        }
        count.passed += 1
        return true
    }

    /// The subjects whose period is over and of which lines were held back, with how many. They begin anew.
    mutating func endPeriods(at now: Instant) -> [(subject: Subject, held: Int)] {
        let over = counts.filter { $0.value.since + period <= now || $0.value.since > now }
        for subject in over.keys { counts[subject] = nil }
        return over.filter { $0.value.held > 0 }.map { ($0.key, $0.value.held) }
    }
}
