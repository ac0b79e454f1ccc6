import Sessions
import TestSupport
import Testing

/// Times by RFC 3339: what is read, what is not, and that texts and bytes are read alike.
@Suite struct TimestampTests {
    struct Good: Sendable, CustomTestStringConvertible {
        var text: String
        var seconds: Int64
        var nanoseconds: Int64 = 0
        var testDescription: String { text }
        var instant: Instant {
            Instant(nanosecondsSince1970: seconds * 1_000_000_000 + nanoseconds)
        }
    }

    static let good: [Good] = [
        Good(text: "1970-01-01T00:00:00Z", seconds: 0),
        Good(text: "2026-11-21T10:00:00Z", seconds: 1_795_255_200),
        Good(text: "1969-12-31T23:59:59Z", seconds: -1),
        Good(text: "2024-02-29T00:00:00Z", seconds: 1_709_164_800),
        // Offsets: one reading of -00:00 is that nobody knows where; it is UTC all the same.
        Good(text: "2026-11-21T15:30:00+05:30", seconds: 1_795_255_200),
        Good(text: "2026-11-20T23:00:00-11:00", seconds: 1_795_255_200),
        Good(text: "2026-11-21T10:00:00-00:00", seconds: 1_795_255_200),
        Good(text: "2026-11-22T09:59:00+23:59", seconds: 1_795_255_200),
        // Fractions: JavaScript's milliseconds, Python's microseconds, .NET's seven digits, Go's nine.
        Good(text: "2026-11-21T10:00:00.5Z", seconds: 1_795_255_200, nanoseconds: 500_000_000),
        Good(text: "2026-11-21T10:42:38.123Z", seconds: 1_795_257_758, nanoseconds: 123_000_000),
        Good(text: "2026-11-21T10:42:38.000123+00:00", seconds: 1_795_257_758, nanoseconds: 123_000),
        Good(text: "2026-11-21T10:42:38.1234567Z", seconds: 1_795_257_758, nanoseconds: 123_456_700),
        Good(text: "2026-11-21T10:42:38.123456789Z", seconds: 1_795_257_758, nanoseconds: 123_456_789),
        Good(text: "2026-11-21T10:42:38.000Z", seconds: 1_795_257_758),
        // Beyond nine digits they are cut, not rounded.
        Good(text: "2026-11-21T10:42:38.1234567899Z", seconds: 1_795_257_758, nanoseconds: 123_456_789),
        Good(text: "2026-11-21T10:42:38.99999999999999Z", seconds: 1_795_257_758, nanoseconds: 999_999_999),
        Good(
            text: "2026-11-21T10:42:38.\(String(repeating: "7", count: 400))Z", seconds: 1_795_257_758,
            nanoseconds: 777_777_777),
        // A fraction counts forwards before 1970 as well.
        Good(text: "1969-12-31T23:59:59.25Z", seconds: -1, nanoseconds: 250_000_000),
        // Small letters (section 5.6).
        Good(text: "2026-11-21t10:00:00z", seconds: 1_795_255_200),
        Good(text: "2026-11-21t10:00:00.25+01:00", seconds: 1_795_251_600, nanoseconds: 250_000_000),
        Good(text: "2026-11-21T10:00:00z", seconds: 1_795_255_200),
        // Leap seconds: those that were, the RFC's own examples, one with a fraction, one that may yet be.
        Good(text: "2016-12-31T23:59:60Z", seconds: 1_483_228_800),
        Good(text: "1990-12-31T23:59:60Z", seconds: 662_688_000),
        Good(text: "1990-12-31T15:59:60-08:00", seconds: 662_688_000),
        Good(text: "2017-01-01T05:29:60+05:30", seconds: 1_483_228_800),
        Good(text: "2016-12-31T23:59:60.75Z", seconds: 1_483_228_800, nanoseconds: 750_000_000),
        Good(text: "2028-02-29T23:59:60Z", seconds: 1_835_481_600),
        // The ends of time.
        Good(text: "1678-01-01T00:00:00Z", seconds: -9_214_560_000),
        Good(text: "2261-12-31T23:59:59.999999999Z", seconds: 9_214_646_399, nanoseconds: 999_999_999),
    ]

    @Test(arguments: good) func readsThem(example: Good) {
        #expect(TimeText.timestamp(example.text) == example.instant)
        #expect(TimeText.timestamp(Array(example.text.utf8)[...]) == example.instant)
    }

    /// People may leave the seconds out, programs may not.
    @Test(arguments: ["2026-11-21T10:00Z", "2026-11-21T11:00+01:00", "2026-11-21t10:00z"])
    func secondsMayLackInText(text: String) {
        #expect(TimeText.timestamp(text) == Instant(secondsSince1970: 1_795_255_200))
        #expect(TimeText.timestamp(Array(text.utf8)[...]) == nil)
    }

    @Test(arguments: [
        // No offset, half of one, one of another form, one that is none.
        "2026-11-21T10:00:00", "2026-11-21T10:00", "2026-11-21T10:00:00+05", "2026-11-21T10:00:00+0530",
        "2026-11-21T10:00:00+05:30:10", "2026-11-21T10:00:00+24:00", "2026-11-21T10:00:00+05:60",
        "2026-11-21T10:00:00\u{2212}05:00", "2026-11-21T10:00:00+-5:00",
        // Days and times that do not exist.
        "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:00:61Z",
        // A leap second where none can be: in a day, in a month, at the end of a local day.
        "2026-11-21T10:00:60Z", "2026-11-21T23:59:60Z", "2026-12-31T23:58:60Z", "2016-12-31T23:59:60+01:00",
        "2016-12-30T23:59:60Z",
        // Fractions without digits, with a comma, of a minute, two of them, with a sign, in other digits.
        "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00,5Z", "2026-11-21T10:00.5Z", "2026-11-21T10:00:00.5.5Z",
        "2026-11-21T10:00:00.-5Z", "2026-11-21T10:00:00.\u{0665}Z", "2026-11-21T10:00:00. 5Z",
        "2026-11-21T10:00:00.5", "2026-11-21T10:00:00.5e1Z", "2026-11-21T10:00:00.5+1:00",
        // Another order, no letter between, spaces, what follows.
        "21-11-2026T10:00:00Z", "2026-11-21 10:00:00Z", "2026-11-21_10:00:00Z", "2026-11-21T10:00:00Zulu",
        "2026-11-21T10:00:00ZZ", " 2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z ", "2026-11-21T10:00:00Z\0",
        "2026-11-21TZ", "2026-11-21", "T", "Z", "",
        // One digit too few or too many, other digits, a sign.
        "2026-1-21T10:00:00Z", "2026-11-21T1:00:00Z", "2026-11-21T10:00:0Z", "02026-11-21T10:00:00Z",
        "2026-11-21T10:00:000Z", "-026-11-21T10:00:00Z", "+026-11-21T10:00:00Z", "２026-11-21T10:00:00Z",
        // ISO 8601 has more.
        "20261121T100000Z", "2026-W47-6T10:00:00Z", "2026-325T10:00:00Z", "2026-11-21T10Z",
        // Years that an instant has not.
        "9999-12-31T00:00:00Z", "0000-01-01T00:00:00Z", "1677-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
    ])
    func refusesThem(text: String) {
        #expect(TimeText.timestamp(text) == nil)
        #expect(TimeText.timestamp(Array(text.utf8)[...]) == nil)
    }

    /// Bytes that are no text at all.
    @Test func refusesBytesThatAreNoText() {
        for place in 0..<20 {
            for byte in [0x00, 0x80, 0xC3, 0xFF] as [UInt8] {
                var bytes = Array("2026-11-21T10:00:00Z".utf8)
                bytes[place] = byte
                #expect(TimeText.timestamp(bytes[...]) == nil)
            }
        }
    }

    /// What is written is read again, to the second.
    @Test func readsWhatIsWritten() {
        var random = Seeded(7)
        for _ in 0..<10_000 {
            let instant = Instant(
                secondsSince1970: .random(in: -9_214_560_000...9_214_646_399, using: &random))
            #expect(TimeText.timestamp(instant.description) == instant)
        }
    }

    /// What is made of good ones by chance is read as a slow reader reads it, which knows the grammar of the RFC and
    /// nothing else.
    @Test(arguments: [1, 2, 3] as [UInt64]) func mutationsAreReadAsTheGrammarSays(seed: UInt64) {
        var random = Seeded(seed)
        let alphabet = Array("0123456789999:::---+..,TtZz 6".utf8) + [0, 0xFF, 0xC3]
        let slow = GrammarReader()
        var taken = 0
        for round in 0..<30_000 {
            var bytes = Array(
                Self.good[.random(in: 0..<Self.good.count, using: &random)].text.utf8.prefix(40))
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet[.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0..<6, using: &random) {
                case 0, 1, 2: bytes[place] = byte
                case 3: bytes.insert(byte, at: place)
                case 4: bytes.remove(at: place)
                default: bytes.swapAt(place, .random(in: 0..<bytes.count, using: &random))
                }
            }
            let expected = slow.read(bytes)
            let found = TimeText.timestamp(bytes[...])
            if found != expected {
                Issue.record(
                    """
                    seed \(seed), round \(round): '\(String(decoding: bytes, as: UTF8.self))' is \
                    \(String(describing: found)), by the grammar \(String(describing: expected))
                    """)
            }
            if let text = String(validating: bytes, as: UTF8.self), expected != nil {
                #expect(TimeText.timestamp(text) == expected, "seed \(seed), round \(round)")
            }
            if found != nil { taken += 1 }
        }
        #expect(taken > 1_000, "seed \(seed): of \(taken) good ones little can be said")
    }
}

/// RFC 3339, section 5.6, as a pattern, and days counted one by one.
private struct GrammarReader {
    private let pattern =
        #/(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+\-])(\d{2}):(\d{2}))/#
        .asciiOnlyDigits()

    func read(_ bytes: [UInt8]) -> Instant? {
        guard let text = String(validating: bytes, as: UTF8.self), let found = text.wholeMatch(of: pattern),
            let year = Int(found.1), let month = Int(found.2), let day = Int(found.3),
            let hour = Int(found.4), let minute = Int(found.5), let second = Int(found.6),
            (1678...2261).contains(year), (1...12).contains(month), (1...days(year, month)).contains(day),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let offsetHour = found.9.flatMap { Int($0) } ?? 0
        let offsetMinute = found.10.flatMap { Int($0) } ?? 0
        guard offsetHour <= 23, offsetMinute <= 59 else { return nil }
        let offset = (offsetHour * 60 + offsetMinute) * (found.8 == "-" ? -60 : 60)
        let secondOfDay = hour * 3600 + minute * 60 + second - offset
        if second == 60 {
            // In UTC, the beginning of this day or of the next one, and of a month.
            switch secondOfDay {
            case 0: guard day == 1 else { return nil }
            case 86_400: guard day == days(year, month) else { return nil }
            default: return nil
            }
        }
        let digits = (found.7.map(String.init) ?? "").prefix(9)
        let nanoseconds = Int64(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
        let seconds = Int64(dayNumber(year, month, day) * 86_400 + secondOfDay)
        return Instant(nanosecondsSince1970: seconds * 1_000_000_000 + nanoseconds)
    }

    private func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private func days(_ year: Int, _ month: Int) -> Int {
        [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    private func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        var number = day - 1
        for earlier in 1..<month { number += days(year, earlier) }
        if year >= 1970 {
            for earlier in 1970..<year { number += isLeap(earlier) ? 366 : 365 }
        } else {
            for later in year..<1970 { number -= isLeap(later) ? 366 : 365 }
        }
        return number
    }
}
