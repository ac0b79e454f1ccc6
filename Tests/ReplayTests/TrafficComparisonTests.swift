import Capture
import NetworkTypes
import PacketPath
import PolicyLanguage
import Sessions
import TestSupport
import Testing

@testable import Replay

/// What recorded traffic two packs do not agree about.
@Suite struct TrafficComparisonTests {
    /// The pack, with some text of some file replaced.
    private static func policy(_ changes: [(of: String, with: String)] = []) throws -> Policy {
        let files = Pack.files.map { path, text in
            PackFile(path: path, text: changes.reduce(text) { $0.replacing($1.of, with: $1.with) })
        }
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: Recording.start)
        return try #require(policy, "\(DiagnosticRenderer.text(diagnostics))")
    }

    private static func compare(
        _ recording: Recording, from old: Policy, to new: Policy, limit: Int = 1_000
    ) throws -> TrafficDifference {
        var settings = Replayer.Settings(key: (1, 2))
        settings.flowLimit = limit
        var comparison = try TrafficComparison(
            (try Pack.sessions(Pack.people, under: old), try Pack.sessions(Pack.people, under: new)),
            from: old, to: new, settings: settings)
        let file = CaptureFile(recording.bytes)
        var reader = file.makeReader()
        var isMore = true
        while isMore {
            var frames: [RecordedFrame] = []
            isMore = try reader.nextPathFrames(interface: Replayer.interface, way: .either) {
                frames.append(RecordedFrame($1, link: $0.link, timestamp: $0.timestamp))
            }
            try comparison.process(frames)
        }
        return comparison.difference()
    }

    private static func lines(_ difference: TrafficDifference) -> [String] {
        difference.rows.map { row in
            "\(row.change.rawValue) \(row.session) \(row.destination) \(row.outward.packets) \(row.toward.packets)"
        }
    }

    /// One change of the pack each, and what comes of the same recording.
    static let cases: [(why: String, changes: [(of: String, with: String)], lines: [String])] = [
        ("nothing changes", [], []),
        (
            "a class loses a system", [("[dns, crm, finance, mail]", "[dns, finance, mail]")],
            ["closes alice 10.10.0.20:443/tcp 2 1"]
        ),
        (
            "a class gains a system", [("[dns, crm, finance, mail]", "[dns, crm, finance, mail, ledger]")],
            ["opens alice 10.10.0.22:443/tcp 1 0"]
        ),
        (
            "a port closes and another opens", [("tcp/80, tcp/443, ping", "tcp/22")],
            ["closes alice 10.10.0.20:443/tcp 2 1", "opens alice 10.10.0.20:22/tcp 1 0"]
        ),
        (
            "a session loses everything", [("device: [lost]", "device: [lost, in-use]")],
            [
                "closes alice 10.10.0.20:443/tcp 2 1", "closes alice 10.10.0.53:53/udp 1 0",
                "closes nadia 10.10.0.22:443/tcp 1 0",
            ]
        ),
        ("words change and no packet", [("cites: [loss]", "cites: [other]")], []),
    ]

    private static var recording: Recording {
        var recording = Recording()
        let web = Packet("10.8.0.2", "10.10.0.20")
        for packet in [
            web, web.answer, web, web.with { $0.port = 22 }, Packet("10.8.0.2", "10.10.0.22"),
            Packet("10.8.0.2", "10.10.0.53").with {
                $0.kind = 17
                $0.port = 53
            },
            Packet("10.8.0.3", "10.10.0.22"), Packet("10.8.0.4", "10.10.0.20"),
            // Nobody's.
            Packet("10.8.0.77", "10.10.0.20"),
        ] {
            recording.add(packet.bytes)
        }
        return recording
    }

    @Test(arguments: cases.indices) func whatCloses(index: Int) throws {
        let one = Self.cases[index]
        let difference = try Self.compare(
            Self.recording, from: try Self.policy(), to: try Self.policy(one.changes))
        #expect(Self.lines(difference) == one.lines, "\(one.why)")
        #expect(difference.frames == 9 && difference.isEmpty == one.lines.isEmpty)
        // The other way round, what closed opens.
        let back = try Self.compare(
            Self.recording, from: try Self.policy(one.changes), to: try Self.policy())
        let turned = one.lines.map {
            $0.hasPrefix("closes") ? "opens" + $0.dropFirst(6) : "closes" + $0.dropFirst(5)
        }
        #expect(Set(Self.lines(back)) == Set(turned), "\(one.why), the other way")
    }

    /// Finance asks for a code of the last hour: in the old pack that ends five minutes into the recording, in the new
    /// one after ten.
    @Test func eachFrameIsJudgedByItsOwnTime() throws {
        var recording = Recording()
        let packet = Packet("10.8.0.2", "10.10.0.21")
        for seconds: Int64 in [0, 200, 299, 301, 400, 599, 601, 900] {
            recording.add(packet.bytes, after: seconds)
        }
        let new = try Self.policy([("needs: { mfa: { within: 1h } }", "needs: { mfa: { within: 65m } }")])
        let difference = try Self.compare(recording, from: try Self.policy(), to: new)
        #expect(Self.lines(difference) == ["opens alice 10.10.0.21:443/tcp 3 0"])
        let row = try #require(difference.rows.first)
        #expect(row.first == (Recording.start + .seconds(301)).description)
        #expect(row.last == (Recording.start + .seconds(599)).description)
    }

    @Test func peopleReadItAndItIsBounded() throws {
        var recording = Self.recording
        for port in UInt16(1_000)..<1_100 {
            recording.add(Packet("10.8.0.2", "10.10.0.20").with { $0.port = port }.bytes)
        }
        let new = try Self.policy([("tcp/80, tcp/443, ping", "tcp/1-65535")])
        let difference = try Self.compare(recording, from: try Self.policy(), to: new, limit: 10)
        #expect(difference.rows.count == 10 && difference.others.packets == 91)
        var text: [String] = []
        difference.write { text.append($0) }
        #expect(text[0].contains("no packets would be refused that are allowed now"))
        #expect(text[0].contains("10 packets to 10 destinations would be allowed that are refused now"))
        #expect(text.contains { $0.hasPrefix("+  alice") && $0.contains("employee: crm") })
        #expect(text.last == "and 91 packets more, of more destinations than are told apart")
    }

    /// Against two replays that know nothing of each other: packets that close less those that open are what the one
    /// permits more than the other.
    @Test(arguments: [UInt64(1), 2, 3]) func countsAddUp(seed: UInt64) throws {
        var random = Seeded(seed)
        var recording = Recording()
        for second in 0..<600 {
            let near = ["10.8.0.2", "10.8.0.3", "10.8.0.4", "10.8.0.9"].randomElement(using: &random) ?? ""
            let far = "10.10.0.\([20, 21, 22, 53].randomElement(using: &random) ?? 0)"
            var packet = Packet(near, far)
            packet.port = [22, 80, 443].randomElement(using: &random) ?? 0
            recording.add((Bool.random(using: &random) ? packet : packet.answer).bytes, after: Int64(second))
        }
        let old = try Self.policy()
        let new = try Self.policy([
            ("[dns, crm, finance, mail]", "[dns, finance, ledger]"), ("within: 1h", "within: 57m"),
        ])
        let difference = try Self.compare(recording, from: old, to: new)
        let permitted = try [old, new].map { policy in
            let sessions = try Pack.sessions(Pack.people, under: policy)
            return Int(try recording.replay(sessions, under: policy).totals[.permitted]?.packets ?? 0)
        }
        let (closed, opened) = (
            Int(difference.total(.closes).traffic.packets), Int(difference.total(.opens).traffic.packets)
        )
        #expect(closed > 0 && opened > 0, "seed \(seed)")
        #expect(permitted[0] - permitted[1] == closed - opened, "seed \(seed)")
    }
}
