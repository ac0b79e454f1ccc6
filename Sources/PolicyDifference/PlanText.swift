/// A plan for people: what opens has a `+`, what closes a `-`, what is otherwise a `~`.
package struct PlanText {
    private let plan: PlanDocument
    private var lines: [String] = []

    /// So many boxes of a system, and names of a list, are written out; `--json` has them all.
    private static let mostBoxes = 12
    private static let mostNames = 8

    package static func text(_ plan: PlanDocument) -> String {
        var text = PlanText(plan: plan)
        text.write()
        return text.lines.joined(separator: "\n")
    }

    /// What opens or closes, for whoever says it of something else than a pack.
    package static func packets(_ packets: [PlanDocument.Packets], _ sign: String) -> [String] {
        packets.flatMap { lines($0.boxes, "\(sign) \($0.system)") }
    }

    private init(plan: PlanDocument) { self.plan = plan }

    private mutating func write() {
        lines.append("\(plan.new) against \(plan.old): \(summary)")
        for record in plan.classes { write(record) }
        for record in plan.order { write(record) }
        for record in plan.systems { write(record) }
        for record in plan.ground where record.part != .test { write(record) }
        writeTests()
        for record in plan.registers { write(record) }
        write(plan.tests, of: "test")
    }

    private var summary: String {
        if plan.isEmpty { return "no difference" }
        let counts = [
            Self.count(plan.classes.count, "class", "classes"),
            plan.order.isEmpty ? nil : "\(plan.order.count) moved in order",
            Self.count(plan.systems.count, "system", "systems"),
            Self.count(plan.ground.count, "setting or other ground", "settings and other grounds"),
            Self.count(plan.registers.count, "line of the registers", "lines of the registers"),
        ]
        return counts.compactMap(\.self).joined(separator: ", ")
    }

    private static func count(_ count: Int, _ one: String, _ many: String) -> String? {
        count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
    }

    // MARK: Classes

    private mutating func write(_ record: PlanDocument.ClassRecord) {
        let place = record.change == .appears ? ", number \(record.position)" : ""
        head("class \(record.name) \(record.change.rawValue)\(place)", at: record.place)
        // Of what is gone, what it closes is worth reading, and not what it said.
        if record.change != .goes {
            write(record.conditions)
            for change in record.words { write(change) }
        }
        if record.change == .changes {
            if !record.lists.isEmpty { lines.append("  lists: \(Self.names(record.lists))") }
            if !record.listsNoMore.isEmpty {
                lines.append("  lists no more: \(Self.names(record.listsNoMore))")
            }
        }
        write(record.opens, "+")
        write(record.closes, "-")
        for needs in record.needs {
            write([PlanDocument.Packets(system: needs.system, boxes: needs.boxes)], "~")
            write(needs.conditions, indent: "      ")
            if needs.conditions.isEmpty {
                lines.append("      another system that takes them asks for something else")
            }
        }
        guard !record.neighbours.isEmpty else { return }
        let names = Self.names(record.neighbours)
        lines.append(
            record.change == .appears
                ? "  sessions that meet the conditions of both come here, and not to: \(names)"
                : "  its sessions come, if they meet the conditions, to: \(names)")
    }

    private mutating func write(_ record: PlanDocument.OrderRecord) {
        head("class \(record.name) moves to number \(record.position)", at: record.place)
        if record.nowBefore.isEmpty, record.nowAfter.isEmpty {
            lines.append("  no session meets its conditions and those of a class that it went past")
        }
        write(record.nowBefore, "is asked before", "comes here and not there")
        write(record.nowAfter, "is asked after", "comes there and not here")
    }

    private mutating func write(_ turns: [PlanDocument.Turn], _ how: String, _ where: String) {
        guard !turns.isEmpty else { return }
        lines.append(
            "  \(how) \(Self.names(turns.map(\.name))) now: a session that meets the conditions of both "
                + "\(`where`)")
        for turn in turns {
            guard let opens = turn.opens, let closes = turn.closes, !(opens.isEmpty && closes.isEmpty)
            else { continue }
            lines.append("    of both this and \(turn.name):")
            write(opens, "  +")
            write(closes, "  -")
        }
    }

    // MARK: What classes rest on

    private mutating func write(_ record: PlanDocument.SystemRecord) {
        head("system \(record.name) \(record.change.rawValue)", at: record.place)
        if record.change != .goes {
            for change in record.words { write(change) }
            write(record.needs)
        }
        write(record.gains, "+ takes")
        write(record.loses, "- takes")
    }

    private mutating func write(_ record: PlanDocument.GroundRecord) {
        head("\(record.part.rawValue) \(record.name)")
        for change in record.words { write(change) }
        if !record.askedBy.isEmpty {
            lines.append("  asked for by \(Self.names(record.askedBy))")
        }
    }

    /// What a pack expects of itself is worth a line each time it expects less.
    private mutating func writeTests() {
        let tests = plan.ground.filter { $0.part == .test }
        let kinds: [(String, (WordChange) -> Bool)] = [
            ("tests that are gone", { $0.after == nil }), ("tests that are new", { $0.before == nil }),
            ("tests that are changed", { $0.before != nil && $0.after != nil }),
        ]
        for (kind, isOne) in kinds {
            let names = tests.filter { $0.words.contains(where: isOne) }.map(\.name)
            if !names.isEmpty { head("\(kind): \(Self.names(names, separator: "; "))") }
        }
    }

    private mutating func write(_ record: PlanDocument.RegisterRecord) {
        head("\(record.register) \(record.key) \(record.change.rawValue)")
        if record.change == .goes { return }
        for change in record.words { write(change) }
    }

    // MARK: Sessions

    /// Sessions to which the same happens are told together.
    private mutating func write(_ movements: [PlanDocument.MovementRecord], of kind: String) {
        var groups: [[PlanDocument.MovementRecord]] = []
        var places: [PlanDocument.MovementRecord: Int] = [:]
        for movement in movements {
            var alike = movement
            alike.name = ""
            if let place = places[alike] {
                groups[place].append(movement)
            } else {
                places[alike] = groups.count
                groups.append([movement])
            }
        }
        for group in groups { write(group: group, of: kind) }
    }

    private mutating func write(group: [PlanDocument.MovementRecord], of kind: String) {
        guard let movement = group.first else { return }
        let (from, to) = (movement.from ?? "no class", movement.to ?? "no class")
        let move = from == to ? "in \(to), as before" : "from \(from) to \(to)"
        let many = group.count == 1 ? "session of \(kind)" : "\(group.count) sessions of \(kind)s"
        head(
            "\(many), \(move)\(movement.isCut ? ", cut" : ""): \(Self.names(group.map(\.name), separator: "; "))"
        )
        write(movement.opens, "+")
        write(movement.closes, "-")
    }

    // MARK: Parts

    private mutating func head(_ text: String, at place: String? = nil) {
        lines.append("")
        lines.append(text + (place.map { " (\($0))" } ?? ""))
    }

    private mutating func write(_ conditions: [PlanDocument.ConditionRecord], indent: String = "  ") {
        for condition in conditions {
            let (before, after) = (condition.before ?? "", condition.after ?? "")
            let line =
                switch condition.change {
                case .added: "asks for \(after)"
                case .dropped: "asks no more for \(before)"
                case .tighter: "asks for \(after) (was: \(before)); fewer meet it"
                case .looser: "asks for \(after) (was: \(before)); more meet it"
                case .other: "asks for \(after) (was: \(before))"
                }
            lines.append(indent + line)
        }
    }

    private mutating func write(_ change: WordChange) {
        switch (change.before, change.after) {
        case (let before?, let after?): lines.append("  \(change.what): \(after) (was: \(before))")
        case (nil, let after?): lines.append("  \(change.what): \(after)")
        case (let before?, nil): lines.append("  \(change.what): none (was: \(before))")
        case (nil, nil): break
        }
    }

    private mutating func write(_ packets: [PlanDocument.Packets], _ sign: String) {
        for part in packets { write(part.boxes, "\(sign) \(part.system)") }
    }

    private mutating func write(_ boxes: [PlanDocument.Box], _ start: String) {
        lines += Self.lines(boxes, start)
    }

    private static func lines(_ boxes: [PlanDocument.Box], _ start: String) -> [String] {
        let shown = boxes.prefix(mostBoxes).map { "  \(start)  \($0.packets)  such as \($0.witness)" }
        let left = boxes.count - mostBoxes
        return shown + (left > 0 ? ["  \(start)  and \(left) more ranges"] : [])
    }

    private static func names(_ names: [String], separator: String = ", ") -> String {
        let shown = names.prefix(mostNames).joined(separator: separator)
        return names.count > mostNames ? "\(shown) and \(names.count - mostNames) more" : shown
    }
}
