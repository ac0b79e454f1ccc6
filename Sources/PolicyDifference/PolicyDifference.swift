package import Classification
package import PolicyLanguage

/// What one pack opens, closes and moves, held against another: exact, since it is made of the sets of packets that the
/// packs mean and not of their text.
///
/// Two packs that mean the same have an empty difference, wherever things stand in their files. What is said of a class
/// is what its sessions reach; who is in it follows from its conditions and from the classes before it, and that is said
/// in words (conditions, order) and shown on sessions (``SessionMovement``).
///
/// Cost: n log n in classes and systems, where nearly all classes are vendors' with an organisation of their own.
package struct PolicyDifference: Sendable {
    /// In the new order, with those that go last.
    package let classes: [ClassDifference]
    package let order: [OrderDifference]
    package let systems: [SystemDifference]
    package let ground: [GroundDifference]
    package let registers: [RegisterDifference]

    private let access: AccessComparison

    package init(from old: Policy, to new: Policy) {
        access = AccessComparison(from: old, to: new)
        let overlaps = (old: ClassOverlaps(old), new: ClassOverlaps(new))
        classes = ClassComparison(
            old: old, new: new, access: access, oldOverlaps: overlaps.old, newOverlaps: overlaps.new
        ).differences()
        order = OrderComparison(old: old, new: new, overlaps: overlaps.new).differences()
        systems = SystemDifference.differences(from: old, to: new)
        ground = GroundDifference.differences(from: old, to: new)
        registers = RegisterDifference.differences(from: old.registers, to: new.registers)
    }

    package var isEmpty: Bool {
        classes.isEmpty && order.isEmpty && systems.isEmpty && ground.isEmpty && registers.isEmpty
    }

    /// What a session reaches more, no more, and on other conditions, that meets the conditions of two classes: `second` of
    /// the old pack decided before, `first` of the new one does now.
    package func effect(of first: String, takingFrom second: String) -> AccessChange {
        access.change(
            from: access.old.policyClass(named: second)?.systems ?? [],
            to: access.new.policyClass(named: first)?.systems ?? [])
    }

    /// What scopes of the two policies give, one against the other.
    package func change(from before: Scope, to after: Scope) -> AccessChange {
        access.change(from: before.systems, to: after.systems)
    }
}
