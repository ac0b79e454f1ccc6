import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport
import Testing

@testable import PolicyDifference

@Suite struct PartsTests {
    /// Against trying every subset.
    @Test(arguments: [UInt64(1), 2])
    func longestIncreasingIsLongest(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<200 {
            let values = Array(0..<Int.random(in: 0...9, using: &random)).shuffled(using: &random)
            let found = OrderComparison.longestIncreasing(values)
            let chosen = found.sorted().map { values[$0] }
            #expect(zip(chosen, chosen.dropFirst()).allSatisfy(<), "seed \(seed): \(values)")
            let longest = (0..<1 << values.count).filter { subset in
                let picked = values.indices.filter { subset >> $0 & 1 == 1 }.map { values[$0] }
                return zip(picked, picked.dropFirst()).allSatisfy(<)
            }.map(\.nonzeroBitCount).max()
            #expect(found.count == longest, "seed \(seed): \(values)")
        }
    }

    /// Whoever adds a field to what a pack means must say what a change of it is. Left: fields that are compared; right:
    /// those that need not be, since they follow from others or say where something stands.
    @Test func everyFieldOfAPackIsComparedOrNamedHere() throws {
        let authority = Authority(name: "a", digests: [], location: Self.place)
        let contract = Contract(
            vendor: "v", reference: "C", sponsor: "s", from: Instant(secondsSince1970: 0),
            until: Instant(secondsSince1970: 1), warnBefore: .zero)
        let policyClass = PolicyClass(
            name: "c", conditions: [], access: .none, contract: contract, location: Self.place)
        let system = System(name: "s", addresses: [], services: [], location: Self.place)
        let test = PolicyTest(
            name: "t", at: Instant(secondsSince1970: 0), session: SessionDescription(), expectedClass: nil,
            reaches: [], refused: [], because: nil, until: nil, cites: [], location: Self.place)
        let policy = Policy(inside: [], authorities: [], systems: [], classes: [])
        let known: [(of: Any, compared: Set<String>, left: Set<String>)] = [
            (
                policy,
                [
                    "inside", "authorities", "systems", "classes", "registers", "offices", "tests",
                    "settings", "settingTests", "clauses", "properties", "tenants",
                ],
                ["gifts", "candidates", "systemsByName", "classesByName", "about"]
            ),
            (
                policyClass, ["name", "conditions", "access", "cites", "tell", "contract", "idle"],
                ["location"]
            ),
            (contract, ["vendor", "reference", "sponsor", "from", "until", "warnBefore"], []),
            (
                system, ["name", "about", "label", "needs", "space"],
                ["addresses", "services", "location"]
            ),
            (
                authority,
                [
                    "name", "digests", "certificates", "needsChain", "revocation", "revocationLists",
                    "responder",
                ], ["location"]
            ),
            (Office(name: "o", networks: []), ["name", "networks"], []),
            (
                Tenant(
                    name: "t", organisation: "o", mfaWithin: .zero, serving: Settings.Serving(at: Self.place)),
                ["name", "about", "organisation", "mfaWithin", "serving"], []
            ),
            (
                Clause(id: "c", title: "t", location: Self.place),
                ["id", "title", "document", "kind", "because", "controls"], ["location"]
            ),
            (Properties(), ["withoutMFA", "personalData", "oneFamily", "mustNever"], []),
            (
                MustNever(policyClass: nil, conditions: [], reach: nil, cites: [], location: Self.place),
                ["policyClass", "conditions", "reach", "cites"], ["location"]
            ),
            (
                Settings(),
                ["review", "idle", "monitoring", "audit", "incidents", "changes", "always"], []
            ),
            (
                SettingTest(name: "s", setting: .idle, expected: [], location: Self.place),
                ["name", "setting", "expected", "cites"], ["location"]
            ),
            (Registers(), ["devices", "users", "loans", "approvals"], []),
            (
                test,
                [
                    "name", "at", "session", "expectedClass", "reaches", "refused", "because", "until",
                    "cites",
                ], ["location"]
            ),
        ]
        for (value, compared, left) in known {
            let fields = Set(Mirror(reflecting: value).children.compactMap(\.label))
            #expect(fields == compared.union(left), "\(type(of: value))")
        }
    }

    private static let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)

    @Test(arguments: [
        (Condition.Test.mfa(within: .seconds(60)), Condition.Test.mfa(within: .seconds(30)), "tighter"),
        (.mfa(within: .seconds(30)), .mfa(within: .seconds(60)), "looser"),
        (.group(["a"]), .group(["b"]), "other"), (.group(["a", "b"]), .group(["a"]), "tighter"),
        (.device([.lost]), .unregistered, "other"),
        (
            .posture(.firewall(seenWithin: .seconds(9))), .posture(.firewall(seenWithin: .seconds(8))),
            "tighter"
        ),
        (
            .posture(.firewall(seenWithin: .seconds(9))), .posture(.patches(within: .seconds(8))),
            "added dropped"
        ),
        (.attribute(.email, []), .attribute(.dns, []), "added dropped"),
        (.approval(.remoteWorking), .approval(.travel), "added dropped"),
        (.mfa(within: .seconds(60)), .deviceOwned, "added dropped"),
        (.deviceOwned, .deviceOwned, ""),
    ])
    func conditionsArePaired(before: Condition.Test, after: Condition.Test, expected: String) {
        let changes = ConditionChange.changes(
            from: [Condition(before, at: Self.place)],
            to: [Condition(after, at: SourceLocation(file: "elsewhere", line: 7, column: 3))])
        #expect(changes.map(\.kind.rawValue).joined(separator: " ") == expected)
    }

    /// Two classes that differ in the unknown: who is asked first matters.
    @Test func theUnknownIsShared() {
        func make(_ name: String, _ test: Condition.Test, _ access: PolicyClass.Access) -> PolicyClass {
            PolicyClass(
                name: name, conditions: [Condition(test, at: Self.place)], access: access,
                location: Self.place)
        }
        let gives = PolicyClass.Access.systems(["s"])
        let rows: [(PolicyClass, PolicyClass, Bool)] = [
            (make("a", .device([.lost]), .none), make("b", .device([.inUse]), .none), true),
            (make("a", .device([.lost]), .none), make("b", .device([.inUse]), gives), false),
            (make("a", .device([.lost]), gives), make("b", .device([.inUse]), gives), false),
            (make("a", .device([.lost]), gives), make("b", .device([.lost]), gives), true),
            (make("a", .unregistered, .none), make("b", .device([.lost]), .none), true),
            (make("a", .unregistered, .none), make("b", .device([.inUse]), gives), false),
            (make("a", .organisation("x"), .none), make("b", .organisation("y"), .none), false),
            (make("a", .country([]), gives), make("b", .mfa(within: .seconds(1)), gives), true),
        ]
        for (one, other, isShared) in rows {
            #expect(one.mayShareSessions(with: other) == isShared)
            #expect(other.mayShareSessions(with: one) == isShared)
        }
    }
}
