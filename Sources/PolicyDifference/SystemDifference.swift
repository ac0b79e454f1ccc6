package import FlowSpace
package import PolicyLanguage

/// A system that is not the same in both packs. What that opens and closes for whom stands at the classes.
package struct SystemDifference: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case appears, goes, changes
    }

    package let name: String
    package let kind: Kind
    /// In the new pack, or in the old one for a system that goes.
    package let location: SourceLocation
    /// Packets that it takes now and did not before.
    package let gained: FlowSpace
    package let lost: FlowSpace
    package let needs: [ConditionChange]
    package let words: [WordChange]

    static func differences(from old: Policy, to new: Policy) -> [SystemDifference] {
        new.systems.compactMap { Self(from: old.system(named: $0.name), to: $0) }
            + old.systems.filter { new.system(named: $0.name) == nil }.compactMap { Self(from: $0, to: nil) }
    }

    /// Nil when both are alike, or neither is there.
    private init?(from old: System?, to new: System?) {
        guard let either = new ?? old else { return nil }
        name = either.name
        kind = old == nil ? .appears : new == nil ? .goes : .changes
        location = either.location
        let (had, has) = (old?.space ?? .empty, new?.space ?? .empty)
        gained = had == has ? .empty : has.subtracting(had)
        lost = had == has ? .empty : had.subtracting(has)
        needs = ConditionChange.changes(from: old?.needs ?? [], to: new?.needs ?? [])
        words = [
            WordChange("label", old?.label, new?.label),
            WordChange("about", old?.about.nonEmpty, new?.about.nonEmpty),
        ].compactMap(\.self)
        if kind == .changes, gained.isEmpty, lost.isEmpty, needs.isEmpty, words.isEmpty { return nil }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
