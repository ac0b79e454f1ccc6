import Evidence
import FlowSpace
import NetworkTypes
import PolicyLanguage

/// A plan as programs read it, and as the daemon hands it over: names and texts. `PlanText` says the same to people.
package struct PlanDocument: Codable, Sendable, Hashable {
    /// What was compared, as whoever asked called it.
    package var old: String
    package var new: String
    /// True when the packs mean the same.
    package var isEmpty: Bool
    package var classes: [ClassRecord]
    package var order: [OrderRecord]
    package var systems: [SystemRecord]
    /// Authorities, offices, settings and tests.
    package var ground: [GroundRecord]
    package var registers: [RegisterRecord]
    /// Sessions of the packs' own tests that move.
    package var tests: [MovementRecord]

    /// Packets of one system, as disjoint boxes, each with one packet that lies in it.
    package struct Packets: Codable, Sendable, Hashable {
        package var system: String
        package var boxes: [Box]
    }

    package struct Box: Codable, Sendable, Hashable {
        package var packets: String
        package var witness: String
    }

    package struct Needs: Codable, Sendable, Hashable {
        package var system: String
        package var boxes: [Box]
        package var conditions: [ConditionRecord]
    }

    package struct ConditionRecord: Codable, Sendable, Hashable {
        package var change: ConditionChange.Kind
        package var before: String?
        package var after: String?
    }

    package struct ClassRecord: Codable, Sendable, Hashable {
        package var name: String
        package var change: ClassDifference.Kind
        package var place: String
        package var position: Int
        package var opens: [Packets]
        package var closes: [Packets]
        /// Given before and after, on other conditions.
        package var needs: [Needs]
        package var lists: [String]
        package var listsNoMore: [String]
        package var conditions: [ConditionRecord]
        package var words: [WordChange]
        package var neighbours: [String]
    }

    package struct OrderRecord: Codable, Sendable, Hashable {
        package var name: String
        package var place: String
        package var position: Int
        package var nowBefore: [Turn]
        package var nowAfter: [Turn]
    }

    /// Another class with which the order turned, and what that does to a session that meets the conditions of both.
    package struct Turn: Codable, Sendable, Hashable {
        package var name: String
        /// Nil where there are too many to say it of each.
        package var opens: [Packets]?
        package var closes: [Packets]?
    }

    package struct SystemRecord: Codable, Sendable, Hashable {
        package var name: String
        package var change: SystemDifference.Kind
        package var place: String
        package var gains: [Box]
        package var loses: [Box]
        package var needs: [ConditionRecord]
        package var words: [WordChange]
    }

    package struct GroundRecord: Codable, Sendable, Hashable {
        package var part: GroundDifference.Part
        package var name: String
        package var words: [WordChange]
        package var askedBy: [String]
    }

    package struct RegisterRecord: Codable, Sendable, Hashable {
        package var register: String
        package var key: String
        package var change: RegisterDifference.Kind
        package var words: [WordChange]
    }

    package struct MovementRecord: Codable, Sendable, Hashable {
        package var name: String
        /// Classes; nil for none.
        package var from: String?
        package var to: String?
        package var opens: [Packets]
        package var closes: [Packets]
        package var isCut: Bool
    }
}

// MARK: Making

extension PlanDocument {
    /// - Parameters:
    ///   - old: What to call the pack that is compared with.
    ///   - new: What to call the pack that is looked at.
    package init(
        _ difference: PolicyDifference, tests: [SessionMovement], old: String, new: String
    ) {
        self.old = old
        self.new = new
        isEmpty = difference.isEmpty
        classes = difference.classes.map(ClassRecord.init)
        order = difference.order.map { OrderRecord($0, in: difference) }
        systems = difference.systems.map(SystemRecord.init)
        ground = difference.ground.map {
            GroundRecord(part: $0.part, name: $0.name, words: $0.words, askedBy: $0.askedBy)
        }
        registers = difference.registers.map {
            RegisterRecord(
                register: $0.subject.kind.rawValue, key: $0.subject.key, change: $0.kind, words: $0.words)
        }
        self.tests = tests.map(MovementRecord.init)
    }
}

extension PlanDocument.Packets {
    init(_ packets: SystemPackets) {
        self.init(system: packets.system, boxes: packets.boxes.map(PlanDocument.Box.init))
    }
}

extension PlanDocument.Box {
    init(_ box: FlowBox) {
        self.init(
            packets: box.description, witness: FlowSpace(box).witness.map(\.description) ?? "")
    }
}

extension PlanDocument.ConditionRecord {
    init(_ change: ConditionChange) {
        self.init(
            change: change.kind, before: change.before?.description, after: change.after?.description)
    }
}

extension PlanDocument.ClassRecord {
    fileprivate init(_ difference: ClassDifference) {
        self.init(
            name: difference.name, change: difference.kind, place: difference.location.description,
            position: difference.position, opens: difference.access.opens.map(PlanDocument.Packets.init),
            closes: difference.access.closes.map(PlanDocument.Packets.init),
            needs: difference.access.needs.map { needs in
                PlanDocument.Needs(
                    system: needs.system, boxes: needs.space.boxes.map(PlanDocument.Box.init),
                    conditions: needs.conditions.map(PlanDocument.ConditionRecord.init))
            }, lists: difference.lists, listsNoMore: difference.listsNoMore,
            conditions: difference.conditions.map(PlanDocument.ConditionRecord.init),
            words: difference.words, neighbours: difference.neighbours)
    }
}

extension PlanDocument.OrderRecord {
    /// For so many others it is said what the turn does; a class that goes past a thousand vendors would fill a book.
    private static let mostEffects = 16

    fileprivate init(_ moved: OrderDifference, in difference: PolicyDifference) {
        let isShort = moved.nowBefore.count + moved.nowAfter.count <= Self.mostEffects
        let turn = { (other: String, effect: @autoclosure () -> AccessChange) in
            let change = isShort ? effect() : nil
            return PlanDocument.Turn(
                name: other, opens: change?.opens.map(PlanDocument.Packets.init),
                closes: change?.closes.map(PlanDocument.Packets.init))
        }
        self.init(
            name: moved.name, place: moved.location.description, position: moved.position,
            nowBefore: moved.nowBefore.map {
                turn($0, difference.effect(of: moved.name, takingFrom: $0))
            },
            nowAfter: moved.nowAfter.map { turn($0, difference.effect(of: $0, takingFrom: moved.name)) })
    }
}

extension PlanDocument.SystemRecord {
    fileprivate init(_ difference: SystemDifference) {
        self.init(
            name: difference.name, change: difference.kind, place: difference.location.description,
            gains: difference.gained.boxes.map(PlanDocument.Box.init),
            loses: difference.lost.boxes.map(PlanDocument.Box.init),
            needs: difference.needs.map(PlanDocument.ConditionRecord.init), words: difference.words)
    }
}

extension PlanDocument.MovementRecord {
    package init(_ movement: SessionMovement) {
        self.init(
            name: movement.name, from: movement.before.className, to: movement.after.className,
            opens: movement.opens.map(PlanDocument.Packets.init),
            closes: movement.closes.map(PlanDocument.Packets.init), isCut: movement.isCut)
    }
}
