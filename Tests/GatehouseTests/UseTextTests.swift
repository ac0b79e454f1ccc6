import Foundation
import Sessions
import Testing

@testable import gatehouse

/// What the packet path counted, as people and programs read it.
@Suite struct UseTextTests {
    private static let now = Instant(secondsSince1970: 1_795_255_200)

    private static func session(
        _ name: String, use: ControlMessages.SessionUseSummary? = nil
    ) -> ControlMessages.SessionSummary {
        ControlMessages.SessionSummary(
            id: name, user: "alice", commonName: "laptop", class: "employee", state: "open",
            addresses: ["10.8.0.2"], scope: ["crm", "portal"], startedAt: "2026-11-21T09:00:00Z", use: use)
    }

    private static let use = ControlMessages.SessionUseSummary(
        packetsOut: 3402, bytesOut: 1_234_567, packetsIn: 18, bytesIn: 512, refused: 12,
        lastSeen: "2026-11-21T09:59:59Z", lastUsed: "2026-11-21T09:56:48Z")

    @Test(arguments: [
        (UInt64(0), "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"),
        (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (1_234_567, "1.2 MB"),
        (87_000_000_000, "87 GB"), (.max, "18 EB"),
    ])
    func sizesHaveTwoOrThreeDigits(octets: UInt64, text: String) {
        #expect(UseText.size(octets) == text)
    }

    @Test(arguments: [
        ("2026-11-21T09:56:48Z", "3m 12s"), ("2026-11-21T10:00:05Z", "0s"), (nil, "-"), ("yesterday", "-"),
    ])
    func agesAreOfTheDaemonsTimes(time: String?, text: String) {
        #expect(UseText.age(time, at: Self.now) == text)
    }

    @Test func theTableHasTheColumnsWhenThePacketPathRuns() {
        let sessions = [Self.session("office/1", use: Self.use), Self.session("office/21")]
        let expected = """
            SESSION    USER   DEVICE  CLASS     STATE  ADDRESSES  GOOD UNTIL     OUT     IN  REFUSED    IDLE  REACHES
            office/1   alice  -       employee  open   10.8.0.2   -           1.2 MB  512 B       12  3m 12s  crm portal
            office/21  alice  -       employee  open   10.8.0.2   -                -      -        -       -  crm portal
            """
        #expect(SessionTableText.render(sessions, at: Self.now) == expected)
    }

    @Test func theTableIsAsItWasWhenItDoesNot() {
        let expected = """
            SESSION   USER   DEVICE  CLASS     STATE  ADDRESSES  GOOD UNTIL  REACHES
            office/1  alice  -       employee  open   10.8.0.2   -           crm portal
            """
        #expect(SessionTableText.render([Self.session("office/1")], at: Self.now) == expected)
    }

    @Test func oneSessionIsToldInFull() {
        var session = Self.session("office/1", use: Self.use)
        session.idleEndsAt = "2026-11-21T10:26:48Z"
        session.scan = .init(seenAt: "2026-11-21T09:30:00Z", destinations: 70, inThisSession: false)
        #expect(
            UseText.lines(session) == [
                "sent 1.2 MB in 3402 packets, received 512 B in 18, refused 12; last packet 2026-11-21T09:59:59Z, "
                    + "last one that passed 2026-11-21T09:56:48Z",
                "ended at 2026-11-21T10:26:48Z if nothing passes until then",
                "seen scanning at 2026-11-21T09:30:00Z: refused at about 70 destinations, in another session of this "
                    + "device or user",
            ])
        #expect(UseText.lines(Self.session("office/1")).isEmpty)
    }

    /// A daemon that does not know these fields yet can be asked.
    @Test func theFieldsMayBeMissing() throws {
        let json = """
            {"id":"office/1","user":"alice","commonName":"laptop","state":"open","addresses":[],"scope":[],
             "startedAt":"2026-11-21T09:00:00Z"}
            """
        let session = try JSONDecoder().decode(ControlMessages.SessionSummary.self, from: Data(json.utf8))
        #expect(session.use == nil && session.idleEndsAt == nil && session.scan == nil)
    }
}
