extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC, to the second: `2026-11-21T10:00:00Z`.
    package var description: String {
        let seconds = Int(secondsSince1970)
        let date = CivilDate(dayNumber: (seconds >= 0 ? seconds : seconds - 86_399) / 86_400)
        let second = seconds - date.dayNumber * 86_400
        let time = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }
        return "\(date)T\(time.joined(separator: ":"))Z"
    }
}

extension CivilDate: CustomStringConvertible {
    /// As rule files write it: `2026-11-21`.
    package var description: String {
        let (year, month, day) = components
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
