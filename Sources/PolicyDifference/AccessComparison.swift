package import FlowSpace
import PolicyLanguage

/// Packets of one system: what a change of rules opens or closes of it.
package struct SystemPackets: Sendable, Hashable {
    package let system: String
    /// Never empty. What several systems take counts for the first of them, in the order of their class.
    package let space: FlowSpace

    /// Disjoint, also from those of the other systems beside it.
    package var boxes: [FlowBox] { space.boxes }
}

/// Packets that are granted before and after, on other conditions.
package struct NeedsChange: Sendable, Hashable {
    /// The system that takes them now.
    package let system: String
    package let space: FlowSpace
    /// Of the system before and the one now. Empty where systems overlap that ask for different things, and it is another
    /// of them that does: no pack that compiles has such.
    package let conditions: [ConditionChange]
}

/// What one set of systems gives more, less and on other conditions than another.
package struct AccessChange: Sendable, Hashable {
    package var opens: [SystemPackets]
    package var closes: [SystemPackets]
    package var needs: [NeedsChange]

    package init(
        opens: [SystemPackets] = [], closes: [SystemPackets] = [], needs: [NeedsChange] = []
    ) {
        self.opens = opens
        self.closes = closes
        self.needs = needs
    }

    package var isEmpty: Bool { opens.isEmpty && closes.isEmpty && needs.isEmpty }
}

/// Compares what sets of systems give under two policies.
struct AccessComparison {
    let old: Policy
    let new: Policy
    /// Names of systems that are not in both, or not the same: sets without any of these are equal when their names are.
    let changedSystems: Set<String>

    init(from old: Policy, to new: Policy) {
        self.old = old
        self.new = new
        var changed: Set<String> = []
        for system in old.systems {
            guard let other = new.system(named: system.name) else {
                changed.insert(system.name)
                continue
            }
            if !Self.areAlike(system, other) { changed.insert(system.name) }
        }
        for system in new.systems where old.system(named: system.name) == nil { changed.insert(system.name) }
        changedSystems = changed
    }

    private static func areAlike(_ one: System, _ other: System) -> Bool {
        one.space == other.space && Set(one.needs.map(\.comparable)) == Set(other.needs.map(\.comparable))
    }

    /// Between what one list of systems gives under the old policy and another under the new one.
    ///
    /// Cost: of the spaces of all systems in both, n log n; linear in the names where nothing changed.
    func change(from before: [String], to after: [String]) -> AccessChange {
        if before.elementsEqual(after) || Set(before) == Set(after),
            !after.contains(where: changedSystems.contains)
        {
            return AccessChange()
        }
        let before = before.compactMap(old.system(named:))
        let after = after.compactMap(new.system(named:))
        let (had, has) = (Self.space(of: before), Self.space(of: after))
        return AccessChange(
            opens: Self.split(has.subtracting(had), among: after),
            closes: Self.split(had.subtracting(has), among: before),
            needs: needs(of: had.intersection(has), before, after))
    }

    static func space(of systems: [System]) -> FlowSpace { FlowSpace(unionOf: systems.map(\.space)) }

    // MARK: By system

    /// Gives each packet to the first system that takes it. What no system takes is left out.
    static func split(_ space: FlowSpace, among systems: [System]) -> [SystemPackets] {
        guard !space.isEmpty, !systems.isEmpty else { return [] }
        var parts: [SystemPackets] = []
        split(space, among: Halves(systems.map(\.space)), systems, into: &parts)
        return parts
    }

    /// By halves: what the first half takes, and the rest for the second. One by one, each of many systems would be held
    /// against all that is left.
    private static func split(
        _ space: FlowSpace, among half: Halves, _ systems: [System], into parts: inout [SystemPackets]
    ) {
        let taken = space.intersection(half.space)
        if taken.isEmpty { return }
        guard let (first, second) = half.parts else {
            return parts.append(SystemPackets(system: systems[half.index].name, space: taken))
        }
        split(taken, among: first, systems, into: &parts)
        split(taken.subtracting(first.space), among: second, systems, into: &parts)
    }

    /// Spaces with the unions of their halves, and of the halves' halves.
    private final class Halves {
        let space: FlowSpace
        let parts: (Halves, Halves)?
        /// Of the space, where there is one alone.
        let index: Int

        convenience init(_ spaces: [FlowSpace]) { self.init(spaces[...]) }

        private init(_ spaces: ArraySlice<FlowSpace>) {
            index = spaces.startIndex
            guard spaces.count > 1 else {
                space = spaces.first ?? .empty
                parts = nil
                return
            }
            let middle = spaces.startIndex + spaces.count / 2
            let halves = (Halves(spaces[..<middle]), Halves(spaces[middle...]))
            parts = halves
            space = halves.0.space.union(halves.1.space)
        }
    }

    // MARK: Needs

    private typealias Needs = Set<Condition.Test>

    /// Of packets that are given before and after: those for which other needs must hold.
    ///
    /// A packet that several systems take is granted when the needs of one of them hold; where one asks for nothing,
    /// nobody cares what the others ask for.
    private func needs(of kept: FlowSpace, _ before: [System], _ after: [System]) -> [NeedsChange] {
        let (had, has) = (Self.byNeeds(before), Self.byNeeds(after))
        var differing: [FlowSpace] = []
        for needs in Set(had.keys).union(has.keys) where had[needs] != has[needs] {
            differing.append((had[needs] ?? .empty).symmetricDifference(has[needs] ?? .empty))
        }
        guard !differing.isEmpty else { return [] }
        let free = (had[[]] ?? .empty).intersection(has[[]] ?? .empty)
        let region = FlowSpace(unionOf: differing).intersection(kept).subtracting(free)
        return Self.split(region, among: Self.freeFirst(after)).flatMap { part in
            Self.split(part.space, among: Self.freeFirst(before)).map { piece in
                NeedsChange(
                    system: part.system, space: piece.space,
                    conditions: ConditionChange.changes(
                        from: old.system(named: piece.system)?.needs ?? [],
                        to: new.system(named: part.system)?.needs ?? []))
            }
        }
    }

    /// A system that asks for nothing is the one through which its packets are granted.
    private static func freeFirst(_ systems: [System]) -> [System] {
        systems.filter(\.needs.isEmpty) + systems.filter { !$0.needs.isEmpty }
    }

    private static func byNeeds(_ systems: [System]) -> [Needs: FlowSpace] {
        Dictionary(grouping: systems) { Set($0.needs.map(\.comparable)) }.mapValues(space)
    }
}
