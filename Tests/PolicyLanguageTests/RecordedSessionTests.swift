import NetworkTypes
import PolicyLanguage
import Sessions
import Testing

/// Files that say who had which address while traffic was recorded.
struct RecordedSessionTests {
    private static func read(
        _ text: String
    ) throws -> (sessions: [RecordedSession]?, diagnostics: [Diagnostic]) {
        let policy = try #require(try Packs.standard(replacing: [:]).policy)
        return PolicyCompiler.recordedSessions(PackFile(path: "sessions.yaml", text: text), in: policy)
    }

    @Test func saysWhatWasWritten() throws {
        let (sessions, diagnostics) = try Self.read(
            """
            sessions:
              - name: alice on Monday
                addresses: [10.8.0.2, "fd08:8::1002"]
                from: 2026-11-23T09:00:00Z
                until: 2026-11-23T12:30:00+01:00
                session: { certificate: corporate, device: laptop-0001, user: alice, mfa: 5m }
              - name: nobody in particular
                addresses: 10.8.0.2
                from: 2026-11-23T11:30:00Z
                session: { certificate: none }
            """)
        #expect(diagnostics.isEmpty)
        let addresses = ["10.8.0.2", "fd08:8::1002"].compactMap { IPAddress($0) }
        #expect(
            sessions == [
                RecordedSession(
                    name: "alice on Monday", addresses: addresses,
                    session: SessionDescription(
                        authority: "corporate", device: "laptop-0001", user: "alice", mfaAge: .seconds(300)),
                    from: TimeText.timestamp("2026-11-23T09:00:00Z"),
                    until: TimeText.timestamp("2026-11-23T11:30:00Z")),
                RecordedSession(
                    name: "nobody in particular", addresses: Array(addresses.prefix(1)),
                    session: SessionDescription(), from: TimeText.timestamp("2026-11-23T11:30:00Z")),
            ])
    }

    @Test func anEmptyListIsNoSessions() throws {
        let (sessions, diagnostics) = try Self.read("sessions: []")
        #expect(sessions == [] && diagnostics.isEmpty)
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String
        /// `line:column: message`, each.
        var said: [String]

        init(_ description: String, _ text: String, _ said: String...) {
            testDescription = description
            self.text = text
            self.said = said
        }
    }

    private static func session(_ name: String, _ addresses: String, _ more: String = "") -> String {
        "  - { name: \(name), addresses: [\(addresses)], session: { user: alice }\(more) }\n"
    }

    static let mistakes = [
        Mistake(
            "no sessions", "people: []", "1:1: a file of sessions needs 'sessions'",
            "1:1: a file of sessions has no 'people'"),
        Mistake(
            "nothing said", "sessions:\n  - { name: a }",
            "2:5: a recorded session needs 'addresses'", "2:5: a recorded session needs 'session'"),
        Mistake(
            "no address", "sessions:\n" + session("a", ""),
            "2:27: 'addresses' is an empty list: name one, or drop the session"),
        Mistake(
            "a network", "sessions:\n" + session("a", "10.8.0.0/24"),
            "2:28: expected an address such as 10.8.0.2 or \"fd08:8::1002\", found '10.8.0.0/24'"),
        Mistake(
            "a name with a meaning", "sessions:\n" + session("\"-\"", "10.8.0.2"),
            "2:13: '-' cannot name a session: the word has a meaning of its own"),
        Mistake(
            "a name twice", "sessions:\n" + session("a", "10.8.0.2") + session("a", "10.8.0.3"),
            "3:13: session 'a' is defined twice"),
        Mistake(
            "an unknown device",
            "sessions:\n  - { name: a, addresses: 10.8.0.2, session: { device: laptop-0009 } }",
            "2:56: device 'laptop-0009' is not defined"),
        Mistake(
            "ends before it begins",
            "sessions:\n"
                + session("a", "10.8.0.2", ", from: 2026-11-23T10:00:00Z, until: 2026-11-23T10:00:00Z"),
            "2:100: expected a time after 'from', found '2026-11-23T10:00:00Z'"),
        Mistake(
            "an address twice", "sessions:\n" + session("a", "10.8.0.2") + session("b", "10.8.0.2"),
            "3:28: expected an address that no other session has at the same time, found '10.8.0.2'"),
        Mistake(
            "an address twice in one session", "sessions:\n" + session("a", "10.8.0.2, 10.8.0.2"),
            "2:38: expected an address that no other session has at the same time, found '10.8.0.2'"),
        Mistake(
            "a long stay around two short ones",
            "sessions:\n"
                + session("a", "10.8.0.2", ", from: 2026-11-23T10:00:00Z, until: 2026-11-23T11:00:00Z")
                + session("b", "10.8.0.2", ", from: 2026-11-23T12:00:00Z")
                + session("c", "10.8.0.2", ", until: 2026-11-23T13:00:00Z"),
            "4:28: expected an address that no other session has at the same time, found '10.8.0.2'",
            "4:28: expected an address that no other session has at the same time, found '10.8.0.2'"),
    ]

    @Test(arguments: mistakes) func mistakesHaveTheirPlace(mistake: Mistake) throws {
        let (sessions, diagnostics) = try Self.read(mistake.text)
        #expect(sessions == nil)
        let said = diagnostics.map {
            "\($0.range.start.line):\($0.range.start.column): \($0.message)"
        }
        #expect(said.count == mistake.said.count, "\(said)")
        for (text, expected) in zip(said, mistake.said) { #expect(text.hasPrefix(expected)) }
    }

    @Test func anOverlapNamesTheOther() throws {
        let (_, diagnostics) = try Self.read(
            "sessions:\n" + Self.session("a", "10.8.0.2") + Self.session("b", "10.8.0.2"))
        #expect(diagnostics.map(\.notes).map { $0.map(\.message) } == [["'a' has it, at sessions.yaml:2:28"]])
    }
}
