import Foundation
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// Hours of the week against a model that looks at the wall clock minute by minute.
struct WeeklyHoursTests {
    static let zones: [(name: String, year: Int)] = [
        ("Europe/London", 2026), ("America/New_York", 2026), ("Australia/Lord_Howe", 2026),
        ("Asia/Kolkata", 2026),
        // The zone left out 30 December 2011 whole.
        ("Pacific/Apia", 2011), ("America/Sao_Paulo", 2018), ("Africa/Casablanca", 2026),
        ("Europe/London", 1971),
    ]

    @Test(arguments: zones) func agreesWithTheMinuteByMinuteModel(zone: (name: String, year: Int)) throws {
        let seed = UInt64(20_261_121) + UInt64(zone.year)
        var random = Seeded(seed)
        let clock = try #require(ZoneClock(named: zone.name))
        let model = try Model(clock: clock, year: zone.year)
        for _ in 0..<10 {
            let hours = Self.random(clock: clock, by: &random)
            let open = model.open(hours)
            let next = Self.nextChanges(open)
            for minute in 0..<(model.count - 25 * 1440) where random.next() % 211 == 0 {
                let now = model.instant(minute)
                let judged = hours.judge(at: now)
                #expect(
                    judged.within == open[minute] && judged.until == model.instant(next[minute]),
                    "\(zone) \(hours.days) \(hours.from)-\(hours.to) at \(now.secondsSince1970), seed \(seed)"
                )
                if judged.within != open[minute] || judged.until != model.instant(next[minute]) { return }
            }
        }
    }

    /// Half of them near the hours at which clocks change.
    private static func random(clock: ZoneClock, by random: inout Seeded) -> WeeklyHours {
        while true {
            let days = Set(Weekday.allCases.filter { _ in random.next() % 3 > 0 })
            let span: UInt64 = random.next() % 2 == 0 ? 1441 : 241
            let grain = random.next() % 2 == 0 ? 1 : 30
            let from = Int(random.next() % span) / grain * grain
            let to = Int(random.next() % span) / grain * grain
            if let hours = WeeklyHours(days: days, from: from, to: to, clock: clock),
                hours.days.count < 7 || from > 0
            {
                return hours
            }
        }
    }

    private static func nextChanges(_ open: [Bool]) -> [Int] {
        var next = Array(repeating: open.count, count: open.count)
        for minute in open.indices.dropLast().reversed() {
            next[minute] = open[minute + 1] == open[minute] ? next[minute + 1] : minute + 1
        }
        return next
    }

    /// The wall clock at every minute of a year and a few weeks. Hours begin when it first shows `from` or later, and
    /// end when it last shows less than `to`.
    private struct Model {
        let start: Int64
        let readings: [Int64]
        var count: Int { readings.count }

        init(clock: ZoneClock, year: Int) throws {
            let first = try #require(CivilDate(year: year, month: 1, day: 1))
            start = clock.first(first).secondsSince1970
            let zone = clock.zone
            let start = start
            readings = (0..<(400 * 1440)).map { minute in
                let seconds = start + Int64(minute) * 60
                let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
                return (seconds + Int64(offset)) / 60
            }
        }

        func instant(_ minute: Int) -> Instant { Instant(secondsSince1970: start + Int64(minute) * 60) }

        func open(_ hours: WeeklyHours) -> [Bool] {
            // For each reading, the first minute that shows it or more, and the last that shows less.
            var open = Array(repeating: false, count: count)
            let firstDay = readings[0] / 1440
            for day in (firstDay - 2)...(readings[count - 1] / 1440) {
                guard hours.days.contains(CivilDate(dayNumber: Int(day)).weekday) else { continue }
                let from = day * 1440 + Int64(hours.from)
                let to = day * 1440 + Int64(hours.to) + (hours.to < hours.from ? 1440 : 0)
                // No clock strays further from where it stood at New Year than Samoa's day.
                let low = max(0, Int(from - readings[0]) - 1500)
                let high = min(count, Int(to - readings[0]) + 1500)
                guard low < high, let begin = (low..<high).first(where: { readings[$0] >= from }),
                    let last = (low..<high).last(where: { readings[$0] < to }), begin <= last
                else { continue }
                for minute in begin...last { open[minute] = true }
            }
            return open
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let zone: String
        let from: Int
        let to: Int
        let at: String
        let within: Bool
        let until: String
        let why: String

        init(_ zone: String, _ from: Int, _ to: Int, at: String, _ within: Bool, until: String, _ why: String)
        {
            (self.zone, self.from, self.to, self.at, self.within, self.until, self.why) =
                (zone, from, to, at, within, until, why)
        }

        var testDescription: String { why }
    }

    /// Sundays, on which clocks change in London: 29 March and 25 October 2026.
    static let sundays: [Case] = [
        Case(
            "Europe/London", 480, 1080, at: "2026-11-22T07:59:59Z", false, until: "2026-11-22T08:00:00Z",
            "before"),
        Case(
            "Europe/London", 480, 1080, at: "2026-11-22T08:00:00Z", true, until: "2026-11-22T18:00:00Z",
            "from"),
        Case(
            "Europe/London", 480, 1080, at: "2026-11-22T18:00:00Z", false, until: "2026-11-29T08:00:00Z", "to"
        ),
        Case(
            "Europe/London", 480, 1080, at: "2026-06-07T07:00:00Z", true, until: "2026-06-07T17:00:00Z",
            "summer"),
        Case(
            "Europe/London", 75, 180, at: "2026-03-29T00:59:59Z", false, until: "2026-03-29T01:00:00Z",
            "from in gap"),
        Case(
            "Europe/London", 0, 75, at: "2026-03-29T00:30:00Z", true, until: "2026-03-29T01:00:00Z",
            "to in gap"),
        Case(
            "Europe/London", 65, 75, at: "2026-03-29T00:30:00Z", false, until: "2026-04-05T00:05:00Z",
            "all in gap"),
        Case(
            "Europe/London", 75, 180, at: "2026-10-25T00:15:00Z", true, until: "2026-10-25T03:00:00Z",
            "from in fold"),
        Case(
            "Europe/London", 0, 75, at: "2026-10-25T00:20:00Z", true, until: "2026-10-25T01:15:00Z",
            "to in fold"),
        Case(
            "Europe/London", 0, 60, at: "2026-10-24T23:30:00Z", true, until: "2026-10-25T00:00:00Z",
            "to where the fold begins"),
        Case(
            "Europe/London", 0, 60, at: "2026-10-25T00:30:00Z", false, until: "2026-11-01T00:00:00Z",
            "and within it"),
        Case(
            "Europe/London", 120, 180, at: "2026-10-25T01:30:00Z", false, until: "2026-10-25T02:00:00Z",
            "from where the fold ends"),
        Case(
            "Europe/London", 1380, 60, at: "2026-11-22T23:30:00Z", true, until: "2026-11-23T01:00:00Z",
            "overnight"),
        Case(
            "Europe/London", 1380, 60, at: "2026-11-23T00:59:00Z", true, until: "2026-11-23T01:00:00Z",
            "the day after"),
        Case(
            "Europe/London", 1380, 60, at: "2026-11-22T00:30:00Z", false, until: "2026-11-22T23:00:00Z",
            "the day itself"),
        Case(
            "Europe/London", 0, 1440, at: "2026-10-25T12:00:00Z", true, until: "2026-10-26T00:00:00Z",
            "25 hours"),
        Case(
            "America/Sao_Paulo", 0, 60, at: "2018-11-04T02:59:00Z", false, until: "2018-11-11T02:00:00Z",
            "no midnight"),
    ]

    @Test(arguments: sundays) func knowsTheNextChange(example: Case) throws {
        let clock = try #require(ZoneClock(named: example.zone))
        let hours = try #require(WeeklyHours(days: [.sun], from: example.from, to: example.to, clock: clock))
        let judged = hours.judge(at: try #require(TimeText.timestamp(example.at)))
        #expect(judged.within == example.within)
        #expect(judged.until == TimeText.timestamp(example.until))
    }

    @Test func neighbouringDaysAreOneStretch() throws {
        let hours = try #require(
            WeeklyHours(days: [.mon, .tue, .wed], from: 0, to: 1440, clock: .utc))
        let judged = hours.judge(at: try #require(TimeText.timestamp("2026-11-23T10:00:00Z")))
        #expect(judged.within && judged.until == TimeText.timestamp("2026-11-26T00:00:00Z"))
    }

    @Test func alwaysNeverChanges() throws {
        let hours = try #require(WeeklyHours(days: Set(Weekday.allCases), from: 0, to: 1440, clock: .utc))
        let judged = hours.judge(at: Packs.now)
        #expect(judged.within && judged.until == Instant(nanosecondsSince1970: .max))
    }

    @Test func nanosecondsCount() throws {
        let hours = try #require(WeeklyHours(days: [.sun], from: 480, to: 1080, clock: .utc))
        let end = try #require(TimeText.timestamp("2026-11-22T18:00:00Z"))
        #expect(hours.judge(at: end - .nanoseconds(1)).until == end)
        #expect(hours.judge(at: end - .nanoseconds(1)).within)
        #expect(!hours.judge(at: end).within)
    }

    /// Neither end of time traps, nor is there anything to judge beyond it.
    @Test(arguments: [Int64.min, Int64.max]) func survivesTheEndsOfTime(nanoseconds: Int64) throws {
        let clock = try #require(ZoneClock(named: "Australia/Lord_Howe"))
        let hours = try #require(WeeklyHours(days: [.sat], from: 1200, to: 60, clock: clock))
        let now = Instant(nanosecondsSince1970: nanoseconds)
        #expect(hours.judge(at: now).until >= now)
    }

    @Test(arguments: ["GMT+3", "EST", "London", "", "/", "../UTC", "Europe/Nowhere", "europe/london/"])
    func zonesThatDoNotSayWhenClocksChangeAreRefused(name: String) {
        #expect(ZoneClock(named: name) == nil)
    }
}

/// How hours read in messages: people who are refused see this.
struct WeeklyHoursTextTests {
    typealias Case = (days: Set<Weekday>, from: Int, to: Int, zone: String, text: String)

    static let cases: [Case] = [
        ([.mon, .tue, .wed, .thu, .fri], 480, 1080, "Europe/London", "mon-fri 08:00-18:00 (Europe/London)"),
        (Set(Weekday.allCases), 0, 1440, "UTC", "mon-sun 00:00-24:00 (UTC)"),
        ([.sun, .mon, .wed], 1325, 65, "UTC", "mon, wed, sun 22:05-01:05 (UTC)"),
        ([.sat, .sun, .tue, .wed], 1, 2, "Europe/Oslo", "tue-wed, sat-sun 00:01-00:02 (Europe/Oslo)"),
    ]

    @Test(arguments: cases) func readsAsPeopleSay(test: Case) throws {
        let clock = try #require(ZoneClock(named: test.zone))
        let hours = try #require(
            WeeklyHours(days: test.days, from: test.from, to: test.to, clock: clock))
        #expect("\(hours)" == test.text)
    }
}
