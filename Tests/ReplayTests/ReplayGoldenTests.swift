import Foundation
import NetworkTypes
import PacketSamples
import PolicyLanguage
import Sessions
import Testing

@testable import Replay

/// One recording, and the report to the letter. `GATEHOUSE_REGENERATE=1 swift test` writes what is said now.
@Suite struct ReplayGoldenTests {
    private static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private static func compare(_ text: String, _ name: String) throws {
        let file = folder.appending(path: name)
        if isRegenerating { try Data(text.utf8).write(to: file) }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    private static func day() -> Recording {
        var recording = Recording()
        let web = Packet("10.8.0.2", "10.10.0.20")
        let web6 = Packet("fd08:8::1002", "fd10:10::20")
        let ask = Packet("10.8.0.2", "10.10.0.53").with { ($0.kind, $0.port) = (17, 53) }
        let ledger = Packet("10.8.0.3", "10.10.0.22")
        for _ in 0..<12 {
            for packet in [ask, ask.answer, web, web.answer, web6, web6.answer, ledger] {
                recording.add(packet.bytes)
            }
        }
        recording.add(Packet("10.8.0.2", "10.10.0.21").bytes, after: 10)
        recording.add(Packet("10.8.0.2", "10.10.0.21").bytes, after: 400)
        recording.add(Packet("10.8.0.2", "192.0.2.1").bytes, after: 401)
        recording.add(Packet("10.8.0.4", "10.10.0.20").bytes, after: 402)
        recording.add(Packet("10.8.0.9", "10.10.0.20").bytes, after: 403)
        recording.add(ask.with { $0.near = IPAddress(ipv4: 0x0a08_0003) }.answer.bytes, after: 404)
        recording.add(Packet("10.8.0.2", "10.10.4.7").with { ($0.fragment, $0.payload) = (9, [1]) }.bytes)
        recording.add([0x45], after: 405)
        recording.add(ledger.bytes, after: 60_000)
        return recording
    }

    private static func report(_ people: String?) throws -> ReplayReport {
        let policy = try Pack.policy()
        let sessions = try people.map { try Pack.sessions($0, under: policy) } ?? []
        return try day().replay(sessions, under: policy)
    }

    private static func text(_ report: ReplayReport, refusedOnly: Bool = false) -> String {
        var text = ""
        report.write(refusedOnly: refusedOnly) { text += $0 + "\n" }
        return text
    }

    @Test(arguments: ["everything", "refused", "without-sessions", "nothing"])
    func rendersAsExpected(name: String) throws {
        let text =
            switch name {
            case "refused": Self.text(try Self.report(Pack.people), refusedOnly: true)
            case "without-sessions": Self.text(try Self.report(nil))
            case "nothing": Self.text(try Recording().replay([], under: Pack.policy()))
            default: Self.text(try Self.report(Pack.people))
            }
        try Self.compare(text, "\(name).txt")
        #expect(!text.contains(" \n"), "spaces at the end of a line")
    }

    @Test func encodesAsExpected() throws {
        let report = try Self.report(Pack.people)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let parts = [try encoder.encode(report.summary), try encoder.encode(report.rows.map(report.record))]
        try Self.compare(parts.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(), "report.json")
    }
}
