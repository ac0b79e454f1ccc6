import Audit
import Control
import ControlAPI
import Enforcement
import Glibc
import PolicyLanguage
import Sessions
import Testing

@testable import gatehouse

/// `gatehouse spot-check` against a daemon with a real socket.
@Suite struct SpotCheckTests {
    private static func withThree(_ body: (Gateway) async throws -> Void) async throws {
        try await Gateway.with { gateway in
            for client in UInt64(1)...3 {
                try await gateway.open(
                    Gateway.session(client, leaf: UInt8(client % 2 + 1), user: "u\(client)"),
                    at: "10.8.0.\(client + 1)")
            }
            try await body(gateway)
        }
    }

    private static func draw(
        _ gateway: Gateway, _ sample: Int?, seed: String?
    ) async throws -> ControlMessages.SpotCheck {
        try await gateway.client.call(
            ControlOperations.spotCheck, ControlMessages.SpotCheckArguments(seed: seed, sample: sample))
    }

    @Test func theSameSeedDrawsTheSame() async throws {
        try await Self.withThree { gateway in
            let all = try await Self.draw(gateway, 1000, seed: "november")
            #expect(all.from == ["office/1", "office/2", "office/3"] && all.drawn.count == 3)
            let two = try await Self.draw(gateway, 2, seed: "november")
            #expect(two.drawn.map(\.session) == all.drawn.prefix(2).map(\.session))
            #expect(two.seed == "november" && two.asked == nil)
            #expect(two.drawn.allSatisfy { !$0.facts.isEmpty })
            let text = SpotCheckText.render(two)
            #expect(text.hasPrefix("2 of 3 open sessions at "))
            #expect(text.contains("seed november") && text.contains("KIND"))
            // Another seed each time that none is said, and it is told.
            let (one, other) = (
                try await Self.draw(gateway, 1, seed: nil), try await Self.draw(gateway, 1, seed: nil)
            )
            #expect(one.seed != other.seed)
            #expect(
                try await Self.draw(gateway, 1, seed: one.seed).drawn.map(\.session)
                    == one.drawn.map(\.session))
        }
    }

    @Test(arguments: [
        (nil, "a", "the rules ask for no spot checks"), (0, "a", "from 1 to 1000"),
        (1001, "a", "from 1 to 1000"),
        (1, "two\nlines", "in one line"), (1, "", "in one line"),
    ])
    func whatCannotBeDrawnIsSaid(sample: Int?, seed: String, said: String) async throws {
        try await Self.withThree { gateway in
            do {
                _ = try await Self.draw(gateway, sample, seed: seed)
                Issue.record("it was drawn")
            } catch {
                #expect("\(error)".contains(said), "\(error)")
            }
        }
    }

    // MARK: On the record

    /// By whom, of how many, by which seed, and who was drawn; on the record before it is told.
    @Test func aDrawIsOnTheRecord() async throws {
        try await Self.withThree { gateway in
            let two = try await Self.draw(gateway, 2, seed: "november")
            let entry = try #require(gateway.record.entries.first)
            #expect(gateway.record.entries.count == 1 && entry.kind == .order)
            #expect(entry[.order] == "spot-check" && entry[.outcome] == "done")
            #expect(entry[.seed] == "november" && entry[number: .count] == 2)
            #expect(entry[number: .population] == 3)
            #expect(entry[list: .drawn] == two.drawn.map(\.session))
            #expect(entry[number: .uid] == UInt64(getuid()) && entry[.role] == "policy-admin")
            #expect(entry[.by]?.isEmpty == false && entry[list: .clauses].isEmpty)
            // One whose seed the daemon drew has that seed.
            let other = try await Self.draw(gateway, 1000, seed: nil)
            #expect(gateway.record.entries.last?[.seed] == other.seed)
            #expect(gateway.record.entries.last?[number: .count] == 1000)
        }
    }

    /// Whoever cannot be put on record is shown nothing.
    @Test func withoutARecordNothingIsShown() async throws {
        try await Self.withThree { gateway in
            gateway.record.fill()
            do {
                _ = try await Self.draw(gateway, 2, seed: "november")
                Issue.record("it was drawn")
            } catch {
                #expect("\(error)".contains("cannot be put on record: the disk is full"), "\(error)")
            }
        }
    }

    @Test func whatIsWrongIsNoDraw() async throws {
        try await Self.withThree { gateway in
            _ = try? await Self.draw(gateway, 0, seed: "a")
            #expect(gateway.record.entries.isEmpty)
        }
    }

    /// More than a list of the record holds: none of them is left out.
    @Test(arguments: [(0, [0]), (1, [1]), (512, [512]), (513, [512, 1]), (1000, [512, 488])])
    func manyAreSeveralRecords(count: Int, parts: [Int]) throws {
        let drawn = (0..<count).map { "office/\($0)" }
        let entries = AuditEntries.spotCheck(
            .init(seed: "a", sample: 1000, population: count, drawn: drawn), by: "dora",
            Orderer(uid: 7, role: "viewer"), under: try Self.policy(), at: Instant(secondsSince1970: 0))
        #expect(entries.map { $0[list: .drawn].count } == parts)
        #expect(entries.flatMap { $0[list: .drawn] } == drawn)
        #expect(entries.allSatisfy { $0[.role] == "viewer" && $0[number: .population] == UInt64(count) })
    }

    private static func policy() throws -> Policy {
        let files = Gateway.pack().map { PackFile(path: $0.key, text: $0.value) }
        return try #require(PolicyCompiler.compile(files, now: Instant(secondsSince1970: 0)).policy)
    }

    /// What the rules say counts where nobody says otherwise.
    @Test func theRulesSayHowMany() async throws {
        let settings = "audit: { retention: 365d, spot-checks: { every: 30d, sample: 2 } }"
        try await ApplyTests.withNew(rules: settings) { gateway, _ in
            for client in UInt64(2)...3 {
                try await gateway.open(
                    Gateway.session(client, leaf: 1, user: "u\(client)"), at: "10.8.0.\(client + 1)")
            }
            let check = try await Self.draw(gateway, nil, seed: "a")
            #expect(check.drawn.count == 2 && check.asked == "2 sessions every 30d")
            #expect(gateway.record.entries.last?[number: .count] == 2)
        }
    }
}
