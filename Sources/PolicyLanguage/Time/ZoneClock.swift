package import Foundation
package import Sessions

/// The clock on a wall in one time zone: which instants belong to what it reads.
///
/// A wall clock may skip readings (a gap, in spring) and show some twice (a fold, in autumn). Two questions have one
/// answer each all the same: when it first reads a time or later, and from when on it never reads earlier again.
/// Both are exact to the second. At most one change of offset within 26 hours of a reading is expected: the
/// database of time zones has had no two so near since 1970.
package struct ZoneClock: Sendable, Hashable {
    package let zone: TimeZone

    /// Takes the names of the IANA database (`Europe/London`) and `UTC`; nil for others, offsets such as `GMT+3`
    /// and abbreviations such as `EST` among them: they do not say when the clock changes.
    package init?(named name: String) {
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
    }

    private init() { zone = .gmt }

    package static let utc = ZoneClock()

    /// Names to suggest when one is not known.
    package static var knownNames: [String] { TimeZone.knownTimeZoneIdentifiers + ["UTC"] }

    /// Seconds that the clock is ahead of UTC.
    func offset(at seconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }

    /// The day that the clock shows.
    package func date(at instant: Instant) -> CivilDate {
        let seconds = instant.secondsSince1970
        let reading = seconds + offset(at: seconds)
        return CivilDate(dayNumber: Int((Double(reading) / 86_400).rounded(.down)))
    }

    /// The first instant at which the clock reads this time of this day, or later. In a gap: the first after it.
    package func first(_ date: CivilDate, minute: Int = 0) -> Instant {
        let reading = Self.reading(date, minute)
        let change = change(around: reading)
        let before = reading - change.offsetBefore
        if before < change.at { return Instant(secondsSince1970: before) }
        return Instant(secondsSince1970: max(change.at, reading - change.offsetAfter))
    }

    /// The first instant from which on the clock never reads earlier than this. Inside a fold: the second of the two;
    /// where a fold begins, the first, since the clock goes back to this reading and no further.
    package func last(_ date: CivilDate, minute: Int = 0) -> Instant {
        let reading = Self.reading(date, minute)
        let change = change(around: reading)
        let after = reading - change.offsetAfter
        if after > change.at { return Instant(secondsSince1970: after) }
        return Instant(secondsSince1970: min(change.at, reading - change.offsetBefore))
    }

    private static func reading(_ date: CivilDate, _ minute: Int) -> Int64 {
        Int64(date.dayNumber) * 86_400 + Int64(minute) * 60
    }

    /// The instant, within a day and a bit of a reading, at which the offset changes, and both offsets. Without a
    /// change the offsets are equal and the instant is of no account.
    ///
    /// 26 hours: no offset has ever been further from UTC than 15:13:42, and Samoa once skipped a whole day.
    private func change(around reading: Int64) -> (at: Int64, offsetBefore: Int64, offsetAfter: Int64) {
        var low = reading - 26 * 3600
        var high = reading + 26 * 3600
        let before = offset(at: low)
        let after = offset(at: high)
        if before == after { return (high, before, after) }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(at: middle) == before { low = middle } else { high = middle }
        }
        return (high, before, after)
    }
}
