import ArgumentParser
import Evidence
import Sessions
import Testing

@testable import gatehouse

/// Words of a command line that say what fields are to be.
@Suite struct RegisterAssignmentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: RegisterKind
        var word: String
        /// Nil when the word is refused.
        var change: RegisterAssignment.Change?
        var field = ""
        var values: [String] = []
        /// What the refusal says.
        var says = ""
        var testDescription: String { "\(kind.rawValue) \(word)" }
    }

    static let cases: [Case] = [
        Case(kind: .device, word: "owner=bob", change: .set, field: "owner", values: ["bob"]),
        Case(kind: .device, word: "owner=", change: .set, field: "owner"),
        // Only lists are divided.
        Case(kind: .device, word: "owner=Doe, Jane", change: .set, field: "owner", values: ["Doe, Jane"]),
        Case(kind: .device, word: "serial=a=b", change: .set, field: "serial", values: ["a=b"]),
        Case(kind: .device, word: "managed=YES", change: .set, field: "managed", values: ["true"]),
        Case(
            kind: .device, word: "last-on-site=2026-11-20", change: .set, field: "last-on-site",
            values: ["2026-11-20T00:00:00Z"]),
        // The end of a day is the first instant after it.
        Case(
            kind: .loan, word: "until=2026-11-20", change: .set, field: "until",
            values: ["2026-11-21T00:00:00Z"]),
        Case(kind: .user, word: "groups=a, b", change: .set, field: "groups", values: ["a", "b"]),
        Case(kind: .user, word: "steps+=training", change: .add, field: "steps", values: ["training"]),
        Case(kind: .user, word: "steps-=training", change: .remove, field: "steps", values: ["training"]),
        Case(
            kind: .approval, word: "countries=fr,DE", change: .set, field: "countries", values: ["FR", "DE"]),
        Case(kind: .device, word: "owner", says: "does not say FIELD=VALUE"),
        Case(kind: .device, word: "=bob", says: "has no ''"),
        Case(kind: .device, word: "colour=red", says: "has no 'colour'; it has digest, key"),
        Case(kind: .device, word: "owner+=bob", says: "'owner' has one value"),
        Case(kind: .device, word: "kind=boat", says: "expected one of laptop, pool"),
        Case(kind: .device, word: "managed=perhaps", says: "expected true or false"),
        Case(kind: .device, word: "last-on-site=yesterday", says: "expected a date such as"),
        Case(kind: .user, word: "steps+=", says: "names nothing"),
        Case(kind: .approval, word: "countries=UK", says: "GB (not UK)"),
        Case(kind: .device, word: "owner=\u{1B}[31m", says: "found '\u{FFFD}[31m'"),
    ]

    @Test(arguments: cases)
    func wordIsRead(_ test: Case) throws {
        do {
            let read = try RegisterAssignment(test.word, test.kind)
            #expect(read.change == test.change)
            #expect(read.field == test.field)
            #expect(read.values == test.values)
        } catch {
            #expect(test.change == nil, "\(error)")
            #expect(error.message.contains(test.says), "\(error.message)")
        }
    }

    @Test func fieldIsNamedOnce() throws {
        let words = try ["owner=bob", "owner=eve"].map { try RegisterAssignment($0, .device) }
        #expect(throws: (any Error).self) {
            try RegisterStatement(RegisterSubject(.device, "x"), words, requirement: nil)
        }
        // To add and to take out at once is no contradiction.
        let lists = try ["steps+=a", "steps-=b"].map { try RegisterAssignment($0, .user) }
        let statement = try RegisterStatement(RegisterSubject(.user, "x"), lists, requirement: nil)
        #expect(statement.added == ["steps": ["a"]] && statement.removed == ["steps": ["b"]])
    }

    /// What a command says is what the daemon reads.
    @Test func statementsSurviveTheirMessages() throws {
        let statement = RegisterStatement(
            subject: RegisterSubject(.user, "alice"), fields: ["manager": []], added: ["steps": ["x"]],
            removed: ["groups": ["y"]], asInFiles: ["organisation"], requirement: .knownLine)
        #expect(try ControlMessages.RegisterStatementMessage(statement).statement() == statement)
        let plain = RegisterStatement(subject: RegisterSubject(.loan, "L"), fields: ["user": ["bob"]])
        #expect(try ControlMessages.RegisterStatementMessage(plain).statement() == plain)
    }

    /// An order whose condition is not understood is not carried out without it.
    @Test func unknownRequirementIsRefused() throws {
        var message = ControlMessages.RegisterStatementMessage(kind: "user", key: "alice", fields: [:])
        message.requirement = "full-moon"
        #expect(throws: (any Error).self) { try message.statement() }
    }
}

/// Which lines are listed.
@Suite struct RegisterFilterTests {
    private static let now = Instant(secondsSince1970: 1_795_255_200)  // 2026-11-21T10:00:00Z

    private static func line(_ fields: [String: [String]]) -> ControlMessages.RegisterLineMessage {
        .init(key: "x", fields: fields, stated: [])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var filter: RegisterFilter
        var fields: [String: [String]]
        var isListed: Bool
        var testDescription: String { "\(filter) of \(fields)" }
    }

    static let cases: [Case] = [
        Case(filter: .has("status", "lost"), fields: ["status": ["lost"]], isListed: true),
        Case(filter: .has("status", "lost"), fields: ["status": ["in-use"]], isListed: false),
        Case(filter: .has("status", "lost"), fields: [:], isListed: false),
        Case(filter: .has("groups", "a"), fields: ["groups": ["b", "a"]], isListed: true),
        Case(filter: .has("owner", nil), fields: [:], isListed: true),
        Case(filter: .has("owner", nil), fields: ["owner": ["bob"]], isListed: false),
        Case(filter: .lacks("steps", "a"), fields: ["steps": ["b"]], isListed: true),
        Case(filter: .lacks("steps", "a"), fields: [:], isListed: true),
        Case(filter: .lacks("steps", "a"), fields: ["steps": ["a"]], isListed: false),
        Case(filter: .key("x"), fields: [:], isListed: true),
        Case(filter: .key("y"), fields: [:], isListed: false),
        // Ninety days to the second is overdue; who was never seen is.
        Case(filter: .olderThan("t", .seconds(60)), fields: ["t": ["2026-11-21T09:59:00Z"]], isListed: true),
        Case(filter: .olderThan("t", .seconds(60)), fields: ["t": ["2026-11-21T09:59:01Z"]], isListed: false),
        Case(filter: .olderThan("t", .seconds(60)), fields: [:], isListed: true),
        Case(filter: .current, fields: ["from": ["2026-11-21T10:00:00Z"]], isListed: true),
        Case(filter: .current, fields: ["from": ["2026-11-21T10:00:01Z"]], isListed: false),
        Case(
            filter: .current, fields: ["from": ["2026-11-20T10:00:00Z"], "until": ["2026-11-21T10:00:00Z"]],
            isListed: false),
        Case(filter: .notEnded, fields: ["from": ["2026-12-01T00:00:00Z"]], isListed: true),
        Case(filter: .notEnded, fields: ["until": ["2026-11-21T10:00:00Z"]], isListed: false),
        Case(
            filter: .endsWithin(.seconds(60)), fields: ["until": ["2026-11-21T10:01:00Z"]], isListed: true),
        Case(
            filter: .endsWithin(.seconds(60)), fields: ["until": ["2026-11-21T10:01:01Z"]], isListed: false),
        Case(
            filter: .endsWithin(.seconds(60)), fields: ["until": ["2026-11-21T10:00:00Z"]], isListed: false),
        Case(filter: .endsWithin(.seconds(60)), fields: [:], isListed: false),
    ]

    @Test(arguments: cases)
    func lineIsListed(_ test: Case) {
        #expect(test.filter.matches(Self.line(test.fields), at: Self.now) == test.isListed)
    }

    struct Where: Sendable {
        var text: String
        var kind: RegisterKind
        var filter: RegisterFilter?
    }

    static let wheres: [Where] = [
        Where(text: "owner=bob", kind: .device, filter: .has("owner", "bob")),
        Where(text: "managed=yes", kind: .device, filter: .has("managed", "true")),
        Where(text: "owner=", kind: .device, filter: .has("owner", nil)),
        Where(text: "id=laptop-1", kind: .device, filter: .key("laptop-1")),
        Where(text: "name=alice", kind: .user, filter: .key("alice")),
        Where(text: "name=alice", kind: .device),
        Where(text: "status=gone", kind: .device),
        Where(text: "owner", kind: .device),
    ]

    @Test(arguments: wheres)
    func whereIsRead(_ test: Where) {
        #expect((try? RegisterFilter(where: test.text, test.kind)) == test.filter)
    }

    @Test func sessionsAreChosenByAllThatIsNamed() throws {
        let session = ControlMessages.SessionSummary(
            id: "office/1", user: "alice", device: "laptop-1", commonName: "x", class: nil, state: "cut",
            addresses: [], scope: [], startedAt: "2026-11-21T09:00:00Z")
        let cases: [([String], Bool)] = [
            ([], true), (["--user", "alice"], true), (["--user", "bob"], false),
            (["--device", "laptop-1", "--class", "none"], true),
            (["--device", "laptop-1", "--class", "staff"], false),
        ]
        for (words, isListed) in cases {
            let filter = try SessionFilter.parse(words)
            #expect(filter.matches(session) == isListed, "\(words)")
        }
    }
}
