internal import Sessions

/// Points in time and lengths of it, as agents write them. RFC 3339 is ``TimeText``'s.
enum TimeReader {
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
}
