extension TimeText {
    /// Reads a time by RFC 3339, §5.6: `2026-11-21T10:00:00Z`, `2026-11-21t10:42:38.123+01:00`.
    ///
    /// - The offset must be there, as `Z` or in hours and minutes.
    /// - Seconds may have a fraction, behind a point and of at least one digit. Nine digits count; further ones are cut
    ///   off, never rounded. A comma, which ISO 8601 knows, is not of RFC 3339.
    /// - `T` and `Z` may be small letters (§5.6). A space in place of the `T` is what the RFC lets others read; here it
    ///   is refused.
    /// - The second 60 is read where a leap second may be (§5.7): the last of a month, in UTC. Civil time as it is kept
    ///   here has no such second, and it is the first of the next day, as POSIX has it.
    /// - Years are 1678 to 2261: `Instant` ends there.
    ///
    /// Beyond the RFC, seconds may be left out: people write rule files.
    package static func timestamp(_ text: String) -> Instant? {
        TimestampReader(rest: text.utf8[...]).timestamp(needsSeconds: false)
    }

    /// The same of bytes. Programs leave nothing out: a time without seconds is refused.
    package static func timestamp(_ text: ArraySlice<UInt8>) -> Instant? {
        TimestampReader(rest: text).timestamp(needsSeconds: true)
    }
}

/// Bytes that are read from the front. Cost: one look at each, and no memory.
private struct TimestampReader<Bytes: Collection<UInt8>> where Bytes.SubSequence == Bytes {
    var rest: Bytes

    consuming func timestamp(needsSeconds: Bool) -> Instant? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            let date = CivilDate(year: year, month: month, day: day), take("T") || take("t"),
            let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60,
            let second = second(isNeeded: needsSeconds), let offset = offset(), rest.isEmpty
        else { return nil }
        let seconds = date.dayNumber * 86_400 + hour * 3600 + minute * 60 + second.whole - offset
        if second.whole == 60, !Self.followsLeapSecond(seconds) { return nil }
        return Instant(secondsSince1970: Int64(seconds)) + .nanoseconds(second.nanoseconds)
    }

    /// Whether a month of UTC begins there. Which months end with a leap second is made known half a year ahead, so a
    /// table of them would be out of date.
    private static func followsLeapSecond(_ seconds: Int) -> Bool {
        seconds.isMultiple(of: 86_400) && CivilDate(dayNumber: seconds / 86_400).components.day == 1
    }

    private mutating func second(isNeeded: Bool) -> (whole: Int, nanoseconds: Int)? {
        guard take(":") else { return isNeeded ? nil : (0, 0) }
        guard let second = number(2), second <= 60 else { return nil }
        guard take(".") else { return (second, 0) }
        var nanoseconds = 0
        var unit = 1_000_000_000
        var isEmpty = true
        while let digit = rest.first, (48...57).contains(digit) {
            unit /= 10
            nanoseconds += Int(digit - 48) * unit
            isEmpty = false
            rest = rest.dropFirst()
        }
        return isEmpty ? nil : (second, nanoseconds)
    }

    /// In seconds, east of Greenwich.
    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hour = number(2), hour < 24, take(":"), let minute = number(2),
            minute < 60
        else { return nil }
        return (hour * 60 + minute) * (isWest ? -60 : 60)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func number(_ digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = rest.first, (48...57).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
            rest = rest.dropFirst()
        }
        return value
    }
}
