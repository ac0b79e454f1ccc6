/// How rule files write points in time and lengths of it.
package enum TimeText {
    /// Reads `45s`, `5m`, `12h`, `30d`, and units together, greatest first: `1h30m`. A day is 24 hours. More than
    /// a hundred years is refused, and so is nothing at all.
    package static func duration(_ text: String) -> Duration? {
        let units: [(Character, Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        var left = units[...]
        var digits = ""
        var seconds: Int64 = 0
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = left.firstIndex(where: { $0.0 == character }), digits.utf8.count <= 9,
                let count = Int64(digits)
            else { return nil }
            seconds += count * left[unit].1
            left = left[(unit + 1)...]
            digits = ""
        }
        guard digits.isEmpty, (1...36_525 * 86_400).contains(seconds) else { return nil }
        return .seconds(seconds)
    }

    /// The largest units that say it exactly, as `duration` reads them: `12h`, `1h30m`, `30d`. Fractions of a second
    /// are left out.
    package static func text(_ duration: Duration) -> String {
        var rest = duration.components.seconds
        var text = ""
        for (unit, seconds) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60), ("s", 1)] where rest >= seconds
        {
            text += "\(rest / seconds)\(unit)"
            rest %= seconds
        }
        return text.isEmpty ? "0s" : text
    }

    /// Reads `2026-04-01`.
    package static func date(_ text: String) -> CivilDate? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], digits: 4),
            let month = number(parts[1], digits: 2),
            let day = number(parts[2], digits: 2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// Reads `08:00` as minutes since midnight; `24:00` is the end of the day.
    package static func minuteOfDay(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = number(parts[0], digits: 2),
            let minute = number(parts[1], digits: 2)
        else { return nil }
        return minute < 60 && hour * 60 + minute <= 1440 ? hour * 60 + minute : nil
    }

    /// Reads `mon`, or `mon-fri`; a range may run over the week's end (`sat-mon`).
    package static func weekdays(_ text: String) -> Set<Weekday>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
            Weekday(rawValue: String($0))
        }
        let all = Weekday.allCases
        guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil,
            let start = all.firstIndex(of: first), let end = all.firstIndex(of: last)
        else { return nil }
        let count = (end - start + 7) % 7
        return Set((0...count).map { all[(start + $0) % 7] })
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
