package import Evidence
import PolicyLanguage

/// A line of a pack's registers that is not the same in both: what commands state on top is no part of this.
package struct RegisterDifference: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case appears, goes, changes
    }

    package let subject: RegisterSubject
    package let kind: Kind
    /// Fields that differ, by name.
    package let words: [WordChange]

    static func differences(from old: Registers, to new: Registers) -> [RegisterDifference] {
        lines(.device, old.devices.all, new.devices.all, \.id, \.fields)
            + lines(.user, old.users.all, new.users.all, \.name, \.fields)
            + lines(.loan, old.loans.all, new.loans.all, \.reference, \.fields)
            + lines(.approval, old.approvals.all, new.approvals.all, \.reference, \.fields)
    }

    /// In the order of the new register, with what goes last. Nothing is put into words that did not change: registers
    /// have a hundred thousand lines, and a change few.
    private static func lines<Record: Hashable>(
        _ kind: RegisterKind, _ old: [Record], _ new: [Record], _ key: KeyPath<Record, String>,
        _ fields: KeyPath<Record, RegisterFields>
    ) -> [RegisterDifference] {
        var left = Dictionary(old.map { ($0[keyPath: key], $0) }) { first, _ in first }
        var differences: [RegisterDifference] = []
        for after in new {
            let before = left.removeValue(forKey: after[keyPath: key])
            if before == after { continue }
            differences.append(
                RegisterDifference(
                    subject: RegisterSubject(kind, after[keyPath: key]),
                    kind: before == nil ? .appears : .changes,
                    words: words(from: before?[keyPath: fields] ?? [:], to: after[keyPath: fields])))
        }
        for before in old where left[before[keyPath: key]] != nil {
            differences.append(
                RegisterDifference(
                    subject: RegisterSubject(kind, before[keyPath: key]), kind: .goes,
                    words: words(from: before[keyPath: fields], to: [:])))
        }
        return differences
    }

    private static func words(from old: RegisterFields, to new: RegisterFields) -> [WordChange] {
        Set(old.keys).union(new.keys).sorted().compactMap { WordChange($0, old[$0] ?? [], new[$0] ?? []) }
    }
}
