import Sessions
import Testing

/// How rule files write times.
struct TimeTextTests {
    static let durations: [(text: String, seconds: Int64?)] = [
        ("45s", 45), ("5m", 300), ("12h", 43_200), ("30d", 2_592_000), ("1h30m", 5400), ("1d2h3m4s", 93_784),
        ("90m", 5400),
        // Nothing, no unit, no number, no order, not twice, no sign, no fraction, no space, not for ever.
        ("", nil), ("12", nil), ("h", nil), ("30m1h", nil), ("1h1h", nil), ("-5m", nil), ("1.5h", nil),
        ("12 h", nil),
        ("0s", nil), ("36526d", nil), ("999999999999h", nil), ("12H", nil), ("١h", nil), ("1w", nil),
    ]

    @Test(arguments: durations) func readsDurations(example: (text: String, seconds: Int64?)) {
        #expect(TimeText.duration(example.text) == example.seconds.map { .seconds($0) })
    }

    @Test(arguments: durations) func writesDurationsThatReadAlike(
        example: (text: String, seconds: Int64?)
    ) {
        guard let seconds = example.seconds else { return }
        #expect(TimeText.duration(TimeText.text(.seconds(seconds))) == .seconds(seconds))
    }

    @Test func writesTheLargestUnits() {
        #expect(TimeText.text(.seconds(1800)) == "30m")
        #expect(TimeText.text(.seconds(93_784)) == "1d2h3m4s")
        #expect(TimeText.text(.zero) == "0s")
    }

    static let weekdays: [(text: String, days: String?)] = [
        ("mon", "mon"), ("mon-fri", "mon tue wed thu fri"), ("sat-mon", "mon sat sun"),
        ("sun-sat", "mon tue wed thu fri sat sun"),
        ("wed-wed", "wed"), ("Mon", nil), ("monday", nil), ("mon-", nil), ("-", nil), ("mon-tue-wed", nil),
        ("", nil),
    ]

    @Test(arguments: weekdays) func readsDays(example: (text: String, days: String?)) {
        let days = TimeText.weekdays(example.text).map { set in
            Weekday.allCases.filter(set.contains).map(\.rawValue).joined(separator: " ")
        }
        #expect(days == example.days)
    }

    @Test(
        arguments: [
            ("00:00", 0), ("08:30", 510), ("23:59", 1439), ("24:00", 1440), ("24:01", nil), ("8:00", nil),
            ("08:60", nil),
            ("08", nil), ("08:00:00", nil), ("", nil), ("+8:00", nil),
        ] as [(String, Int?)]) func readsTimesOfDay(text: String, minutes: Int?)
    {
        #expect(TimeText.minuteOfDay(text) == minutes)
    }

    /// Every day of four and a half centuries there and back.
    @Test func daysAndDatesAgree() throws {
        var date = try #require(CivilDate(year: 1800, month: 1, day: 1))
        for _ in 0..<168_000 {
            let (year, month, day) = date.components
            let back = CivilDate(year: year, month: month, day: day)
            if back != date {
                Issue.record("\(date) is \(year)-\(month)-\(day), which is \(String(describing: back))")
            }
            date = date.adding(days: 1)
        }
        #expect(CivilDate(year: 2026, month: 11, day: 21)?.weekday == .sat)
        #expect(CivilDate(dayNumber: -1).weekday == .wed)
    }
}
