import Capture
import NetworkTypes
import PacketPath
import PacketSamples
import PolicyLanguage
import Sessions
import Testing

@testable import Replay

@Suite struct ReplayerTests {
    private static let web = Packet("10.8.0.2", "10.10.0.20")
    private static let web6 = Packet("fd08:8::1002", "fd10:10::20")

    /// What a row says, and the packets in it.
    struct Line: Equatable, CustomStringConvertible {
        var session: String
        var destination: String
        var out: UInt64
        var `in`: UInt64
        var verdict: RowVerdict
        var reason: String

        init(
            _ session: String, _ destination: String, out: UInt64 = 0, in: UInt64 = 0,
            _ verdict: RowVerdict = .permitted, _ reason: String = ""
        ) {
            self.session = session
            self.destination = destination
            self.out = out
            self.in = `in`
            self.verdict = verdict
            self.reason = reason
        }

        var description: String {
            "\(session) \(destination) out \(out) in \(self.in) \(verdict.rawValue) (\(reason))"
        }
    }

    private static func lines(_ report: ReplayReport) -> [Line] {
        report.rows.map { row in
            let why = report.explanation(of: row)
            return Line(
                report.name(of: row), report.text(of: row), out: row.outward.packets,
                in: row.toward.packets, why.verdict, why.reason)
        }
    }

    private static func lines(_ recording: Recording, _ people: String? = Pack.people) throws -> [Line] {
        let policy = try Pack.policy()
        let sessions = try people.map { try Pack.sessions($0, under: policy) } ?? []
        let report = try recording.replay(sessions, under: policy)
        #expect(report.disagreementCount == 0, "\(report.disagreements)")
        return lines(report)
    }

    private static func quote(_ packet: Packet) -> [UInt8] {
        Bytes.icmp(3, 4, Array(packet.bytes.prefix(28)))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var packet: [UInt8]
        var line: Line

        init(_ description: String, _ packet: Packet, _ line: Line) {
            testDescription = description
            self.packet = packet.bytes
            self.line = line
        }
    }

    static let cases = [
        Case("granted", web, Line("alice", "10.10.0.20:443/tcp", out: 1)),
        Case("granted by IPv6", web6, Line("alice", "[fd10:10::20]:443/tcp", out: 1)),
        Case(
            "its answer counts with it", web.answer, Line("alice", "10.10.0.20:443/tcp", in: 1)),
        Case(
            "its answer by IPv6", web6.answer, Line("alice", "[fd10:10::20]:443/tcp", in: 1)),
        Case(
            "another port", web.with { $0.port = 22 },
            Line(
                "alice", "10.10.0.20:22/tcp", out: 1, .refused,
                "no system of the rules takes this packet")),
        Case(
            "the internet", Packet("10.8.0.2", "192.0.2.1"),
            Line(
                "alice", "192.0.2.1:443/tcp", out: 1, .refused,
                "no system of the rules takes this packet")),
        Case(
            "a system of others", Packet("10.8.0.2", "10.10.0.22"),
            Line(
                "alice", "10.10.0.22:443/tcp", out: 1, .refused,
                "the class does not reach system 'ledger'")),
        Case(
            "a session that is not admitted", Packet("10.8.0.4", "10.10.0.20"),
            Line("thief", "10.10.0.20:443/tcp", out: 1, .refused, "the session is not admitted")),
        Case(
            "options", web.with { $0.options = [1, 1, 1, 1] },
            Line("alice", "10.10.0.20:443/tcp", out: 1, .refused, "it has IP options")),
        Case(
            "two reasons", Packet("10.8.0.2", "10.10.0.22").with { $0.options = [1, 1, 1, 1] },
            Line(
                "alice", "10.10.0.22:443/tcp", out: 1, .refused,
                "it has IP options; the class does not reach system 'ledger'")),
        Case(
            "a connection opened toward a session", web.answer.with { $0.flags = 0x02 },
            Line(
                "alice", "10.10.0.20:443/tcp", in: 1, .refused,
                "a connection opened toward the session")),
        Case(
            "an answer to nothing",
            Packet("10.8.0.2", "10.10.0.53").with {
                ($0.kind, $0.port, $0.isOutward) = (17, 53, false)
            },
            Line(
                "alice", "10.10.0.53:53/udp", in: 1, .cannotTell,
                "an answer to no question in this recording")),
        Case(
            "a later fragment", web.with { ($0.fragment, $0.payload) = (185, [1, 2, 3, 4]) },
            Line(
                "alice", "10.10.0.20/tcp", out: 1, .cannotTell,
                "a fragment: the kernel judges the whole datagram")),
        Case(
            "a later fragment to where nothing goes",
            Packet("10.8.0.2", "10.10.9.9").with { ($0.fragment, $0.payload) = (185, [1, 2, 3, 4]) },
            Line(
                "alice", "10.10.9.9/tcp", out: 1, .refused,
                "no system of the rules takes this packet")),
        Case(
            "ping", web.with { ($0.kind, $0.payload) = (1, Bytes.icmp(8, 0, [])) },
            Line("alice", "10.10.0.20/icmp", out: 1)),
        Case(
            "ping by IPv6", web6.with { ($0.kind, $0.payload) = (58, Bytes.icmp(128, 0, [])) },
            Line("alice", "fd10:10::20/icmpv6", out: 1)),
        Case(
            "ping of a session",
            web.with {
                ($0.kind, $0.payload, $0.isOutward) = (1, Bytes.icmp(8, 0, []), false)
            },
            Line(
                "alice", "10.10.0.20/icmp", in: 1, .refused,
                "ICMP that is neither echo nor an error")),
        Case(
            "an error of a router about a packet that may pass",
            Packet("10.8.0.2", "10.10.0.1").with {
                ($0.kind, $0.payload, $0.isOutward) = (1, quote(web), false)
            },
            Line("alice", "10.10.0.1/icmp", in: 1, .permitted, "an ICMP error about a packet that may pass")),
        Case(
            "a protocol without ports",
            Packet("10.8.0.2", "10.10.4.7").with {
                ($0.kind, $0.payload) = (50, Bytes.word(1) + Bytes.word(1))
            },
            Line("alice", "10.10.4.7/esp", out: 1)),
        Case(
            "from one client to another", Packet("10.8.0.2", "10.8.0.3"),
            Line(
                "alice", "10.8.0.3:443/tcp", out: 1, .refused,
                "from one client to another")),
        Case(
            "nobody's", Packet("10.8.0.9", "10.10.0.20"),
            Line(
                "-", "10.10.0.20:443/tcp", out: 1, .refused,
                "no session has this address; system crm, reached by: employee")),
        Case(
            "nobody's, to where nobody may go", Packet("10.8.0.9", "10.10.0.20").with { $0.port = 22 },
            Line(
                "-", "10.10.0.20:22/tcp", out: 1, .refused,
                "no session has this address; no system of the rules takes this packet")),
    ]

    @Test(arguments: cases) func saysWhatTheRulesWouldHaveDone(test: Case) throws {
        var recording = Recording()
        recording.add(test.packet)
        #expect(try Self.lines(recording) == [test.line])
    }

    /// Which end of a packet of nobody's would have been the session.
    @Test(arguments: [
        ("an answer of a system", web.answer, Line("-", "10.10.0.20:443/tcp", in: 1)),
        ("who opens", web.with { ($0.flags, $0.port) = (2, 22) }, Line("-", "10.10.0.20:22/tcp", out: 1)),
        (
            "who is opened", web.answer.with { ($0.flags, $0.port) = (0x12, 22) },
            Line("-", "10.10.0.20:22/tcp", in: 1)
        ),
        ("from inside", web.answer.with { $0.port = 22 }, Line("-", "10.10.0.20:22/tcp", in: 1)),
        (
            "an answer from elsewhere", Packet("10.8.0.2", "192.0.2.1").answer,
            Line("-", "192.0.2.1:443/tcp", in: 1)
        ),
        ("elsewhere", Packet("10.8.0.2", "192.0.2.1"), Line("-", "192.0.2.1:443/tcp", out: 1)),
        ("by IPv6", web6.answer, Line("-", "[fd10:10::20]:443/tcp", in: 1)),
    ])
    func withoutSessionsTheFarEndIsGuessed(what: String, packet: Packet, expected: Line) throws {
        var recording = Recording()
        recording.add(packet.bytes)
        let line = try #require(try Self.lines(recording, nil).first)
        #expect(line.session == "-" && line.verdict == .refused, "\(what)")
        #expect([line.out, line.in] == [expected.out, expected.in], "\(what)")
        #expect(line.destination == expected.destination, "\(what)")
    }

    @Test func bothWaysOfAFlowAreOneRow() throws {
        var recording = Recording()
        let ask = Packet("10.8.0.2", "10.10.0.53").with { ($0.kind, $0.port) = (17, 53) }
        for packet in [Self.web, Self.web.answer, Self.web, ask, ask.answer, Self.web6, Self.web6.answer] {
            recording.add(packet.bytes)
        }
        #expect(
            try Self.lines(recording) == [
                Line("alice", "10.10.0.20:443/tcp", out: 2, in: 1),
                Line("alice", "10.10.0.53:53/udp", out: 1, in: 1),
                Line("alice", "[fd10:10::20]:443/tcp", out: 1, in: 1),
            ])
    }

    @Test func octetsAreThoseOfThePacketNotOfTheFrame() throws {
        var recording = Recording(link: 1)
        recording.add(Bytes.ethernet(0x0800) + Self.web.bytes + [0, 0, 0, 0])
        let policy = try Pack.policy()
        let report = try recording.replay(
            try Pack.sessions(Pack.people, under: policy), under: policy)
        #expect(report.rows.map(\.outward.octets) == [UInt64(Self.web.bytes.count)])
    }

    @Test func filesOfSeveralLinkTypesAreOneRecording() throws {
        var raw = Recording()
        var ethernet = Recording(link: 1)
        var other = Recording(link: 143)
        for _ in 0..<40 { raw.add(Self.web.bytes) }
        for _ in 0..<3 { ethernet.add(Bytes.ethernet(0x0800) + Self.web.bytes) }
        ethernet.add([1, 2, 3])
        other.add(Self.web.bytes)
        let policy = try Pack.policy()
        let sessions = try Pack.sessions(Pack.people, under: policy)
        let report = try Recording.replay([raw, ethernet, other, raw], sessions, under: policy).report
        #expect(report.rows.map(\.outward.packets) == [83])
        #expect(report.drops == [.tooShort: 1, .unsupportedLinkType: 1])
        #expect(report.frames == 85)
    }

    @Test func aTruncatedFileGivesWhatStoodBefore() throws {
        var recording = Recording()
        recording.add(Self.web.bytes)
        let whole = recording.bytes.count
        recording.add(Self.web.bytes)
        recording.truncate(by: 1)
        let policy = try Pack.policy()
        let sessions = try Pack.sessions(Pack.people, under: policy)
        let (report, failure) = try Recording.replay([recording], sessions, under: policy)
        #expect(report.rows.map(\.outward.packets) == [1])
        #expect(failure?.offset == whole)
    }

    @Test func flowsBeyondTheLimitAreCountedTogether() throws {
        var recording = Recording()
        for port in UInt16(1)...10 {
            recording.add(Self.web.with { $0.port = port }.bytes)
            recording.add(Self.web.bytes)
        }
        let policy = try Pack.policy()
        let sessions = try Pack.sessions(Pack.people, under: policy)
        let report = try recording.replay(sessions, under: policy, flowLimit: 3)
        #expect(report.rows.count == 3)
        #expect(report.others == [.refused: Traffic(packets: 8, octets: 8 * 44)])
        #expect(report.totals[.permitted]?.packets == 10 && report.totals[.refused]?.packets == 10)
    }

    @Test func everySampleIsAFlowOrADrop() throws {
        let policy = try Pack.policy()
        let sessions = try Pack.sessions(
            """
            sessions:
              - name: sample
                addresses: [10.8.0.3, "fd08:8::1001"]
                session: { certificate: corporate, device: laptop-1, mfa: 5m }
            """, under: policy)
        for sample in PacketSample.all {
            var recording = Recording(link: Int(sample.link))
            recording.add(sample.bytes)
            let report = try recording.replay(sessions, under: policy)
            #expect(report.rows.count + report.drops.count == 1, "\(sample)")
            #expect(report.disagreementCount == 0, "\(sample)")
        }
    }

    /// A decision and a packet path that contradict each other cannot be had from rules; a wrong key can.
    @Test(arguments: [true, false]) func contradictionsAreTold(isPermitted: Bool) throws {
        let policy = try Pack.policy()
        let tenure = Tenure(
            try Pack.sessions(Pack.people, under: policy)[0], slot: try PathImage.someSlot(),
            startingAt: Recording.start, under: policy)
        var turned = tenure
        turned.turn(to: Recording.start, reachingBack: .zero, under: policy)
        var packet = DecodedPacket()
        (packet.family, packet.ipProtocol, packet.hasPorts, packet.destinationPort) = (4, 6, true, 443)
        packet.destinationLow = isPermitted ? 0x0a0a_0016 : 0x0a0a_0014
        let key = FlowKey(
            packet, way: .outward, session: 0,
            outcome: isPermitted ? .permitted : Outcome(.denied(.destination)), standing: 1)
        var explainer = Explainer(policy)
        for _ in 0..<30 {
            _ = explainer.number(for: key, decision: turned.decision, isTowardClient: false)
        }
        #expect(explainer.disagreementCount == 30 && explainer.disagreements.count == 20)
        #expect(
            explainer.disagreements.allSatisfy {
                $0.contains("packet path says \(isPermitted ? "permit" : "deny")")
            })
    }
}

extension PathImage {
    fileprivate static func someSlot() throws -> SessionSlot {
        var image = try PathImage(key: (1, 2), slotCount: 1)
        return image.takeSlot()
    }
}
