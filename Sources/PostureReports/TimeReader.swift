internal import Sessions

/// Points in time and lengths of it, as agents write them.
enum TimeReader {
    /// RFC 3339: `2026-11-21T10:00:00Z`, with a fraction of a second or without, with an offset or `Z`. Seconds must be
    /// there, `T` and `Z` are upper case, and no leap second is named.
    ///
    /// Not `TimeText`, which reads what people write in rule files: every JavaScript agent sends milliseconds.
    static func timestamp(_ text: ArraySlice<UInt8>) -> Instant? {
        var rest = text
        guard let year = number(&rest, 4), take(&rest, "-"), let month = number(&rest, 2), take(&rest, "-"),
            let day = number(&rest, 2), take(&rest, "T"), let hour = number(&rest, 2), take(&rest, ":"),
            let minute = number(&rest, 2), take(&rest, ":"), let second = number(&rest, 2),
            let fraction = fraction(&rest), let offset = offset(&rest), rest.isEmpty, hour < 24, minute < 60,
            second < 60, let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        let seconds = date.dayNumber * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Instant(secondsSince1970: Int64(seconds)) + .nanoseconds(fraction)
    }

    /// A length of time such as `5h` or `1d12h`; `0s` for none, and at most a hundred years.
    static func duration(_ text: String) -> Duration? { text == "0s" ? .zero : TimeText.duration(text) }

    /// Seconds since 1970 from 1 to 9,000,000,000 (the year 2255), as digits alone. 0 is how agents say "never".
    static func seconds(_ text: ArraySlice<UInt8>) -> Instant? {
        guard (1...10).contains(text.count) else { return nil }
        var seconds: Int64 = 0
        for digit in text {
            guard (48...57).contains(digit) else { return nil }
            seconds = seconds * 10 + Int64(digit - 48)
        }
        return (1...9_000_000_000).contains(seconds) ? Instant(secondsSince1970: seconds) : nil
    }

    /// Nanoseconds of one to nine digits; zero when there is no fraction.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard take(&rest, ".") else { return 0 }
        var value: Int64 = 0
        var digits = 0
        while let digit = rest.first, (48...57).contains(digit), digits < 9 {
            value = value * 10 + Int64(digit - 48)
            digits += 1
            rest = rest.dropFirst()
        }
        guard digits > 0 else { return nil }
        for _ in digits..<9 { value *= 10 }
        return value
    }

    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if take(&rest, "Z") { return 0 }
        let isWest = take(&rest, "-")
        guard isWest || take(&rest, "+"), let hour = number(&rest, 2), take(&rest, ":"),
            let minute = number(&rest, 2), hour < 24, minute < 60
        else { return nil }
        return (hour * 60 + minute) * (isWest ? -60 : 60)
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
        guard rest.count >= digits else { return nil }
        var value = 0
        for digit in rest.prefix(digits) {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        rest = rest.dropFirst(digits)
        return value
    }
}
