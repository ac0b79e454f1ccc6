import NetworkTypes
import PolicyLanguage
import Sessions

/// A part of a pack that classes rest on, and that is not the same in both: an authority, an office, a setting, a test.
package struct GroundDifference: Sendable, Hashable {
    package enum Part: String, Sendable, Hashable, Codable, CaseIterable {
        case authority, office, setting, test
    }

    package let part: Part
    package let name: String
    package let words: [WordChange]
    /// Names of classes of the new pack that ask for it, or of the old one where it goes.
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
        return authorities + offices + settings(from: old, to: new) + tests(from: old, to: new)
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
            Self(.setting, after.name, [WordChange("value", before.words, after.words)])
        }
    }

    /// What a pack expects of itself opens nothing, but without it the next mistake does.
    private static func tests(from old: Policy, to new: Policy) -> [GroundDifference] {
        pairs(old.tests, new.tests, \.name).compactMap { name, before, after in
            if let before, let after, before.expectsTheSame(as: after) { return nil }
            let word = before == nil ? nil : after == nil ? "there" : "as it was"
            return Self(.test, name, [WordChange("test", word, after == nil ? nil : "as it is")])
        }
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
    }
}

extension Policy {
    /// What the pack says of the gateway as a whole, in one order for all packs.
    var settingWords: [(name: String, words: [String])] {
        [
            ("inside", inside.map(\.description).sorted()),
            ("review-by", [settings.review.map { "before \($0.dueAt)" }].compactMap(\.self)),
            ("idle", [idle.map(TimeText.text)].compactMap(\.self)),
            ("monitoring", [settings.monitoring.map(Self.words)].compactMap(\.self)),
            ("audit", [settings.audit?.retention.map { "kept for \(TimeText.text($0))" }].compactMap(\.self)),
            ("incidents", settings.incidents.map { $0.alert.map(\.rawValue).sorted() } ?? []),
            ("changes", [settings.changes.map(Self.words)].compactMap(\.self)),
        ]
    }

    private static func words(_ monitoring: Settings.Monitoring) -> String {
        guard monitoring.logsFlows else { return "no flows are recorded" }
        let kept = monitoring.retention.map { ", kept for \(TimeText.text($0))" } ?? ""
        let names = monitoring.isPseudonymous ? "pseudonymous flows" : "flows"
        return "\(names) are recorded under \(monitoring.dpia ?? "no assessment")\(kept)"
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
