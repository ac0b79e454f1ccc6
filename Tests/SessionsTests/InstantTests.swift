import Foundation
import Sessions
import TestSupport
import Testing

@Suite struct InstantTests {
    private static let end = Instant(nanosecondsSince1970: .max)
    private static let beginning = Instant(nanosecondsSince1970: .min)

    @Test(
        arguments: [
            (0, 0, "the epoch"),
            (1, 1_000_000_000, "a second"),
            (-1, -1_000_000_000, "a second before"),
            (9_223_372_036, 9_223_372_036_000_000_000, "the last whole second, in 2262"),
            (9_223_372_037, .max, "one more is the end of time"),
            (-9_223_372_036, -9_223_372_036_000_000_000, "the first whole second, in 1677"),
            (-9_223_372_037, .min, "one less is its beginning"),
            (.max, .max, "saturates"),
            (.min, .min, "saturates"),
        ] as [(Int64, Int64, String)]) func fromSeconds(_ seconds: Int64, _ nanoseconds: Int64, _ why: String)
    {
        #expect(Instant(secondsSince1970: seconds).nanosecondsSince1970 == nanoseconds, "\(why)")
    }

    @Test(
        arguments: [
            (0, 0), (999_999_999, 0), (1_000_000_000, 1), (-1, -1), (-1_000_000_000, -1),
            (-1_000_000_001, -2),
            (.max, 9_223_372_036), (.min, -9_223_372_037),
        ] as [(Int64, Int64)]) func wholeSecondsRoundDown(_ nanoseconds: Int64, _ seconds: Int64)
    {
        #expect(Instant(nanosecondsSince1970: nanoseconds).secondsSince1970 == seconds)
    }

    @Test func addsAndSubtracts() {
        let noon = Instant(secondsSince1970: 1_795_262_400)
        #expect(noon + .seconds(60) == Instant(secondsSince1970: 1_795_262_460))
        #expect(noon - .seconds(60) == Instant(secondsSince1970: 1_795_262_340))
        #expect(noon + .seconds(-60) == noon - .seconds(60))
        #expect((noon + .nanoseconds(1)) - noon == .nanoseconds(1))
        #expect(noon - (noon + .hours(8)) == .zero - .hours(8))
        #expect(noon + .zero == noon)
        #expect(noon < noon + .nanoseconds(1))
        #expect(noon + .milliseconds(1) - noon == .milliseconds(1))
    }

    @Test func nothingWraps() {
        #expect(Self.end + .nanoseconds(1) == Self.end)
        #expect(Self.end + .seconds(Int64.max) == Self.end)
        #expect(Self.beginning - .nanoseconds(1) == Self.beginning)
        #expect(Self.beginning + .seconds(Int64.min) == Self.beginning)
        #expect(Self.beginning - .seconds(Int64.max) == Self.beginning)
        #expect(
            Self.end - Self.beginning == .nanoseconds(Int64.max), "too long for a duration of nanoseconds")
        #expect(Self.beginning - Self.end == .nanoseconds(Int64.min))
        #expect(Self.end - .seconds(1) < Self.end, "there is a way back from the end")
    }

    @Test(
        arguments: [
            (Duration.zero, 0), (.nanoseconds(-1), -1), (.seconds(1), 1_000_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min), (.nanoseconds(Int64.max), .max),
            (.nanoseconds(Int64.max) + .seconds(1), .max), (.nanoseconds(Int64.min) - .seconds(1), .min),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_807_000_000_000), .max),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_808_000_000_000), .max),
        ] as [(Duration, Int64)]) func durationsSaturate(_ duration: Duration, _ nanoseconds: Int64)
    {
        #expect(duration.nanoseconds == nanoseconds)
    }

    /// Against arithmetic in 128 bits, cut off at the ends.
    @Test(arguments: 1...200 as ClosedRange<UInt64>) func agreesWithWideArithmetic(_ seed: UInt64) {
        var random = Seeded(seed)
        let edges: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        func any() -> Int64 {
            Bool.random(using: &random)
                ? edges[Int.random(in: 0..<edges.count, using: &random)]
                : Int64.random(in: .min ... .max, using: &random)
        }
        let (left, right) = (any(), any())
        let instant = Instant(nanosecondsSince1970: left)
        let sum = Int64(clamping: Int128(left) + Int128(right))
        let difference = Int64(clamping: Int128(left) - Int128(right))
        #expect((instant + .nanoseconds(right)).nanosecondsSince1970 == sum, "seed \(seed)")
        // `.zero - duration` of the most negative nanoseconds is one more than fits, which saturates one short.
        let minus = (instant - .nanoseconds(right)).nanosecondsSince1970
        #expect(minus == difference || (right == .min && minus == difference - 1), "seed \(seed)")
        #expect((instant - Instant(nanosecondsSince1970: right)).nanoseconds == difference, "seed \(seed)")
        #expect((instant < Instant(nanosecondsSince1970: right)) == (left < right), "seed \(seed)")
    }

    @Test func survivesCoding() throws {
        for instant in [Self.beginning, Instant(secondsSince1970: 0), Self.end] {
            let data = try JSONEncoder().encode([instant])
            #expect(try JSONDecoder().decode([Instant].self, from: data) == [instant])
        }
    }
}

extension Duration {
    fileprivate static func hours(_ hours: Int) -> Duration { .seconds(hours * 3_600) }
}
