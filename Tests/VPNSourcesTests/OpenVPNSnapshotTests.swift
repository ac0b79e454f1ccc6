import NetworkTypes
import Sessions
import Testing

@testable import VPNSources

@Suite struct OpenVPNSnapshotTests {
    private static let columns = [
        "Common Name", "Real Address", "Virtual Address", "Virtual IPv6 Address", "Bytes Received",
        "Bytes Sent",
        "Connected Since", "Connected Since (time_t)", "Username", "Client ID", "Peer ID",
        "Data Channel Cipher",
    ]

    /// A row for `columns`.
    private static func row(
        outer: String = "198.51.100.10:45394", ipv4: String = "10.8.0.2", ipv6: String = "fd08:8::1000",
        since: String = "1795212224", client: String = "7", name: String = "laptop", user: String = "alice"
    ) -> [String] {
        [name, outer, ipv4, ipv6, "1", "2", "2026-11-20 22:03:44", since, user, client, "0", "AES-256-GCM"]
    }

    private static func play(columns: [String]? = columns, _ rows: [[String]], process: Bool = true) -> Replay
    {
        var text = process ? "SUCCESS: pid=14851\n" : ""
        text += "TITLE\tOpenVPN\n"
        if let columns { text += "HEADER\tCLIENT_LIST\t" + columns.joined(separator: "\t") + "\n" }
        text += rows.map { "CLIENT_LIST\t" + $0.joined(separator: "\t") + "\n" }.joined() + "END\n"
        var replay = Replay(tunnel: "tunovpn")
        replay.receive(Array(text.utf8))
        return replay
    }

    @Test func soundRow() throws {
        let replay = Self.play([Self.row()])
        #expect(replay.problems.isEmpty)
        #expect(
            replay.snapshots == [
                [
                    SessionReport(
                        id: SessionID(source: "office", serverProcess: 14851, client: 7),
                        commonName: "laptop",
                        userName: "alice",
                        outer: Endpoint(address: try address("198.51.100.10"), port: 45394),
                        addresses: [try address("10.8.0.2"), try address("fd08:8::1000")],
                        startedAt: Instant(secondsSince1970: 1_795_212_224))
                ]
            ])
    }

    @Test func nobodyIsThere() { #expect(Self.play([]).snapshots == [[]]) }

    @Test(arguments: [
        ("198.51.100.10:45394", "198.51.100.10:45394", "what OpenVPN 2.6 prints for IPv4"),
        ("2001:db8:51::20", "2001:db8:51::20", "and for IPv6: without a port"),
        ("[2001:db8:51::20]:1194", "[2001:db8:51::20]:1194", "the usual way to print one"),
        ("198.51.100.10", "198.51.100.10", "no port"),
        ("", "-", "unknown"),
        ("UNDEF", "-", "unknown, in OpenVPN's words"),
    ]) func outerAddresses(_ text: String, _ expected: String, _ why: String) throws {
        let report = try #require(Self.play([Self.row(outer: text)]).snapshots.first?.first)
        #expect(report.outer?.description ?? "-" == expected, "\(why)")
    }

    @Test func namesThatAreNone() throws {
        let report = try #require(Self.play([Self.row(name: "UNDEF", user: "UNDEF")]).snapshots.first?.first)
        #expect(report.commonName.isEmpty && report.userName.isEmpty)
    }

    @Test func onlyOneFamily() throws {
        let replay = Self.play([
            Self.row(ipv6: ""), Self.row(ipv4: "", client: "8"), Self.row(ipv4: "", ipv6: "", client: "9"),
        ])
        #expect(replay.snapshots.first?.map(\.addresses.count) == [1, 1, 0])
    }

    struct BadRow: Sendable {
        var fields: [String]
        var reason: String
        var client: UInt64?
    }

    static let badRows = [
        BadRow(
            fields: row(outer: "198.51.100.10:x"), reason: "'198.51.100.10:x' is no outer address", client: 7),
        BadRow(fields: row(outer: "198.51.100:1"), reason: "'198.51.100:1' is no outer address", client: 7),
        BadRow(
            fields: row(outer: "[198.51.100.10]:1"), reason: "'[198.51.100.10]:1' is no outer address",
            client: 7),
        BadRow(
            fields: row(outer: "198.51.100.10:70000"), reason: "'198.51.100.10:70000' is no outer address",
            client: 7),
        BadRow(fields: row(outer: ":1"), reason: "':1' is no outer address", client: 7),
        BadRow(fields: row(outer: "[]:1"), reason: "'[]:1' is no outer address", client: 7),
        BadRow(fields: row(ipv4: "10.8.0"), reason: "'10.8.0' is no IPv4 address", client: 7),
        BadRow(fields: row(ipv4: "fd08::1"), reason: "'fd08::1' is no IPv4 address", client: 7),
        BadRow(fields: row(ipv6: "10.8.0.2"), reason: "'10.8.0.2' is no IPv6 address", client: 7),
        BadRow(fields: row(since: "now"), reason: "the start is no number", client: 7),
        BadRow(fields: row(client: ""), reason: "no client number", client: nil),
        BadRow(fields: row(client: "07"), reason: "no client number", client: nil),
        BadRow(fields: Array(row().dropLast()), reason: "11 fields, and the header has 12", client: nil),
        BadRow(fields: row() + ["x"], reason: "13 fields, and the header has 12", client: nil),
        BadRow(fields: [], reason: "1 fields, and the header has 12", client: nil),
    ]

    @Test(arguments: badRows) func aBadRowTakesFromItsClientAlone(_ bad: BadRow) {
        let replay = Self.play([bad.fields, Self.row(client: "8")])
        #expect(replay.snapshots.map { $0.map(\.id.client) } == [[8]])
        #expect(replay.problems.map(\.message) == ["client's row: " + bad.reason])
        #expect(replay.problems.map(\.client?.client) == [bad.client])
        #expect(replay.problems.map(\.line) == [4])
    }

    @Test func twoRowsOfOneClient() {
        let replay = Self.play([Self.row(), Self.row(client: "8"), Self.row(ipv4: "10.8.0.9")])
        #expect(replay.snapshots.map { $0.map(\.id.client) } == [[8]], "neither is believed")
        #expect(replay.problems.map(\.client?.client) == [7, 7])
    }

    @Test func columnsGoByName() throws {
        let replay = Self.play(
            columns: ["New"] + Self.columns.reversed(), [["x"] + Self.row().reversed()])
        #expect(replay.snapshots == Self.play([Self.row()]).snapshots)
    }

    static let needed = [
        "Common Name", "Real Address", "Virtual Address", "Virtual IPv6 Address", "Connected Since (time_t)",
        "Username", "Client ID",
    ]

    @Test(arguments: needed) func aListWithoutANeededColumnIsNone(_ name: String) {
        let renamed = Self.columns.map { $0 == name ? "x" : $0 }
        let twice = Self.columns.map { $0 == "Peer ID" ? name : $0 }
        for columns in [renamed, twice] {
            let replay = Self.play(columns: columns, [Self.row()])
            #expect(replay.snapshots.isEmpty, "an empty list would throw everybody out")
            #expect(replay.problems.count == 1)
        }
    }

    @Test func aListWithoutHeaderOrProcessIsNone() {
        #expect(Self.play(columns: nil, [Self.row()]).snapshots.isEmpty)
        #expect(Self.play([Self.row()], process: false).snapshots.isEmpty)
    }
}
