import Evidence
import PostureReports
import Sessions
import TestSupport
import Testing

/// osquery's result logs, in the forms that its documentation shows.
@Suite struct OsqueryReaderTests {
    /// 2026-11-21T10:00:00Z.
    private static let time = 1_795_255_200

    private static func read(_ text: String) throws -> OsqueryBody {
        try OsqueryReader.read(Array(text.utf8))
    }

    /// What one row of a snapshot says.
    private static func fact(_ query: String, _ columns: String) throws -> OsqueryBody {
        try read(
            #"{"name":"\#(query)","hostIdentifier":"laptop-0001","calendarTime":"Sat Nov 21 10:00:00 2026 UTC","unixTime":\#(time),"epoch":0,"counter":0,"numerics":false,"action":"snapshot","snapshot":[\#(columns)]}"#
        )
    }

    /// The TLS logger plugin's body, with results of the event, snapshot and batch forms in it.
    @Test func readsWhatTheLoggerPosts() throws {
        let body = try Self.read(
            #"""
            {"node_key":"","log_type":"result","data":[
              {"name":"pack_posture_gatehouse_firewall","hostIdentifier":"laptop-0001","calendarTime":"Sat Nov 21 10:00:00 2026 UTC","unixTime":1795255200,"epoch":0,"counter":0,"numerics":false,"decorations":{"host_uuid":"4AB2906D"},"columns":{"firewall":"1"},"action":"added"},
              {"snapshot":[{"disk_encryption":"1"}],"action":"snapshot","name":"gatehouse_disk_encryption","hostIdentifier":"laptop-0001","calendarTime":"Sat Nov 21 09:00:00 2026 UTC","unixTime":1795251600,"epoch":0,"counter":0,"numerics":false},
              {"diffResults":{"removed":[{"signatures_at":"1795100000"}],"added":[{"signatures_at":"1795237200"}]},"name":"gatehouse_antivirus","hostIdentifier":"laptop-0001","unixTime":"1795255200","epoch":"0","counter":"1"},
              {"name":"processes","hostIdentifier":"laptop-0001","unixTime":1795255200,"columns":{"pid":"1"},"action":"added"}
            ]}
            """#)
        #expect(body.form == .logger)
        #expect(body.problems == nil)
        #expect(body.passedOver == 1)
        #expect(
            body.reports.map(\.summary) == [
                "laptop-0001: antivirus=2026-11-21T05:00:00Z@2026-11-21T10:00:00Z disk=true@2026-11-21T09:00:00Z "
                    + "firewall=true@2026-11-21T10:00:00Z"
            ])
    }

    @Test func readsResultLines() throws {
        let body = try Self.read(
            #"""
            {"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"columns":{"firewall":"Good"},"action":"added"}
            {"name":"gatehouse_firewall","hostname":"b","unixTime":"1795255200","columns":{"firewall":"Poor"},"action":"added"}

            """#)
        #expect(body.form == .lines)
        #expect(
            body.reports.map(\.summary) == [
                "a: firewall=true@2026-11-21T10:00:00Z", "b: firewall=false@2026-11-21T10:00:00Z",
            ])
    }

    @Test func statusLogsAreNoReports() throws {
        let body = try Self.read(
            #"{"node_key":"x","log_type":"status","data":[{"hostIdentifier":"a","severity":"0","message":"m"}]}"#
        )
        #expect(body.form == .logger)
        #expect(body.reports.isEmpty)
        #expect(body.problems == nil)
    }

    /// What is no longer so says nothing about what is.
    @Test(arguments: [
        #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"columns":{"firewall":"1"},"action":"removed"}"#,
        #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"diffResults":{"removed":[{"firewall":"1"}],"added":[]}}"#,
        #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"diffResults":{"removed":[{"firewall":"1"}],"added":""}}"#,
        #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"diffResults":{"removed":[{"firewall":"1"}]}}"#,
        #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1795255200,"action":"snapshot","snapshot":[]}"#,
    ])
    func removedRowsAreNoFacts(line: String) throws {
        let body = try Self.read(line)
        #expect(body.reports.isEmpty)
        #expect(body.problems == nil)
        #expect(body.passedOver == 1)
    }

    /// Query, rows of a snapshot, what they say; the table of osquery that they are of.
    @Test(arguments: [
        ("antivirus", #"{"signatures_at":"1795237200"}"#, "antivirus=2026-11-21T05:00:00Z"),
        ("antivirus", #"{"signatures_at":"2026-11-21T05:00:00Z"}"#, "antivirus=2026-11-21T05:00:00Z"),
        ("antivirus", #"{"signatures_at":"2026-11-21T05:00:00.1234567Z"}"#, "antivirus=2026-11-21T05:00:00Z"),
        // --logger_numerics
        ("antivirus", #"{"signatures_at":1795237200}"#, "antivirus=2026-11-21T05:00:00Z"),
        (
            "antivirus", #"{"path":"/x","mtime":"1795237200"},{"path":"/y","mtime":"1795000000"}"#,
            "antivirus=2026-11-21T05:00:00Z"
        ),  // file
        ("antivirus", #"{"signatures_at":""}"#, ""),  // max() of no row
        ("antivirus", #"{"signatures_at":"0"}"#, ""),
        ("patches", #"{"installed_at":"1795237200"}"#, "patches=2026-11-21T05:00:00Z"),
        (
            "patches",
            #"{"date":"1795150800","title":"2026-11 Cumulative Update for Windows 11","operation":"Installation","result_code":"Succeeded"},{"date":"1795237200","title":"Security Intelligence Update for Microsoft Defender Antivirus","operation":"Installation","result_code":"Succeeded"}"#,
            "patches=2026-11-20T05:00:00Z"
        ),  // windows_update_history: signatures are no patches
        (
            "patches",
            #"{"date":"1795237200","title":"2026-11 Cumulative Update","operation":"Installation","result_code":"Failed"}"#,
            ""
        ),
        // patches
        ("patches", #"{"hotfix_id":"KB1","installed_on":"11/20/2026"}"#, "patches=2026-11-20T00:00:00Z"),
        ("patches", #"{"installed_on":"20/11/2026"}"#, "patches=2026-11-20T00:00:00Z"),
        // the earlier reading
        ("patches", #"{"installed_on":"3/11/2026"}"#, "patches=2026-03-11T00:00:00Z"),
        ("patches", #"{"installed_on":"11/3/2026"}"#, "patches=2026-03-11T00:00:00Z"),
        ("patches", #"{"installed_on":"11/20/2026"},{"installed_on":""}"#, "patches=2026-11-20T00:00:00Z"),
        ("disk_encryption", #"{"disk_encryption":"1"}"#, "disk=true"),
        (
            "disk_encryption", #"{"name":"/dev/sda1","encrypted":"1"},{"name":"/dev/sda2","encrypted":"1"}"#,
            "disk=true"
        ),  // disk_encryption
        (
            "disk_encryption", #"{"name":"/dev/sda1","encrypted":"1"},{"name":"/dev/sda2","encrypted":"0"}"#,
            "disk=false"
        ),
        (
            "disk_encryption", #"{"drive_letter":"C:","conversion_status":"1","protection_status":"1"}"#,
            "disk=true"
        ),  // bitlocker_info
        ("disk_encryption", #"{"protection_status":"0"}"#, "disk=false"),
        ("disk_encryption", #"{"protection_status":"1"},{"protection_status":"2"}"#, ""),  // 2: unknown
        ("disk_encryption", #"{"protection_status":"0"},{"protection_status":"2"}"#, "disk=false"),
        ("screen_lock", #"{"screen_lock_minutes":"10"}"#, "lock=10"),
        // min() of no row
        ("disk_encryption", #"{"disk_encryption":""}"#, ""),
        ("screen_lock", #"{"screen_lock_minutes":""}"#, ""),
        ("screen_lock", #"{"idle_seconds":"601"}"#, "lock=11"),
        ("screen_lock", #"{"idle_seconds":"0"}"#, "lock=0"),  // never
        // screenlock
        ("screen_lock", #"{"idle_seconds":"600","enabled":"1","grace_period":"300"}"#, "lock=15"),
        ("screen_lock", #"{"idle_seconds":"600","enabled":"0","grace_period":"-1"}"#, "lock=0"),
        ("screen_lock", #"{"idle_seconds":"600","enabled":"1","grace_period":"-1"}"#, "lock=0"),
        ("screen_lock", #"{"enabled":"1","grace_period":"0"}"#, ""),  // nobody knows after how long
        ("screen_lock", #"{"enabled":"0","grace_period":"0"}"#, "lock=0"),
        ("screen_lock", #"{"screen_lock_minutes":"10"},{"screen_lock_minutes":"20"}"#, "lock=20"),
        ("screen_lock", #"{"screen_lock_minutes":"10"},{"screen_lock_minutes":"0"}"#, "lock=0"),
        ("firewall", #"{"firewall":"1"}"#, "firewall=true"),
        // windows_security_center
        ("firewall", #"{"firewall":"Good","antivirus":"Poor"}"#, "firewall=true"),
        ("firewall", #"{"firewall":"Poor"}"#, "firewall=false"),
        ("firewall", #"{"firewall":"Snoozed"}"#, "firewall=false"),
        ("firewall", #"{"firewall":"Not Monitored"}"#, ""), ("firewall", #"{"firewall":"Error"}"#, ""),
        ("firewall", #"{"global_state":"1"}"#, "firewall=true"),  // alf
        ("firewall", #"{"global_state":"2"}"#, "firewall=true"),
        ("firewall", #"{"global_state":"0"}"#, "firewall=false"),
    ])
    func readsTables(query: String, rows: String, says: String) throws {
        let body = try Self.fact("gatehouse_\(query)", rows)
        #expect(body.problems == nil)
        let expected = says.isEmpty ? [] : ["laptop-0001: \(says)@2026-11-21T10:00:00Z"]
        #expect(body.reports.map(\.summary) == expected)
    }

    @Test(arguments: [
        (
            "antivirus", #"{"signatures_at":"today"}"#,
            "signatures_at: expected seconds since 1970, or a time such as 2026-11-21T10:00:00Z, found 'today'"
        ),
        (
            "antivirus", #"{"signatures_at":"99999999999"}"#,
            "signatures_at: expected seconds since 1970, or a time such as 2026-11-21T10:00:00Z, found '99999999999'"
        ),
        ("antivirus", #"{"signatures_at":null}"#, "signatures_at: expected a string or a number, found null"),
        ("antivirus", #"{"age":"1"}"#, ": expected a column signatures_at or mtime"),
        ("disk_encryption", #"{"encrypted":"yes"}"#, "encrypted: expected one of 0, 1, found 'yes'"),
        (
            "patches", #"{"installed_on":"31/31/2026"}"#,
            "installed_on: expected a date such as 11/3/2026, found '31/31/2026'"
        ),
        (
            "patches", #"{"installed_on":"////"}"#,
            "installed_on: expected a date such as 11/3/2026, found '////'"
        ),
        (
            "screen_lock", #"{"screen_lock_minutes":"-1"}"#,
            "screen_lock_minutes: expected a number from 0 to 10080, found '-1'"
        ),
        (
            "screen_lock", #"{"idle_seconds":"99999999999999999999"}"#,
            "idle_seconds: expected a number from 0 to 604800, found '99999999999999999999'"
        ),
        (
            "firewall", #"{"firewall":"maybe"}"#,
            "firewall: expected one of 0, Poor, Snoozed, 1, Good, Not Monitored, Error, found 'maybe'"
        ),
        ("firewall", "3", ": expected the columns of a row, found the number 3"),
    ])
    func saysWhatIsWrongWithARow(query: String, row: String, reason: String) throws {
        let body = try Self.fact("gatehouse_\(query)", row)
        #expect(body.reports.isEmpty)
        let said = body.problems?.problems.map(\.description) ?? []
        #expect(
            said.map {
                $0.replacing(#/^\[0\]\.snapshot\[0\]\.?/#, with: "").replacing(
                    #/ ?\(byte [0-9]+\)/#, with: "")
            } == [reason])
    }

    /// Lines that are no results: the reason, and the next line counts all the same.
    @Test(arguments: [
        ("3", "[0]: expected a result: an object, found the number 3"),
        ("{}", "[0].name: expected the query's name"),
        (
            #"{"name":"gatehouse_firewall","unixTime":1,"columns":{},"action":"added"}"#,
            "[0].hostIdentifier: expected the host's name"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"","unixTime":1,"columns":{},"action":"added"}"#,
            "[0].hostIdentifier: expected the host's name, found ''"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","columns":{},"action":"added"}"#,
            "[0].unixTime: expected seconds since 1970"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":-1,"columns":{},"action":"added"}"#,
            "[0].unixTime: expected seconds since 1970, found the number -1"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1.5,"columns":{},"action":"added"}"#,
            "[0].unixTime: expected seconds since 1970, found the number 1.5"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"columns":{"firewall":"1"}}"#,
            "[0].action: expected added, removed or snapshot"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"columns":{"firewall":"1"},"action":"deleted"}"#,
            "[0].action: expected added, removed or snapshot, found 'deleted'"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"action":"added"}"#,
            "[0].columns: expected the columns of a row"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"action":"added","columns":[]}"#,
            "[0].columns: expected the columns of a row, found an array"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"action":"snapshot","snapshot":{}}"#,
            "[0].snapshot: expected an array of rows, found an object"
        ),
        (
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":1,"diffResults":[]}"#,
            "[0].diffResults: expected an object, found an array"
        ),
    ])
    func saysWhatIsWrongWithALine(line: String, reason: String) throws {
        let good =
            #"{"name":"gatehouse_firewall","hostIdentifier":"b","unixTime":1795255200,"columns":{"firewall":"1"},"action":"added"}"#
        let body = try Self.read("\(line)\n\(good)\n")
        #expect(body.reports.map(\.summary) == ["b: firewall=true@2026-11-21T10:00:00Z"])
        let said = body.problems?.problems.map(\.description) ?? []
        #expect(said.map { $0.replacing(#/ \(byte [0-9]+\)/#, with: "") } == [reason])
    }

    /// Which names mean a query of this gateway's.
    @Test(arguments: [
        ("gatehouse_firewall", true), ("pack_posture_gatehouse_firewall", true),
        ("pack/posture/gatehouse_firewall", true),
        ("pack_gatehouse_gatehouse_firewall", true), ("my_gatehouse_firewall", false),
        ("gatehouse_firewall_rules", false),
        ("packgatehouse_firewall", false), ("firewall", false), ("", false), ("Gatehouse_firewall", false),
        ("packXgatehouse_firewall", false),
    ])
    func knowsItsQueries(name: String, isKnown: Bool) throws {
        let body = try Self.read(
            #"{"name":"\#(name)","hostIdentifier":"a","unixTime":1795255200,"columns":{"firewall":"1"},"action":"added"}"#
        )
        #expect(body.reports.count == (isKnown ? 1 : 0))
    }

    /// One encrypted disk in a row of its own is no encrypted device: the others may be in no row.
    @Test(arguments: [
        (#""columns":{"encrypted":"1"},"action":"added""#, ""),
        (#""columns":{"encrypted":"0"},"action":"added""#, "disk=false"),
        (#""columns":{"encrypted":"1"},"action":"snapshot""#, ""),
        (#""columns":{"protection_status":"1"},"action":"added""#, ""),
        (#""diffResults":{"added":[{"encrypted":"1"}],"removed":[]}"#, ""),
        (#""diffResults":{"added":[{"encrypted":"1"},{"encrypted":"0"}],"removed":[]}"#, "disk=false"),
        (#""columns":{"disk_encryption":"1"},"action":"added""#, "disk=true"),
        (#""snapshot":[{"encrypted":"1"}],"action":"snapshot""#, "disk=true"),
    ])
    func oneDiskIsNotTheDevice(result: String, says: String) throws {
        let body = try Self.read(
            #"{"name":"gatehouse_disk_encryption","hostIdentifier":"a","unixTime":1795255200,\#(result)}"#)
        #expect(body.problems == nil)
        #expect(body.reports.map(\.summary) == (says.isEmpty ? [] : ["a: \(says)@2026-11-21T10:00:00Z"]))
    }

    /// A disk whose row cannot be read may be the one that is not encrypted.
    @Test func anUnreadableRowSpoilsTheResult() throws {
        let body = try Self.fact("gatehouse_disk_encryption", #"{"encrypted":"1"},{"encrypted":"perhaps"}"#)
        #expect(body.reports.isEmpty)
        #expect(body.problems?.problems.count == 1)
    }

    @Test func theLatestOfABodyCounts() throws {
        let line = { (time: Int, value: String) in
            #"{"name":"gatehouse_firewall","hostIdentifier":"a","unixTime":\#(time),"columns":{"firewall":"\#(value)"},"action":"added"}"#
        }
        let lines = [line(1_795_255_200, "0"), line(1_795_251_600, "1"), line(1_795_258_800, "Error")]
        #expect(
            try Self.read(lines.joined(separator: "\n")).reports.map(\.summary) == [
                "a: firewall=false@2026-11-21T10:00:00Z"
            ])
        // Two rows of one time are one result: the worse of them.
        let double = [line(1_795_255_200, "1"), line(1_795_255_200, "0")]
        for lines in [double, double.reversed()] {
            #expect(
                try Self.read(lines.joined(separator: "\n")).reports.map(\.summary)
                    == ["a: firewall=false@2026-11-21T10:00:00Z"])
        }
    }

    @Test(arguments: [
        ("", "byte 0: the text ends where a value is expected"),
        (#"{"log_type":"result","data":["#, "byte 29: the text ends where a value is expected"),
        ("{}\n{", "byte 4: expected a key in quotation marks"),
    ])
    func refusesWhatIsNoJSON(text: String, reason: String) {
        do {
            let body = try Self.read(text)
            Issue.record("taken: \(body)")
        } catch let problems as ReportProblems {
            #expect(problems.description == reason)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func boundsLines() throws {
        var limits = ReportLimits()
        limits.reports = 2
        let body = try OsqueryReader.read(Array("{}{}{}".utf8), limits: limits)
        #expect(body.problems?.problems.map(\.expected) == ["expected at most 2 results, found 3"])
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func survivesMutations(seed: UInt64) {
        var random = Seeded(seed)
        let sample = Array(
            #"{"node_key":"","log_type":"result","data":[{"name":"gatehouse_disk_encryption","hostIdentifier":"a","unixTime":1795255200,"snapshot":[{"encrypted":"1"},{"protection_status":"1"}],"action":"snapshot"},{"name":"gatehouse_patches","hostIdentifier":"a","unixTime":"1795255200","columns":{"installed_on":"11/3/2026"},"action":"added"},{"name":"gatehouse_screen_lock","hostIdentifier":"b","unixTime":1,"diffResults":{"added":[{"idle_seconds":"600","grace_period":"5"}],"removed":""}}]}"#
                .utf8)
        for round in 0..<10_000 {
            var bytes = sample
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &random)
                case 2: bytes.remove(at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 20))
                }
                if bytes.isEmpty { bytes = sample }
            }
            guard let body = try? OsqueryReader.read(bytes) else { continue }
            for report in body.reports {
                #expect(report.posture != DevicePosture(), "seed \(seed), round \(round)")
                #expect(
                    (0...20_160).contains(report.posture.screenLockMinutes?.value ?? 0),
                    "seed \(seed), round \(round)")
            }
        }
    }
}
