import Evidence
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// A class said never to be reached is not: asked of every session of a small world.
struct ShadowTests {
    private enum Truth { case yes, no, unknown }

    /// Everything about a session that the conditions below look at.
    private struct Someone {
        var authority: String?
        var status: DeviceStatus?
        var user: String
        var mfaAge: Duration?
        var country: CountryCode?
        var signaturesAge: Duration?

        static let all: [Someone] = [nil, "corporate", "third-party"].flatMap { authority in
            [nil, .inUse, .lost, .stolen].flatMap { status in
                ["alice", "bob", "carol", "stranger"].flatMap { user in
                    [nil, .seconds(1800), .seconds(18_000)].flatMap { age in
                        [nil, "GB", "FR"].flatMap { country in
                            [nil, .seconds(1800), .seconds(90_000)].map { signatures in
                                Someone(
                                    authority: authority, status: status, user: user, mfaAge: age,
                                    country: country.flatMap { CountryCode($0) }, signaturesAge: signatures)
                            }
                        }
                    }
                }
            }
        }

        func meets(_ test: Condition.Test, groups: Set<String>?) -> Truth {
            switch test {
            case .certificate(let authorities): authorities.contains { $0.name == authority } ? .yes : .no
            case .device(let statuses): status.map { statuses.contains($0) ? .yes : .no } ?? .unknown
            case .unregistered: status == nil ? .yes : .no
            case .mfa(let within): mfaAge.map { $0 <= within ? .yes : .no } ?? .no
            case .user(let names): names.contains(user) ? .yes : .no
            case .group(let names): groups.map { names.isDisjoint(with: $0) ? .no : .yes } ?? .unknown
            case .country(let codes): country.map { codes.contains($0) ? .yes : .no } ?? .unknown
            case .posture(.antivirus(let within)): signaturesAge.map { $0 <= within ? .yes : .no } ?? .no
            // Not among those below.
            case .organisation, .attribute, .deviceKind, .deviceManaged, .deviceOrganisation, .deviceOwned,
                .deviceLent, .deviceOnSite, .posture, .userOrganisation, .steps, .acknowledged, .approval,
                .office, .hours, .contract, .behaviour, .never, .client, .tenant:
                .no
            }
        }

        func isIn(_ policyClass: PolicyClass, _ users: UserRegister) -> Bool {
            policyClass.conditions.allSatisfy { condition in
                switch meets(condition.test, groups: users[user]?.groups) {
                case .yes: true
                case .no: false
                case .unknown: policyClass.access == .none
                }
            }
        }
    }

    private static let conditions = [
        "certificate: corporate", "certificate: [corporate, third-party]", "device: in-use",
        "device: [lost, stolen]",
        "device: lost", "mfa: { within: 1h }", "mfa: { within: 12h }", "user: alice", "user: [alice, bob]",
        "group: staff", "group: [staff, councillors]", "country: GB", "country: [GB, FR]",
        "posture: { antivirus: { within: 1h } }", "posture: { antivirus: { within: 30h } }",
    ]

    private static func randomClass(_ number: Int, by random: inout Seeded) -> String {
        var keys: Set<Substring> = []
        let chosen = conditions.shuffled(using: &random).prefix(Int(random.next() % 4)).filter {
            keys.insert($0.prefix { $0 != ":" }).inserted
        }
        let access = random.next() % 2 == 0 ? "none" : "crm"
        return "  - { name: c\(number), when: { \(chosen.joined(separator: ", ")) }, access: \(access) }\n"
    }

    @Test func shadowedClassesAreNeverReached() throws {
        let seed: UInt64 = 20_261_121
        var random = Seeded(seed)
        var shadowed = 0
        for round in 0..<150 {
            let classes = (0..<5).map { Self.randomClass($0, by: &random) }.joined()
            let result = try Packs.standard(replacing: [
                "policy.yaml": "inside: [10.10.0.0/16, \"fd10:10::/32\"]\nclasses:\n" + classes,
                "tests/staff.yaml": "tests: []", "tests/places.yaml": "tests: []",
                "tests/vendors.yaml": "tests: []",
            ])
            let policy = try #require(result.policy)
            for diagnostic in result.diagnostics where diagnostic.id == .shadowedClass {
                let place = diagnostic.range.start
                let index = try #require(policy.classes.firstIndex { $0.location == place })
                guard policy.classes[index].contract == nil else { continue }
                shadowed += 1
                for someone in Someone.all where someone.isIn(policy.classes[index], policy.registers.users) {
                    let earlier = policy.classes[..<index].contains {
                        someone.isIn($0, policy.registers.users)
                    }
                    #expect(earlier, "round \(round), seed \(seed): \(someone)\n\(classes)")
                }
            }
        }
        #expect(shadowed > 50)
    }
}
