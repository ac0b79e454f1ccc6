package import PolicyLanguage
import Sessions

/// One class that is not the same in both packs: classes are told apart by their names, vendors' among them.
package struct ClassDifference: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case appears, goes, changes
    }

    package let name: String
    package let kind: Kind
    /// In the new pack, or in the old one for a class that goes.
    package let location: SourceLocation
    /// The place among the classes of that pack, from 1.
    package let position: Int
    /// What sessions of this class reach: more, no more, on other conditions. Of one that appears, all; of one that goes,
    /// all.
    package let access: AccessChange
    /// Systems that it lists and did not, in its order; where others beside them take the same packets, that opens nothing.
    package let lists: [String]
    package let listsNoMore: [String]
    package let conditions: [ConditionChange]
    /// Everything else about it, in words.
    package let words: [WordChange]
    /// For one that appears: classes behind it, in both packs, that lose sessions to it which meet the conditions of both.
    /// For one that goes: those that get its sessions.
    package let neighbours: [String]
}

/// Something about a thing of a pack that is said otherwise now.
package struct WordChange: Sendable, Hashable, Codable {
    package let what: String
    /// Nil when nothing was said.
    package let before: String?
    package let after: String?

    /// Nil when both are the same.
    init?(_ what: String, _ before: String?, _ after: String?) {
        guard before != after else { return nil }
        self.what = what
        self.before = before
        self.after = after
    }

    init?(_ what: String, _ before: some Sequence<String>, _ after: some Sequence<String>) {
        self.init(what, Self.list(before), Self.list(after))
    }

    private static func list(_ texts: some Sequence<String>) -> String? {
        let text = texts.joined(separator: ", ")
        return text.isEmpty ? nil : text
    }
}

/// Finds the classes that differ.
struct ClassComparison {
    let old: Policy
    let new: Policy
    let access: AccessComparison
    let oldOverlaps: ClassOverlaps
    let newOverlaps: ClassOverlaps

    func differences() -> [ClassDifference] {
        let appearedOrChanged = new.classes.enumerated().compactMap { index, after in
            guard let before = old.policyClass(named: after.name) else { return appeared(after, index) }
            return changed(from: before, to: after, index)
        }
        let leaving = old.classes.enumerated().compactMap { index, before in
            new.policyClass(named: before.name) == nil ? gone(before, index) : nil
        }
        return appearedOrChanged + leaving
    }

    private func appeared(_ after: PolicyClass, _ index: Int) -> ClassDifference {
        ClassDifference(
            name: after.name, kind: .appears, location: after.location, position: index + 1,
            access: access.change(from: [], to: after.systems), lists: after.systems, listsNoMore: [],
            conditions: ConditionChange.changes(from: [], to: after.conditions),
            words: Self.words(from: nil, to: after),
            neighbours: newOverlaps.behind(after) { old.policyClass(named: $0) != nil })
    }

    private func gone(_ before: PolicyClass, _ index: Int) -> ClassDifference {
        ClassDifference(
            name: before.name, kind: .goes, location: before.location, position: index + 1,
            access: access.change(from: before.systems, to: []), lists: [], listsNoMore: before.systems,
            conditions: [],
            words: Self.words(from: before, to: nil),
            neighbours: oldOverlaps.behind(before) { new.policyClass(named: $0) != nil })
    }

    private func changed(
        from before: PolicyClass, to after: PolicyClass, _ index: Int
    ) -> ClassDifference? {
        let reach = access.change(from: before.systems, to: after.systems)
        let (listed, lists) = (Set(before.systems), Set(after.systems))
        let conditions = ConditionChange.changes(from: before.conditions, to: after.conditions)
        let words = Self.words(from: before, to: after)
        if reach.isEmpty, listed == lists, conditions.isEmpty, words.isEmpty { return nil }
        return ClassDifference(
            name: after.name, kind: .changes, location: after.location, position: index + 1, access: reach,
            lists: after.systems.filter { !listed.contains($0) },
            listsNoMore: before.systems.filter { !lists.contains($0) }, conditions: conditions, words: words,
            neighbours: [])
    }

    // MARK: Words

    private static func words(from before: PolicyClass?, to after: PolicyClass?) -> [WordChange] {
        contract(before?.contract, after?.contract)
            + [
                // A class that gives nothing also takes those of whom something is not known.
                WordChange("access", before?.accessWord, after?.accessWord),
                WordChange("clauses", before?.cites ?? [], after?.cites ?? []),
                WordChange("idle", before?.idle.map(TimeText.text), after?.idle.map(TimeText.text)),
                WordChange("tell", before?.tell, after?.tell),
            ].compactMap(\.self)
    }

    private static func contract(_ before: Contract?, _ after: Contract?) -> [WordChange] {
        [
            WordChange("contract", before?.reference, after?.reference),
            WordChange("contract of", before?.vendor, after?.vendor),
            WordChange("contract from", before?.from.description, after?.from.description),
            WordChange("contract until", before?.until.description, after?.until.description),
            WordChange("sponsor", before?.sponsor, after?.sponsor),
            WordChange(
                "warn before", before.map { TimeText.text($0.warnBefore) },
                after.map { TimeText.text($0.warnBefore) }),
        ].compactMap(\.self)
    }
}

extension PolicyClass {
    /// By name, in the pack's order; none for a class without access.
    var systems: [String] {
        guard case .systems(let names) = access else { return [] }
        return names
    }

    fileprivate var accessWord: String { access == .none ? "none" : "systems" }
}
