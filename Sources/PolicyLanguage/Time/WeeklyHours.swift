package import Sessions

/// Hours of the week during which something is allowed, by the wall clock of one time zone.
///
/// Hours that end before they begin run overnight: they belong to the day on which they begin. Where the clock
/// changes, they begin with the first reading of `from` (or the first instant after a gap that swallowed it) and end
/// when the clock has shown the last time before `to`. So a fold lengthens hours that it falls into, and a gap
/// shortens them: whoever is told "until 02:00" is let in until no clock shows less, and no longer.
package struct WeeklyHours: Sendable, Hashable {
    package let days: Set<Weekday>
    /// Minutes since midnight: 0 to 1439.
    package let from: Int
    /// Minutes since midnight: 1 to 1440, or before `from` for hours that run overnight.
    package let to: Int
    package let clock: ZoneClock

    /// Returns nil without days, for times outside the day, and for hours that end when they begin: nobody can tell
    /// whether none or all day was meant.
    package init?(days: Set<Weekday>, from: Int, to: Int, clock: ZoneClock) {
        guard !days.isEmpty, (0..<1440).contains(from), (0...1440).contains(to), from != to else {
            return nil
        }
        self.days = days
        self.from = from
        self.to = to
        self.clock = clock
    }

    private var isOvernight: Bool { to < from }

    /// Whether an instant is within the hours, and the exact next instant at which that changes.
    ///
    /// `until` is the end of time when it never changes (every day from 00:00 to 24:00).
    package func judge(at now: Instant) -> (within: Bool, until: Instant) {
        let end = Instant(nanosecondsSince1970: .max)
        if days.count == 7, from == 0, to == 1440 { return (true, end) }
        // Two days back, for hours that run overnight into today; sixteen ahead, since a skipped day can put off
        // the only day of the week to the week after.
        let today = clock.date(at: now)
        var covered = now
        for date in (-2...16).lazy.map(today.adding(days:)) where days.contains(date.weekday) {
            let hours = interval(beginningOn: date)
            if hours.until <= covered || hours.until <= hours.from { continue }
            if hours.from > covered { return covered == now ? (false, hours.from) : (true, covered) }
            covered = hours.until
        }
        return covered == now ? (false, end) : (true, covered)
    }

    /// Half-open. Empty when a gap swallowed it.
    private func interval(beginningOn date: CivilDate) -> (from: Instant, until: Instant) {
        (clock.first(date, minute: from), clock.last(isOvernight ? date.adding(days: 1) : date, minute: to))
    }
}
