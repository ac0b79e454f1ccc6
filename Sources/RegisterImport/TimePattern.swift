import PolicyLanguage
import Sessions

/// How a program writes times, in the letters that Unicode's date patterns use (UTS 35): `dd/MM/yyyy HH:mm`.
///
/// `yyyy`; `MM`, `M` or `MMM` (Jan, in English); `dd` or `d`; `HH`, `H`, or `hh`, `h` with `a` (AM or PM); `mm`, `m`;
/// `ss`, `s`; `S` for any number of digits of a fraction, which is left out. Text in single quotes stands for itself,
/// and so does every character that is no letter.
struct TimePattern: Sendable, Hashable {
    private enum Part: Hashable {
        case year
        case month(ClosedRange<Int>)
        case monthName
        case day(ClosedRange<Int>)
        case hour(ClosedRange<Int>)
        case hourOfHalf(ClosedRange<Int>)
        case minute(ClosedRange<Int>)
        case second(ClosedRange<Int>)
        case fraction
        case half
        case literal(Unicode.Scalar)
    }

    let text: String
    private let parts: [Part]

    /// What a pattern may say, for messages.
    static let expected = "a pattern such as dd/MM/yyyy HH:mm, of yyyy, MM, dd, HH, mm, ss and the like"

    /// Nil unless it says a whole date, a whole time of day or none, and nothing twice.
    init?(_ text: String) {
        guard text.utf8.count <= 64, let parts = Self.parts(of: text) else { return nil }
        func count(_ isMeant: (Part) -> Bool) -> Int { parts.count(where: isMeant) }
        let years = count { $0 == .year }
        let months = count { if case .month = $0 { true } else { $0 == .monthName } }
        let days = count { if case .day = $0 { true } else { false } }
        let hours = count { if case .hour = $0 { true } else { false } }
        let halfHours = count { if case .hourOfHalf = $0 { true } else { false } }
        let halves = count { $0 == .half }
        let minutes = count { if case .minute = $0 { true } else { false } }
        let seconds = count { if case .second = $0 { true } else { false } }
        let fractions = count { $0 == .fraction }
        guard years == 1, months == 1, days == 1, hours + halfHours <= 1, halfHours == halves,
            minutes == hours + halfHours, seconds <= minutes, fractions <= seconds
        else { return nil }
        self.text = text
        self.parts = parts
    }

    /// Whether it says a time of day.
    var hasTime: Bool { parts.contains { if case .minute = $0 { true } else { false } } }

    private static func parts(of text: String) -> [Part]? {
        var parts: [Part] = []
        var rest = Array(text.unicodeScalars)[...]
        while let letter = rest.first {
            if letter == "'" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "'") else { return nil }
                parts += end == rest.startIndex ? [.literal("'")] : rest[..<end].map(Part.literal)
                rest = rest[(end + 1)...]
                continue
            }
            guard letter.properties.isAlphabetic else {
                parts.append(.literal(letter))
                rest = rest.dropFirst()
                continue
            }
            let run = rest.prefix { $0 == letter }
            rest = rest.dropFirst(run.count)
            guard let part = part(letter, count: run.count) else { return nil }
            parts.append(part)
        }
        return parts
    }

    private static func part(_ letter: Unicode.Scalar, count: Int) -> Part? {
        let digits = count == 1 ? 1...2 : 2...2
        return switch (letter, count) {
        case ("y", 4): .year
        case ("M", 1...2): .month(digits)
        case ("M", 3): .monthName
        case ("d", 1...2): .day(digits)
        case ("H", 1...2): .hour(digits)
        case ("h", 1...2): .hourOfHalf(digits)
        case ("m", 1...2): .minute(digits)
        case ("s", 1...2): .second(digits)
        case ("S", _): .fraction
        case ("a", 1): .half
        default: nil
        }
    }

    /// The day and the second of it; nil for a text of another form, and for a day that the calendar does not have.
    func read(_ text: String) -> (date: CivilDate, second: Int)? {
        var rest = text.unicodeScalars[...]
        var (year, month, day, hour, minute, second) = (0, 0, 0, 0, 0, 0)
        var isAfternoon: Bool?
        for part in parts {
            switch part {
            case .year: year = Self.number(&rest, 4...4) ?? -1
            case .month(let digits): month = Self.number(&rest, digits) ?? -1
            case .monthName: month = Self.monthNumber(&rest) ?? -1
            case .day(let digits): day = Self.number(&rest, digits) ?? -1
            case .hour(let digits): hour = Self.number(&rest, digits) ?? -1
            case .hourOfHalf(let digits):
                hour = Self.number(&rest, digits) ?? -1
                guard (1...12).contains(hour) else { return nil }
                hour %= 12
            case .minute(let digits): minute = Self.number(&rest, digits) ?? -1
            case .second(let digits): second = Self.number(&rest, digits) ?? -1
            case .fraction: if Self.number(&rest, 1...9) == nil { return nil }
            case .half:
                switch String(rest.prefix(2)).lowercased() {
                case "am": isAfternoon = false
                case "pm": isAfternoon = true
                default: return nil
                }
                rest = rest.dropFirst(2)
            case .literal(let literal):
                guard let next = rest.popFirst(), Self.isSame(next, literal) else { return nil }
            }
        }
        guard rest.isEmpty, (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        if isAfternoon == true { hour += 12 }
        return (date, hour * 3600 + minute * 60 + second)
    }

    /// Browsers put a narrow space that does not break before AM and PM (since ICU 72): a space is a space.
    private static func isSame(_ found: Unicode.Scalar, _ wanted: Unicode.Scalar) -> Bool {
        found == wanted || wanted == " " && (found == "\u{A0}" || found == "\u{202F}")
    }

    private static func number(
        _ rest: inout Substring.UnicodeScalarView, _ digits: ClosedRange<Int>
    ) -> Int? {
        var (value, count) = (0, 0)
        while count < digits.upperBound, let next = rest.first, ("0"..."9").contains(next) {
            value = value * 10 + Int(next.value - 48)
            count += 1
            rest.removeFirst()
        }
        return count >= digits.lowerBound ? value : nil
    }

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static func monthNumber(_ rest: inout Substring.UnicodeScalarView) -> Int? {
        guard let index = monthNames.firstIndex(of: String(rest.prefix(3)).lowercased()) else { return nil }
        rest = rest.dropFirst(3)
        return index + 1
    }
}
