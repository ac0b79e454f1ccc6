import Evidence
import PostureReports
import Sessions
import TestSupport
import Testing

/// This gateway's own report format.
@Suite struct ReportReaderTests {
    private static let seen = "2026-11-21T10:00:00Z"

    private static func read(_ text: String) throws -> [ReadReport] {
        try ReportReader.read(Array(text.utf8))
    }

    private static func problems(_ text: String) -> [String] {
        do {
            return try read(text).map { "taken: \($0.summary)" }
        } catch let problems as ReportProblems {
            return problems.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func readsEveryItem() throws {
        let text = """
            {"version": 1, "device": "laptop-0001", "observed-at": "2026-11-21T10:00:00Z",
             "antivirus": {"signatures-at": "2026-11-21T05:00:00Z"}, "patches": {"installed-at": "2026-11-19T03:12:00+01:00"},
             "disk-encryption": true, "screen-lock": {"minutes": 10}, "firewall": false}
            """
        #expect(
            try Self.read(text).map(\.summary) == [
                "laptop-0001: antivirus=2026-11-21T05:00:00Z@\(Self.seen) patches=2026-11-19T02:12:00Z@\(Self.seen) "
                    + "disk=true@\(Self.seen) lock=10@\(Self.seen) firewall=false@\(Self.seen)"
            ])
    }

    /// What is read, and of which form it is an example.
    @Test(arguments: [
        // An age counts from when it was seen.
        (#""antivirus": {"signature-age": "5h"}"#, "antivirus=2026-11-21T05:00:00Z@2026-11-21T10:00:00Z"),
        (#""antivirus": {"signature-age": "0s"}"#, "antivirus=2026-11-21T10:00:00Z@2026-11-21T10:00:00Z"),
        (#""patches": {"patch-age": "1d12h"}"#, "patches=2026-11-19T22:00:00Z@2026-11-21T10:00:00Z"),
        // An item's own time stands over the report's.
        (
            #""antivirus": {"signature-age": "5h", "observed-at": "2026-11-20T10:00:00Z"}"#,
            "antivirus=2026-11-20T05:00:00Z@2026-11-20T10:00:00Z"
        ),
        (
            #""disk-encryption": {"on": false, "observed-at": "2026-11-20T10:00:00Z"}"#,
            "disk=false@2026-11-20T10:00:00Z"
        ),
        (#""disk-encryption": {"on": true}"#, "disk=true@2026-11-21T10:00:00Z"),
        (#""screen-lock": {"minutes": 0}"#, "lock=0@2026-11-21T10:00:00Z"),
        (#""screen-lock": {"minutes": 10080}"#, "lock=10080@2026-11-21T10:00:00Z"),
        (
            #""screen-lock": {"minutes": 5, "observed-at": "2026-11-21T09:59:59.25Z"}"#,
            "lock=5@2026-11-21T09:59:59Z"
        ),
        (#""firewall": true"#, "firewall=true@2026-11-21T10:00:00Z"),
        // A key may be written with escapes.
        (#""\u0066irewall": true"#, "firewall=true@2026-11-21T10:00:00Z"),
    ])
    func readsForms(item: String, summary: String) throws {
        let reports = try Self.read("{\"observed-at\": \"\(Self.seen)\", \(item)}")
        #expect(reports.map(\.summary) == ["-: \(summary)"])
    }

    @Test func needsNoCommonTimeWhenEveryItemHasItsOwn() throws {
        let text = #"{"device":"a","firewall":{"on":true,"observed-at":"2026-11-21T10:00:00Z"}}"#
        #expect(try Self.read(text).map(\.summary) == ["a: firewall=true@2026-11-21T10:00:00Z"])
    }

    @Test func readsBulk() throws {
        let one = { (name: String) in
            "{\"device\":\"\(name)\",\"observed-at\":\"\(Self.seen)\",\"firewall\":true}"
        }
        let reports = try Self.read("[\(one("a")), \(one("b")), \(one("a"))]")
        #expect(reports.map(\.device) == ["a", "b", "a"])
    }

    /// Each wrong body, with every reason.
    @Test(arguments: [
        ("3", ["byte 0: expected a report or an array of reports, found the number 3"]),
        ("[]", ["byte 0: expected at least one report"]), ("{} x", ["byte 3: something follows the value"]),
        ("[3]", ["[0] (byte 1): expected a report: an object, found the number 3"]),
        (
            "{}",
            [
                "byte 0: expected at least one of antivirus, patches, disk-encryption, screen-lock, firewall"
            ]
        ),
        (#"{"firewall":true}"#, ["firewall (byte 12): expected observed-at here or in the report"]),
        (
            #"{"observed-at":"yesterday","firewall":true}"#,
            [
                "observed-at (byte 16): expected a time with its offset, such as 2026-11-21T10:00:00Z, found 'yesterday'"
            ]
        ),
        (
            #"{"observed-at":1795255200,"firewall":true}"#,
            [
                "observed-at (byte 15): expected a time with its offset, such as 2026-11-21T10:00:00Z, found the number 1795255200"
            ]
        ),
        (
            #"{"version":2,"observed-at":"2026-11-21T10:00:00Z","firewall":true}"#,
            ["version (byte 11): expected 1, found the number 2"]
        ),
        (
            #"{"version":"1","observed-at":"2026-11-21T10:00:00Z","firewall":true}"#,
            ["version (byte 12): expected 1, found '1'"]
        ),
        (
            #"{"observed-at":"2026-11-21T10:00:00Z","fire-wall":true,"firewall":true}"#,
            [
                "fire-wall (byte 39): no such key; a report has version, device, observed-at, antivirus, patches, disk-encryption, screen-lock, firewall"
            ]
        ),
        // All of them, and with the report's number.
        (
            #"[{"device":"","observed-at":"2026-11-21T10:00:00Z","firewall":1},{"device":7,"observed-at":"2026-11-21T10:00:00Z","disk-encryption":"yes"}]"#,
            [
                "[0].device (byte 12): expected the device's inventory name, found ''",
                "[0].firewall (byte 62): expected true or false, found the number 1",
                "[1].device (byte 75): expected the device's inventory name, found the number 7",
                "[1].disk-encryption (byte 133): expected true or false, found 'yes'",
            ]
        ),
    ])
    func saysWhatIsWrong(text: String, reasons: [String]) {
        #expect(Self.problems(text) == reasons)
    }

    /// One wrong item beside a right one: the reason, without its byte.
    @Test(arguments: [
        (#""antivirus": {}"#, "antivirus: expected either signatures-at or signature-age"),
        (
            #""antivirus": {"signatures-at": "2026-11-21T05:00:00Z", "signature-age": "5h"}"#,
            "antivirus: expected either signatures-at or signature-age"
        ),
        (
            #""antivirus": true"#,
            "antivirus: expected an object with signatures-at or signature-age, found true"
        ),
        (
            #""antivirus": null"#,
            "antivirus: expected an object with signatures-at or signature-age, found null"
        ),
        (
            #""antivirus": {"signature-age": 5}"#,
            "antivirus.signature-age: expected an age such as 5h or 1d12h, found the number 5"
        ),
        (
            #""antivirus": {"signature-age": "-5h"}"#,
            "antivirus.signature-age: expected an age such as 5h or 1d12h, found '-5h'"
        ),
        (
            #""antivirus": {"signature-age": "99999999999d"}"#,
            "antivirus.signature-age: expected an age such as 5h or 1d12h, found '99999999999d'"
        ),
        (
            #""antivirus": {"signature-age": "5h", "vendor": "x"}"#,
            "antivirus.vendor: no such key; antivirus has signatures-at, signature-age, observed-at"
        ),
        (
            #""patches": {"installed-at": "2026-02-30T00:00:00Z"}"#,
            "patches.installed-at: expected a time with its offset, such as 2026-11-21T10:00:00Z, found '2026-02-30T00:00:00Z'"
        ),
        (#""screen-lock": 10"#, "screen-lock: expected an object with minutes, found the number 10"),
        (#""screen-lock": {}"#, "screen-lock: expected minutes from 1 to 10080, or 0 for never"),
        (
            #""screen-lock": {"minutes": -1}"#,
            "screen-lock.minutes: expected minutes from 1 to 10080, or 0 for never, found the number -1"
        ),
        (
            #""screen-lock": {"minutes": 10081}"#,
            "screen-lock.minutes: expected minutes from 1 to 10080, or 0 for never, found the number 10081"
        ),
        (
            #""screen-lock": {"minutes": 1.5}"#,
            "screen-lock.minutes: expected minutes from 1 to 10080, or 0 for never, found the number 1.5"
        ),
        (
            #""screen-lock": {"minutes": 1e2}"#,
            "screen-lock.minutes: expected minutes from 1 to 10080, or 0 for never, found the number 1e2"
        ),
        (
            #""screen-lock": {"minutes": 99999999999999999999}"#,
            "screen-lock.minutes: expected minutes from 1 to 10080, or 0 for never, found the number 99999999999999999999"
        ),
        (#""disk-encryption": 1"#, "disk-encryption: expected true or false, found the number 1"),
        (#""disk-encryption": null"#, "disk-encryption: expected true or false, found null"),
        (#""disk-encryption": {}"#, "disk-encryption: expected true or false"),
        (#""disk-encryption": {"on": "1"}"#, "disk-encryption.on: expected true or false, found '1'"),
        (#""disk-encryption": [true]"#, "disk-encryption: expected true or false, found an array"),
    ])
    func saysWhatIsWrongWithAnItem(item: String, reason: String) {
        let found = Self.problems("{\"observed-at\": \"\(Self.seen)\", \"firewall\": true, \(item)}")
        #expect(found.map { $0.replacing(#/ \(byte [0-9]+\)/#, with: "") } == [reason])
    }

    @Test(
        arguments: [
            ("2026-11-21T10:00:00Z", 1_795_255_200), ("2026-11-21T10:00:00.999Z", 1_795_255_200),
            ("2026-11-21T11:30:00+01:30", 1_795_255_200), ("2026-11-21T05:00:00-05:00", 1_795_255_200),
            ("2028-02-29T00:00:00Z", 1_835_395_200), ("1970-01-01T00:00:00Z", 0),
            // As .NET, Go and Java write it; small letters; more digits than count; a leap second.
            ("2026-11-21T10:00:00.9999999Z", 1_795_255_200),
            ("2026-11-21T10:00:00.123456789Z", 1_795_255_200),
            ("2026-11-21t10:00:00z", 1_795_255_200), ("2026-11-21T10:00:00.9999999999Z", 1_795_255_200),
            ("2016-12-31T23:59:60Z", 1_483_228_800),
        ] as [(String, Int64)])
    func readsTimes(text: String, seconds: Int64) throws {
        let report = try Self.read("{\"firewall\":{\"on\":true,\"observed-at\":\"\(text)\"}}")[0]
        #expect(report.posture.firewall?.observedAt.secondsSince1970 == seconds)
    }

    @Test(arguments: [
        "2026-11-21", "2026-11-21T10:00Z", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z",
        "2026-11-21t10:00z",
        "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:00:60Z", "2026-13-01T00:00:00Z",
        "2027-02-29T00:00:00Z", "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00,5Z",
        "2026-11-21T10:00:00+0100",
        "2026-11-21T10:00:00+24:00", "2026-11-21T10:00:00Z ", "9999-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
        "-026-11-21T10:00:00Z", "２026-11-21T10:00:00Z", "",
    ])
    func refusesTimes(text: String) {
        #expect(throws: ReportProblems.self) {
            try Self.read("{\"firewall\":{\"on\":true,\"observed-at\":\"\(text)\"}}")
        }
    }

    @Test func boundsWhatItReadsAndSays() throws {
        var limits = ReportLimits()
        limits.reports = 3
        limits.problems = 2
        let good = "{\"observed-at\":\"\(Self.seen)\",\"firewall\":true}"
        let many = { (count: Int, item: String) in
            Array("[\([String](repeating: item, count: count).joined(separator: ","))]".utf8)
        }
        #expect(try ReportReader.read(many(3, good), limits: limits).count == 3)
        do {
            _ = try ReportReader.read(many(4, good), limits: limits)
            Issue.record("taken")
        } catch {
            #expect(error.description.hasSuffix("expected at most 3 reports in one body, found 4"))
        }
        do {
            _ = try ReportReader.read(many(3, "0"), limits: limits)
            Issue.record("taken")
        } catch {
            #expect(error.problems.count == 2)
            #expect(error.furtherCount == 1)
        }
        let long = String(repeating: "x", count: 100_000)
        let hostile =
            "{\"observed-at\":\"\(long)\",\"\(long)\":1,\"device\":\"\\u202e\\u0000\(long)\",\"firewall\":true}"
        let said = Self.problems(hostile).joined()
        #expect(said.utf8.count < 2000)
        #expect(said.unicodeScalars.allSatisfy { !PlainText.isControl($0) })
    }

    /// Whatever is made of a good report: never a crash, and what is taken is within bounds.
    @Test(arguments: [11, 12, 13] as [UInt64])
    func survivesMutations(seed: UInt64) {
        var random = Seeded(seed)
        let sample = Array(
            #"[{"version":1,"device":"laptop-0001","observed-at":"2026-11-21T10:00:00.5Z","antivirus":{"signature-age":"5h"},"patches":{"installed-at":"2026-11-19T03:12:00+01:00"},"disk-encryption":{"on":true},"screen-lock":{"minutes":10},"firewall":false}]"#
                .utf8)
        var taken = 0
        for round in 0..<20_000 {
            var bytes = sample
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &random)
                case 2: bytes.remove(at: place)
                default: bytes.removeSubrange(place...)
                }
                if bytes.isEmpty { bytes = sample }
            }
            do {
                let reports = try ReportReader.read(bytes)
                taken += 1
                for report in reports {
                    #expect(report.device.map(PlainText.isName) ?? true, "seed \(seed), round \(round)")
                    #expect(report.posture != DevicePosture(), "seed \(seed), round \(round)")
                    let minutes = report.posture.screenLockMinutes?.value ?? 0
                    #expect((0...10_080).contains(minutes), "seed \(seed), round \(round)")
                }
            } catch {
                #expect(!error.problems.isEmpty, "seed \(seed), round \(round)")
            }
        }
        #expect(taken > 100)
    }
}
