import NetworkTypes
import PolicyLanguage
import Sessions

/// A part of a pack that classes rest on, and that is not the same in both: an authority, an office, a tenant, a setting,
/// what must hold for every session, a clause of the written policy, a test.
package struct GroundDifference: Sendable, Hashable {
    package enum Part: String, Sendable, Hashable, Codable, CaseIterable {
        case authority, office, tenant, setting, property, clause, test
    }

    package let part: Part
    package let name: String
    package let words: [WordChange]
    /// Names of classes of the new pack that ask for it, or of the old one where it goes; of systems, for a tenant.
    package let askedBy: [String]

    static func differences(from old: Policy, to new: Policy) -> [GroundDifference] {
        let asking = (Asking(old), Asking(new))
        let authorities = pairs(old.authorities, new.authorities, \.name).compactMap { name, before, after in
            Self(
                .authority, name, words(from: before, to: after),
                askedBy: (after == nil ? asking.0 : asking.1).authorities[name] ?? [])
        }
        let offices = pairs(old.offices, new.offices, \.name).compactMap { name, before, after in
            Self(
                .office, name,
                [WordChange("networks", networks(before?.networks), networks(after?.networks))],
                askedBy: (after == nil ? asking.0 : asking.1).offices[name] ?? [])
        }
        let tenants = pairs(old.tenants, new.tenants, \.name).compactMap { name, before, after in
            Self(
                .tenant, name, words(from: before, to: after),
                askedBy: (after == nil ? asking.0 : asking.1).tenants[name] ?? [])
        }
        let clauses = pairs(old.clauses, new.clauses, \.id).compactMap { id, before, after in
            Self(.clause, id, words(from: before, to: after))
        }
        return authorities + offices + tenants + settings(from: old, to: new)
            + properties(from: old.properties, to: new.properties) + clauses + tests(from: old, to: new)
    }

    private init?(_ part: Part, _ name: String, _ words: [WordChange?], askedBy: [String] = []) {
        let words = words.compactMap(\.self)
        if words.isEmpty { return nil }
        self.part = part
        self.name = name
        self.words = words
        self.askedBy = askedBy
    }

    // MARK: Parts

    private static func words(from before: Authority?, to after: Authority?) -> [WordChange?] {
        [
            WordChange("digests", digests(before), digests(after)),
            WordChange("own certificates", certificates(before), certificates(after)),
            WordChange("full look", before.map(fullLook), after.map(fullLook)),
            WordChange("revocation", before?.revocation.rawValue, after?.revocation.rawValue),
            WordChange("revocation lists", before?.revocationLists ?? [], after?.revocationLists ?? []),
            WordChange("responder", before?.responder, after?.responder),
        ]
    }

    private static func words(from before: Tenant?, to after: Tenant?) -> [WordChange?] {
        [
            WordChange("organisation", before?.organisation, after?.organisation),
            WordChange(
                "a code counts for", before.map { TimeText.text($0.mfaWithin) },
                after.map { TimeText.text($0.mfaWithin) }),
            WordChange("about", before?.about ?? "", after?.about ?? ""),
            WordChange("clauses", before?.serving.cites ?? [], after?.serving.cites ?? []),
        ]
    }

    private static func words(from before: Clause?, to after: Clause?) -> [WordChange?] {
        [
            WordChange("title", before?.title, after?.title),
            WordChange("document", before?.document, after?.document),
            WordChange("kind", before?.kind.rawValue, after?.kind.rawValue),
            WordChange("because", before?.because, after?.because),
            WordChange("controls", before?.controls ?? [], after?.controls ?? []),
        ]
    }

    private static func properties(from before: Properties, to after: Properties) -> [GroundDifference] {
        let sets: [(name: String, before: Set<String>?, after: Set<String>?)] = [
            ("without-mfa", before.withoutMFA, after.withoutMFA),
            ("personal-data", before.personalData, after.personalData),
            ("one-family", before.oneFamily, after.oneFamily),
        ]
        let named = sets.compactMap { name, before, after in
            // A pack that says of no system at all is not one that says nothing.
            Self(.property, name, [WordChange("systems", list(before), list(after))])
        }
        // They have no names: one that is worded otherwise is another one.
        let (old, new) = (before.mustNever.map(\.words), after.mustNever.map(\.words))
        let gone = old.filter { !new.contains($0) }.map { ($0, "asked for" as String?, nil as String?) }
        let added = new.filter { !old.contains($0) }.map { ($0, nil as String?, "asked for" as String?) }
        return named
            + (added + gone).compactMap { words, before, after in
                Self(.property, "must-never: \(words)", [WordChange("proof", before, after)])
            }
    }

    private static func list(_ names: Set<String>?) -> String? {
        names.map { $0.isEmpty ? "no system" : $0.sorted().joined(separator: ", ") }
    }

    private static func digests(_ authority: Authority?) -> [String] {
        (authority?.digests.map(\.description) ?? []).sorted()
    }

    private static func fullLook(_ authority: Authority) -> String {
        authority.needsChain ? "wanted" : "not wanted"
    }

    /// Bytes have no words: a number of a certificate tells that it is another one.
    private static func certificates(_ authority: Authority?) -> [String] {
        (authority?.certificates ?? []).map { bytes in
            "\(bytes.count) bytes \(String(bytes.checksum, radix: 16))"
        }
    }

    private static func networks(_ prefixes: [IPPrefix]?) -> [String] {
        (prefixes ?? []).map(\.description).sorted()
    }

    private static func settings(from old: Policy, to new: Policy) -> [GroundDifference] {
        let (before, after) = (old.settingWords, new.settingWords)
        return zip(before, after).compactMap { before, after in
            Self(
                .setting, after.name,
                [
                    WordChange("value", before.words, after.words),
                    WordChange("clauses", before.cites, after.cites),
                ])
        }
    }

    /// What a pack expects of itself opens nothing, but without it the next mistake does.
    private static func tests(from old: Policy, to new: Policy) -> [GroundDifference] {
        let ofSessions = pairs(old.tests, new.tests, \.name).compactMap { name, before, after in
            test(name, before, after) { $0.expectsTheSame(as: $1) }
        }
        let ofSettings = pairs(old.settingTests, new.settingTests, \.name).compactMap { name, before, after in
            test(name, before, after) { $0.expectsTheSame(as: $1) }
        }
        return ofSessions + ofSettings
    }

    private static func test<Test>(
        _ name: String, _ before: Test?, _ after: Test?, _ isSame: (Test, Test) -> Bool
    ) -> GroundDifference? {
        if let before, let after, isSame(before, after) { return nil }
        let word = before == nil ? nil : after == nil ? "there" : "as it was"
        return Self(.test, name, [WordChange("test", word, after == nil ? nil : "as it is")])
    }

    /// In the order of the new list, with what goes last.
    private static func pairs<Item>(
        _ old: [Item], _ new: [Item], _ name: KeyPath<Item, String>
    ) -> [(name: String, before: Item?, after: Item?)] {
        let known = Dictionary(old.map { ($0[keyPath: name], $0) }) { first, _ in first }
        let wanted = Set(new.map { $0[keyPath: name] })
        return new.map { ($0[keyPath: name], known[$0[keyPath: name]], $0) }
            + old.filter { !wanted.contains($0[keyPath: name]) }.map { ($0[keyPath: name], $0, nil) }
    }
}

/// Which classes ask for what, by name.
private struct Asking {
    var authorities: [String: [String]] = [:]
    var offices: [String: [String]] = [:]
    var tenants: [String: [String]] = [:]

    init(_ policy: Policy) {
        for policyClass in policy.classes {
            for condition in policyClass.conditions {
                switch condition.test {
                case .certificate(let named):
                    for authority in named {
                        authorities[authority.name, default: []].append(policyClass.name)
                    }
                case .office(let named):
                    for office in named { offices[office.name, default: []].append(policyClass.name) }
                default: break
                }
            }
        }
        for system in policy.systems {
            for case .tenant(let tenant) in system.needs.map(\.test) {
                tenants[tenant.name, default: []].append(system.name)
            }
        }
    }
}

extension MustNever {
    /// All that it asks, in a line.
    fileprivate var words: String {
        let whose = policyClass.map { " of class \($0)" } ?? ""
        let what = conditions.isEmpty ? "" : " with " + conditions.map(\.description).joined(separator: ", ")
        let target = reach.map { $0.sorted().joined(separator: " or ") } ?? "anything"
        let clauses = cites.isEmpty ? "" : " (\(cites.joined(separator: ", ")))"
        return "a session\(whose)\(what) reaches \(target)\(clauses)"
    }
}

extension SettingTest {
    fileprivate func expectsTheSame(as other: SettingTest) -> Bool {
        setting == other.setting && expected == other.expected && cites == other.cites
    }
}

extension Policy {
    /// What the pack says of the gateway as a whole, in one order for all packs.
    var settingWords: [(name: String, words: [String], cites: [String])] {
        let parts: [(String, [String?], Settings.Serving?)] = [
            ("inside", inside.map(\.description).sorted(), nil),
            ("review-by", [settings.review.map { "before \($0.dueAt)" }], settings.review?.serving),
            ("idle", [idle.map(TimeText.text)], settings.idle?.serving),
            ("monitoring", [settings.monitoring.map(Self.words)], settings.monitoring?.serving),
            ("audit", settings.audit.map(Self.words) ?? [], settings.audit?.serving),
            (
                "incidents", settings.incidents?.alert.map(\.rawValue).sorted() ?? [],
                settings.incidents?.serving
            ),
            ("changes", [settings.changes.map(Self.words)], settings.changes?.serving),
        ]
        let always = Settings.Protection.allCases.map { protection in
            ("always \(protection.rawValue)", [String?](), settings.always[protection])
        }
        return (parts + always).map { ($0, $1.compactMap(\.self), $2?.cites ?? []) }
    }

    private static func words(_ audit: Settings.Audit) -> [String?] {
        [
            audit.retention.map { "kept for \(TimeText.text($0))" },
            audit.spotChecks.map { "\($0.sample) sessions looked at every \(TimeText.text($0.every))" },
        ]
    }

    private static func words(_ monitoring: Settings.Monitoring) -> String {
        guard monitoring.logsFlows else { return "no flows are recorded" }
        let kept = monitoring.retention.map { ", kept for \(TimeText.text($0))" } ?? ""
        let names = monitoring.isPseudonymous ? "pseudonymous flows" : "flows"
        let approved = monitoring.approvedBy.map { ", approved by \($0)" } ?? ""
        return "\(names) are recorded under \(monitoring.dpia ?? "no assessment")\(approved)\(kept)"
    }

    private static func words(_ changes: Settings.Changes) -> String {
        let confirmed = changes.confirmWithin.map { ", to be confirmed within \(TimeText.text($0))" } ?? ""
        return (changes.needsReference ? "with a reference" : "without a reference") + confirmed
    }
}

extension PolicyTest {
    fileprivate func expectsTheSame(as other: PolicyTest) -> Bool {
        at == other.at && session == other.session && expectedClass == other.expectedClass
            && reaches == other.reaches && refused == other.refused && because == other.because
            && until == other.until && cites == other.cites
    }
}

extension [UInt8] {
    /// FNV-1a: tells two certificates apart for a reader, and proves nothing.
    fileprivate var checksum: UInt64 {
        reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
