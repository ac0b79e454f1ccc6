import Audit
import AuditLog
import Foundation
import NetworkTypes
import Sessions
import Testing

@testable import Enforcement
@testable import PolicyLanguage
@testable import gatehouse

/// What is kept of flows, and for how long.
@Suite struct FlowRecordTests {
    private static let now = Instant(secondsSince1970: 1_795_212_000)
    private static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

    private static func monitoring(isPseudonymous: Bool) -> Settings.Monitoring {
        Settings.Monitoring(
            logsFlows: true, dpia: "DPIA-7", approvedBy: "data.protection.officer", retention: .seconds(3600),
            isPseudonymous: isPseudonymous, serving: .init(cites: ["monitoring"], at: place))
    }

    private static func flow(to destination: String) throws -> FlowSighting {
        FlowSighting(
            id: SessionID(source: "office", serverProcess: 100, client: 21), userName: "alice",
            device: "LAP-0042", destination: try #require(Destination(parsing: destination)), packets: 7,
            octets: 4200, from: now - .seconds(50), through: now - .seconds(1))
    }

    private static func policy() throws -> Policy {
        Policy(
            inside: [], authorities: [],
            systems: try ["10.10.0.20", "fd10::20"].enumerated().map { index, address in
                System(
                    name: "crm\(index)", addresses: [AddressRange(try #require(IPAddress(address)))],
                    services: [.tcp(PortRange(443))], location: place)
            }, classes: [])
    }

    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "flows-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func lines(_ folder: String) throws -> [String] {
        let files = AuditFolder(path: folder + "/flows")
        return try files.segments().flatMap {
            String(decoding: try files.read($0), as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    @Test(arguments: ["10.10.0.20:443/tcp", "[fd10::20]:443/tcp"])
    func saysWhoWhereAndByWhichAssessment(destination: String) throws {
        try Self.withFolder { folder in
            try FlowRecord(state: folder).keep(
                [try Self.flow(to: destination)], Self.monitoring(isPseudonymous: false),
                under: try Self.policy(), at: Self.now)
            let line = try #require(try Self.lines(folder).first)
            for word in [
                #""kind":"flow""#, #""session":"office/21""#, #""user":"alice""#, #""device":"LAP-0042""#,
                #""destination":"\#(destination)""#, #""system":"crm"#, #""packets":7"#, #""bytes":4200"#,
                #""reference":"DPIA-7""#, #""clauses":["monitoring"]"#,
            ] { #expect(line.contains(word), "\(word) in \(line)") }
        }
    }

    /// Nothing that leads to a person: not by itself, and not by way of the audit record.
    @Test func pseudonymsLeadToNobody() throws {
        try Self.withFolder { folder in
            let record = FlowRecord(state: folder)
            let flows = [
                try Self.flow(to: "10.10.0.20:443/tcp"), try Self.flow(to: "[fd10::20]:443/tcp"),
            ]
            try record.keep(
                flows, Self.monitoring(isPseudonymous: true), under: try Self.policy(), at: Self.now)
            let lines = try Self.lines(folder)
            for line in lines {
                for word in ["alice", "LAP-0042", "office/21", "10.10.0.20", "fd10::20"] {
                    #expect(!line.contains(word), "\(word) in \(line)")
                }
                #expect(line.contains(#""system":"crm"#) && line.contains(#""reference":"DPIA-7""#))
            }
            let people = Set(
                lines.compactMap { line in line.split(separator: "\"").first { $0.hasPrefix("person-") } })
            #expect(people.count == 1, "the same person has the same name in both")
            // Another process calls the same person something else.
            try FlowRecord(state: folder).keep(
                [flows[0]], Self.monitoring(isPseudonymous: true), under: try Self.policy(), at: Self.now)
            let last = try #require(try Self.lines(folder).last)
            #expect(!people.contains { last.contains($0) })
        }
    }

    @Test func oldOnesGo() throws {
        try Self.withFolder { folder in
            let record = FlowRecord(state: folder)
            #expect(try record.retire(olderThan: Self.now, at: Self.now) == nil)
            #expect(!FileManager.default.fileExists(atPath: folder + "/flows"), "nothing is made for nothing")
            try record.keep(
                [try Self.flow(to: "10.10.0.20:443/tcp")], Self.monitoring(isPseudonymous: false),
                under: try Self.policy(), at: Self.now)
            #expect(try record.retire(olderThan: Self.now, at: Self.now) == nil)
            #expect(try record.retire(olderThan: Self.now + .seconds(1), at: Self.now + .seconds(1)) == 1)
            #expect(try Self.lines(folder).allSatisfy { $0.contains(#""kind":"retired""#) })
        }
    }
}
