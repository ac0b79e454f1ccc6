import Evidence
import Sessions
import Testing

/// How a report changes what is known of a device: whole or not at all, and never backwards in time.
@Suite struct DevicePostureTests {
    private static let now = Instant.seconds(1_000_000)

    private static func firewall(_ on: Bool, _ seconds: Int64) -> DevicePosture {
        var posture = DevicePosture()
        posture.firewall = .init(on, observedAt: .seconds(seconds))
        return posture
    }

    private static func antivirus(made: Int64, seen: Int64) -> DevicePosture {
        var posture = DevicePosture()
        posture.antivirus = .init(.seconds(made), observedAt: .seconds(seen))
        return posture
    }

    @Test func takesTheFirstReport() throws {
        let report = Self.firewall(true, 999_000)
        #expect(try DevicePosture().taking(report, at: Self.now) == report)
    }

    @Test func keepsWhatAReportDoesNotName() throws {
        var known = Self.antivirus(made: 900_000, seen: 990_000)
        known.diskEncryption = .init(true, observedAt: .seconds(990_000))
        var expected = known
        expected.firewall = .init(false, observedAt: .seconds(999_000))
        #expect(try known.taking(Self.firewall(false, 999_000), at: Self.now) == expected)
    }

    /// Seen at, relative to now: refused from two minutes and a bit on, since clocks differ.
    @Test(
        arguments: [(-1_000_000, true), (0, true), (120, true), (121, false), (1_000_000, false)]
            as [(Int64, Bool)])
    func refusesTheFuture(ahead: Int64, isTaken: Bool) {
        let report = Self.firewall(true, 1_000_000 + ahead)
        if isTaken {
            #expect(throws: Never.self) { try DevicePosture().taking(report, at: Self.now) }
        } else {
            #expect(
                throws: PostureRefusal.fromTheFuture(
                    item: "firewall", observedAt: .seconds(1_000_000 + ahead))
            ) {
                try DevicePosture().taking(report, at: Self.now)
            }
        }
    }

    @Test func refusesToGoBackwards() throws {
        let known = Self.firewall(false, 999_000)
        let older = PostureRefusal.backwards(
            item: "firewall", observedAt: .seconds(998_999), known: .seconds(999_000))
        #expect(throws: older) { try known.taking(Self.firewall(true, 998_999), at: Self.now) }
        #expect(throws: older) { try known.taking(Self.firewall(false, 998_999), at: Self.now) }
        // Another value of the same second: one of the two is not true.
        #expect(throws: PostureRefusal.self) { try known.taking(Self.firewall(true, 999_000), at: Self.now) }
        #expect(try known.taking(Self.firewall(true, 999_001), at: Self.now) == Self.firewall(true, 999_001))
    }

    /// A sender that got no answer sends again.
    @Test func takesTheSameAgain() throws {
        let known = Self.firewall(true, 999_000)
        #expect(try known.taking(known, at: Self.now) == known)
    }

    @Test(arguments: [(999_000, true), (999_120, true), (999_121, false)] as [(Int64, Bool)])
    func refusesSignaturesFromAfterTheyWereSeen(made: Int64, isTaken: Bool) {
        let report = Self.antivirus(made: made, seen: 999_000)
        if isTaken {
            #expect(throws: Never.self) { try DevicePosture().taking(report, at: Self.now) }
        } else {
            #expect(throws: PostureRefusal.newerThanSeen(item: "antivirus")) {
                try DevicePosture().taking(report, at: Self.now)
            }
        }
    }

    @Test func refusesAnEmptyReport() {
        #expect(throws: PostureRefusal.nothingReported) {
            try DevicePosture().taking(DevicePosture(), at: Self.now)
        }
    }

    /// One bad item spoils the report: nothing of it is kept.
    @Test func takesAReportWholeOrNotAtAll() {
        var report = Self.firewall(true, 2_000_000)
        report.diskEncryption = .init(true, observedAt: .seconds(999_000))
        #expect(throws: PostureRefusal.self) { try DevicePosture().taking(report, at: Self.now) }
    }

    @Test func survivesTheEndsOfTime() {
        for seconds in [Int64.min, .max] {
            _ = try? DevicePosture().taking(Self.antivirus(made: seconds, seen: seconds), at: .seconds(.max))
            _ = try? DevicePosture().taking(Self.antivirus(made: .max, seen: seconds), at: .seconds(.min))
        }
    }
}
