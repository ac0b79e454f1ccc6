import Classification
import NetworkTypes
import PacketPath
import PolicyLanguage
import Sessions
import TestSupport
import Testing

@testable import Replay

/// Random recordings against the plainest replay there can be: every frame by itself, decided anew.
@Suite struct ReplayModelTests {
    struct Key: Hashable, CustomStringConvertible {
        var session: String
        var destination: Destination
        var verdict: RowVerdict
        var className: String?
        var reason: String

        var description: String { "\(session) \(destination) \(verdict.rawValue) \(reason)" }
    }

    struct Count: Equatable {
        var outward: UInt64 = 0
        var toward: UInt64 = 0
    }

    struct Seen {
        var packet: Packet
        var time: Instant
    }

    static let people = """
        sessions:
          - name: a
            addresses: [10.8.0.0, "fd08:8::"]
            until: 2026-11-23T10:10:00Z
            session: { certificate: corporate, device: laptop-1, mfa: 57m }
          - name: b
            addresses: [10.8.0.0, "fd08:8::"]
            from: 2026-11-23T10:12:00Z
            session: { certificate: corporate, device: laptop-1, mfa: 11h50m }
          - name: c
            addresses: [10.8.0.1, "fd08:8::1"]
            session: { certificate: third-party, organisation: Northwind Ltd, mfa: 50m }
          - name: d
            addresses: ["fd08:8::2"]
            session: { certificate: corporate, device: laptop-2, mfa: 5m }
        """

    private static func random(_ random: inout Seeded) -> Packet {
        let bits = random.next()
        let isIPv6 = bits & 1 == 0
        let near = UInt32(bits >> 1 & 3)
        let hosts: [UInt32] = [0x14, 0x15, 0x16, 0x35, 0x404, 0x99]
        let far = hosts[Int(bits >> 3 & 0xff) % hosts.count]
        // Hosts are written in hexadecimal in both families: fd10:10::20 is host 0x20.
        let hosts6: [UInt32] = [0x20, 0x21, 0x22, 0x53, 0x404, 0x99]
        let far6 = hosts6[Int(bits >> 3 & 0xff) % hosts6.count]
        var packet =
            isIPv6
            ? Packet(
                near: IPAddress(ipv6: 0xfd08_0008 << 96 | UInt128(near)),
                far: IPAddress(ipv6: 0xfd10_0010 << 96 | UInt128(far6)))
            : Packet(near: IPAddress(ipv4: 0x0a08_0000 | near), far: IPAddress(ipv4: 0x0a0a_0000 | far))
        packet.kind = bits >> 11 & 3 == 0 ? 17 : 6
        packet.port = [443, 80, 53, 25][Int(bits >> 13 & 3)]
        packet.isOutward = bits >> 15 & 3 != 0
        return packet
    }

    /// Names the session that has the packet's near end at its time.
    private static func session(_ seen: Seen, _ sessions: [RecordedSession]) -> RecordedSession? {
        sessions.first { session in
            session.addresses.contains(seen.packet.near)
                && session.from.map { $0 <= seen.time } != false
                && session.until.map { seen.time < $0 } != false
        }
    }

    private static func key(
        _ seen: Seen, _ sessions: [RecordedSession], _ policy: Policy, start: Instant
    ) -> Key? {
        let packet = seen.packet
        let destination = Destination(
            address: packet.far, ipProtocol: IPProtocol(rawValue: packet.kind), port: packet.port)
        guard let session = session(seen, sessions) else { return nil }
        let evidence = session.session.evidence(under: policy, at: session.from ?? start)
        let decision = Classifier.classify(evidence, under: policy, at: seen.time)
        var key = Key(
            session: session.name, destination: destination, verdict: .permitted,
            className: decision.className, reason: "")
        if case .deny(let reason) = decision.verdict(for: destination, under: policy) {
            key.verdict = .refused
            key.reason = reason.description
        }
        return key
    }

    /// A code's age is that of the first packet refused for it.
    private static func general(_ reason: String) -> String {
        reason.hasPrefix("system 'finance' needs more") ? "system 'finance' needs more" : reason
    }

    @Test(arguments: UInt64(1)...20) func agreesWithTheModel(seed: UInt64) throws {
        var random = Seeded(seed)
        let policy = try Pack.policy()
        let sessions = try Pack.sessions(Self.people, under: policy)
        var seen: [Seen] = []
        for index in 0..<2000 {
            // Up to 20 minutes, in order but for two seconds here and there.
            let millisecond = Int64(index) * 600 + Int64.random(in: -2000...2000, using: &random)
            seen.append(
                Seen(
                    packet: Self.random(&random),
                    time: Recording.start + .milliseconds(index == 0 ? 0 : max(0, millisecond))))
        }
        var recording = Recording()
        for frame in seen { recording.add(frame.packet.bytes, at: frame.time) }

        var expected: [Key: Count] = [:]
        for frame in seen {
            // Answers by UDP hang on what was asked before, and nobody's ends are guessed: see `ReplayerTests`.
            guard frame.packet.kind == 6 || frame.packet.isOutward,
                var key = Self.key(frame, sessions, policy, start: Recording.start)
            else { continue }
            key.reason = Self.general(key.reason)
            if frame.packet.isOutward {
                expected[key, default: Count()].outward += 1
            } else {
                expected[key, default: Count()].toward += 1
            }
        }

        let report = try recording.replay(sessions, under: policy)
        #expect(report.disagreementCount == 0, "seed \(seed): \(report.disagreements)")
        var found: [Key: Count] = [:]
        for row in report.rows where row.session != nil {
            let why = report.explanation(of: row)
            let key = Key(
                session: report.name(of: row), destination: row.destination, verdict: why.verdict,
                className: why.className, reason: Self.general(why.reason))
            found[key, default: Count()].outward += row.outward.packets
            if row.destination.ipProtocol == .tcp {
                found[key, default: Count()].toward += row.toward.packets
            }
        }
        found = found.filter { $0.value != Count() }
        for key in Set(expected.keys).union(found.keys) where expected[key] != found[key] {
            Issue.record(
                "seed \(seed): \(key): expected \(String(describing: expected[key])), found \(String(describing: found[key]))"
            )
        }
        #expect(expected.count > 30, "seed \(seed)")
        let total = report.totals.values.reduce(0) { $0 + $1.packets }
        #expect(total == UInt64(seen.count), "seed \(seed): every frame is in one row")
    }
}
