import Capture
import NetworkTypes
import PacketPath
import PacketSamples
import PolicyLanguage
import Sessions
import Testing

@testable import Replay

/// What changes while the recording runs.
@Suite struct ReplayTimeTests {
    private static let finance = Packet("10.8.0.2", "10.10.0.21")

    /// `session verdict reason: packets`, a text a row.
    private static func texts(_ report: ReplayReport) -> [String] {
        report.rows.map { row in
            let why = report.explanation(of: row)
            let reason = why.reason.isEmpty ? "" : " \(why.reason)"
            return "\(report.name(of: row)) \(why.verdict.rawValue)\(reason): \(row.traffic.packets)"
        }
    }

    private static func replay(_ recording: Recording, at: Instant? = nil) throws -> ReplayReport {
        let policy = try Pack.policy()
        let report = try recording.replay(
            try Pack.sessions(Pack.people, under: policy), under: policy, at: at)
        #expect(report.disagreementCount == 0)
        return report
    }

    /// The need of `finance` runs out five minutes into the recording, the code of the class after 11 hours 5 minutes.
    @Test(arguments: [false, true]) func aCodeRunsOut(isIPv6: Bool) throws {
        let packet = isIPv6 ? Packet("fd08:8::1002", "fd10:10::21") : Self.finance
        var recording = Recording()
        for second: Int64 in [0, 299, 300, 301, 39_899, 39_900] { recording.add(packet.bytes, after: second) }
        let report = try Self.replay(recording)
        #expect(
            Self.texts(report) == [
                "alice permitted: 2",
                "alice refused system 'finance' needs more: one-time code 1h 0m old: 3",
                "alice refused the class does not reach system 'finance': 1",
            ])
        #expect(report.turns[0].map(\.since) == [0, 300, 39_900].map { Recording.start + .seconds($0) })
        #expect(report.turns[0].map(\.className) == ["employee", "employee", "without-code"])
    }

    /// The contract's last day ends at midnight, 14 hours in, hours at the same time; she is in no class after it.
    @Test func aContractEnds() throws {
        var recording = Recording()
        let packet = Packet("10.8.0.3", "10.10.0.22")
        for second: Int64 in [0, 50_399, 50_400, 50_401, 200_000] {
            recording.add(packet.bytes, after: second)
            recording.add(packet.answer.bytes, after: second)
        }
        let report = try Self.replay(recording)
        #expect(Self.texts(report) == ["nadia permitted: 4", "nadia refused the session is not admitted: 6"])
        // After 50 minutes the code is too old for `finance`.
        #expect(report.turns[1].map(\.since) == [0, 3000, 50_400].map { Recording.start + .seconds($0) })
        #expect(report.turns[1].map(\.reaches) == [["finance", "ledger"], ["ledger"], []])
        #expect(report.turns[1][2].tell.contains("contract C-1 has ended"))
    }

    /// Frames of several queues come a little out of order: each is judged by its own time all the same.
    @Test(arguments: [
        [299, 300, 298, 301], [301, 300, 299, 298], [90_000, 0, 400, 1], [0, 0, 0, 10_000_000],
    ])
    func theOrderOfFramesDoesNotMatter(seconds: [Int64]) throws {
        var (given, sorted) = (Recording(), Recording())
        for second in seconds { given.add(Self.finance.bytes, after: second) }
        for second in seconds.sorted() { sorted.add(Self.finance.bytes, after: second) }
        // Without `from` the first frame says when the code was given: say it.
        let policy = try Pack.policy()
        let people = Pack.people.replacing(
            "addresses: [10.8.0.2", with: "from: \(Recording.start)\n    addresses: [10.8.0.2")
        let sessions = try Pack.sessions(people, under: policy)
        let first = Self.texts(try given.replay(sessions, under: policy))
        #expect(first == Self.texts(try sorted.replay(sessions, under: policy)))
        #expect(!first.isEmpty)
    }

    private static let two = """
        sessions:
          - name: first
            addresses: [10.8.0.2, "fd08:8::1002"]
            from: 2026-11-23T10:00:00Z
            until: 2026-11-23T11:00:00Z
            session: { certificate: corporate, device: laptop-1, mfa: 5m }
          - name: second
            addresses: [10.8.0.2, "fd08:8::1002"]
            from: 2026-11-23T11:00:00Z
            until: 2026-11-23T12:00:00Z
            session: { certificate: corporate, device: laptop-2, mfa: 5m }
        """

    @Test(arguments: [false, true]) func oneAddressTwoSessions(isBackward: Bool) throws {
        let packets = [Packet("10.8.0.2", "10.10.0.20"), Packet("fd08:8::1002", "fd10:10::20")]
        var recording = Recording()
        let seconds: [Int64] = [-1, 0, 3599, 3600, 7199, 7200]
        for second in isBackward ? seconds.reversed() : seconds {
            for packet in packets { recording.add(packet.bytes, after: second) }
        }
        let policy = try Pack.policy()
        let report = try recording.replay(try Pack.sessions(Self.two, under: policy), under: policy)
        let nobody = "- refused no session has this address; system crm, reached by: employee: 2"
        #expect(
            Self.texts(report) == [
                "first permitted: 2", "first permitted: 2",
                "second refused the session is not admitted: 2",
                "second refused the session is not admitted: 2", nobody, nobody,
            ])
        if !isBackward {
            #expect(report.turns.map { $0.map(\.isThere) } == [[true, true, false], [true, false]])
        }
    }

    /// A second factor is as old as the file says when the session begins, not when the recording does.
    @Test func theCodeIsAsOldAsAtTheSessionsBegin() throws {
        let policy = try Pack.policy()
        let people = """
            sessions:
              - name: alice
                addresses: [10.8.0.2]
                from: 2026-11-23T09:00:00Z
                session: { certificate: corporate, device: laptop-1, mfa: 30m }
            """
        var recording = Recording()
        recording.add(Self.finance.bytes)
        let report = try recording.replay(try Pack.sessions(people, under: policy), under: policy)
        #expect(
            Self.texts(report) == [
                "alice refused system 'finance' needs more: one-time code 1h 30m old: 1"
            ])
    }

    @Test func aTimeCanBeGivenForAllFrames() throws {
        var recording = Recording()
        for second: Int64 in [0, 5000, 1_000_000] { recording.add(Self.finance.bytes, after: second) }
        let report = try Self.replay(recording, at: Recording.start)
        #expect(Self.texts(report) == ["alice permitted: 3"])
    }

    @Test func framesWithoutATimeHaveThatOfTheFrameBefore() throws {
        let zero = Instant(nanosecondsSince1970: 0)
        var recording = Recording()
        recording.add(Self.finance.bytes)
        recording.add(Self.finance.bytes, at: zero)
        let report = try Self.replay(recording)
        #expect(Self.texts(report) == ["alice permitted: 2"])
        #expect(report.untimedFrames == 1)
    }

    /// As many changes as frames: hours, codes and sessions that come and go, for a year, either way.
    @Test(arguments: [false, true]) func aLongRecordingTurnsOften(isBackward: Bool) throws {
        var recording = Recording()
        let hours = Array(Int64(0)..<8760)
        for hour in isBackward ? hours.reversed() : hours {
            recording.add(Packet("10.8.0.3", "10.10.0.22").bytes, after: hour * 3600 - 200 * 86_400)
        }
        let report = try Self.replay(recording)
        #expect(report.rows.reduce(0) { $0 + $1.traffic.packets } == 8760)
    }

    /// Time stamps are the file's: whatever they are, every frame is judged.
    @Test func anyTimeStampIsATime() throws {
        var recording = Recording()
        recording.add(Self.finance.bytes)
        var reader = CaptureFile(recording.bytes).makeReader()
        let policy = try Pack.policy()
        var replayer = try Replayer(
            try Pack.sessions(Self.two + "\n" + Self.more, under: policy), under: policy,
            settings: Replayer.Settings(key: (1, 2)))
        let stamps: [UInt64] = [0, 1, .max, 1 << 63, 1 << 63 - 1, 1_795_428_000_000_000_000, 2, .max, 0]
        var frames: [RecordedFrame] = []
        _ = try reader.nextPathFrames(interface: Replayer.interface, way: .either) { frame, path in
            frames += stamps.map { RecordedFrame(path, link: frame.link, timestamp: $0) }
        }
        try replayer.process(frames)
        // The frame's bytes are the reader's.
        _ = consume reader
        let report = replayer.report()
        #expect(report.rows.reduce(0) { $0 + $1.traffic.packets } == UInt64(stamps.count))
        #expect(report.untimedFrames == 2)
    }

    private static let more = """
          - name: always
            addresses: [10.8.0.7]
            session: { certificate: third-party, organisation: Northwind Ltd, mfa: 10m }
        """
}
