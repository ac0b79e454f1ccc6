import Classification
import Evidence
import FlowSpace
import NetworkTypes
import PolicyDifference
import PolicyLanguage
import TestSupport
import Testing

/// The algebra against every packet of a small universe and every session of a finite set, written down.
@Suite(.timeLimit(.minutes(30)))
struct ModelTests {
    private static let rounds = 700

    @Test(arguments: [UInt64(1), 2, 3, 20_261_124])
    func agreesWithWritingEverythingDown(seed: UInt64) async {
        var packs = RandomPacks(seed: seed)
        var seen = Seen()
        for round in 0..<Self.rounds {
            await Task.yield()
            let parts = packs.parts()
            let isSame = packs.chance(10)
            let isStrange = packs.chance(20)
            let other = isSame ? packs.moved(parts) : isStrange ? packs.parts() : packs.changed(parts)
            let pair = PackPair(parts.policy, other.policy)
            for complaint in pair.complaints(&seen) {
                Issue.record("seed \(seed), round \(round): \(complaint)")
            }
            if isSame { #expect(pair.difference.isEmpty, "seed \(seed), round \(round)") }
        }
        print("seed \(seed): \(Self.rounds) pairs, \(seen)")
        // Whoever never saw any of it has shown nothing.
        #expect(seen.opened > 500 && seen.closed > 500 && seen.needs > 100 && seen.turned > 30)
        #expect(seen.moved > 1000 && seen.unmoved > 1000)
    }
}

/// How much of what there was to find was there.
struct Seen {
    var opened = 0
    var closed = 0
    var needs = 0
    var turned = 0
    var moved = 0
    var unmoved = 0
}

/// Two packs, their difference, and the same found by asking for each packet and each session.
struct PackPair {
    private let old: Policy
    private let new: Policy
    let difference: PolicyDifference
    private let oldPackets: [String: PacketSet]
    private let newPackets: [String: PacketSet]

    init(_ old: Policy, _ new: Policy) {
        self.old = old
        self.new = new
        difference = PolicyDifference(from: old, to: new)
        oldPackets = Dictionary(old.systems.map { ($0.name, $0.packets) }) { first, _ in first }
        newPackets = Dictionary(new.systems.map { ($0.name, $0.packets) }) { first, _ in first }
    }

    /// What the difference says that is not so, or does not say that is.
    func complaints(_ seen: inout Seen) -> [String] {
        var complaints: [String] = []
        for name in Set(old.classes.map(\.name)).union(new.classes.map(\.name)).sorted() {
            complaints += complaintsOfClass(name, &seen)
        }
        complaints += complaintsOfOrder(&seen) + complaintsOfSystems() + complaintsOfSessions(&seen)
        return complaints
    }

    // MARK: Classes

    private func complaintsOfClass(_ name: String, _ seen: inout Seen) -> [String] {
        let (before, after) = (old.policyClass(named: name), new.policyClass(named: name))
        let told = difference.classes.filter { $0.name == name }
        guard told.count <= 1 else { return ["\(name) is told \(told.count) times"] }
        var complaints: [String] = []
        let kind: ClassDifference.Kind = before == nil ? .appears : after == nil ? .goes : .changes
        if let told = told.first, told.kind != kind { complaints.append("\(name) is told as \(told.kind)") }
        if told.isEmpty, before == nil || after == nil { complaints.append("\(name) is not told") }
        let access = told.first?.access ?? AccessChange()
        let (had, has) = (packets(before, oldPackets), packets(after, newPackets))
        let (opened, closed) = (has.subtracting(had), had.subtracting(has))
        let otherwise = Universe.all { packet in
            let (one, other) = (needs(packet, before, old), needs(packet, after, new))
            return !one.isEmpty && !other.isEmpty && one != other
        }
        seen.opened += opened.count
        seen.closed += closed.count
        seen.needs += otherwise.count
        complaints += check(access.opens, are: opened, of: after, newPackets, "\(name) opens")
        complaints += check(access.closes, are: closed, of: before, oldPackets, "\(name) closes")
        complaints += check(
            access.needs.map { ($0.system, $0.space.boxes) }, are: otherwise, "\(name) asks otherwise")
        for part in access.needs where part.conditions.isEmpty && !isTakenTwice(part, before, after) {
            complaints.append("\(name): \(part.system) asks otherwise, and nobody says how")
        }
        let listed = (Set(systems(before)), Set(systems(after)))
        if Set(told.first?.lists ?? []) != listed.1.subtracting(listed.0)
            || Set(told.first?.listsNoMore ?? []) != listed.0.subtracting(listed.1)
        {
            complaints.append("\(name) lists other systems than is told")
        }
        let asks = (Set(before?.words ?? []), Set(after?.words ?? []))
        if before != nil, after != nil, asks.0 != asks.1, told.first?.conditions.isEmpty ?? true {
            complaints.append("\(name) asks for something else, and that is not told")
        }
        return complaints
    }

    /// Whether several systems that ask for different things take some of these packets.
    private func isTakenTwice(
        _ part: NeedsChange, _ before: PolicyClass?, _ after: PolicyClass?
    ) -> Bool {
        let both = [(before, old), (after, new)]
        return Universe.packets.contains { packet in
            part.space.contains(packet) && both.contains { needs(packet, $0, $1).count > 1 }
        }
    }

    private func packets(_ policyClass: PolicyClass?, _ of: [String: PacketSet]) -> PacketSet {
        systems(policyClass).reduce(PacketSet()) { $0.union(of[$1] ?? PacketSet()) }
    }

    private func systems(_ policyClass: PolicyClass?) -> [String] {
        if case .systems(let names)? = policyClass?.access { names } else { [] }
    }

    /// Each set of needs under which a class gives a packet; nothing but the empty one where there is a way without.
    private func needs(
        _ packet: Destination, _ policyClass: PolicyClass?, _ policy: Policy
    ) -> Set<Set<String>> {
        let takers = systems(policyClass).compactMap(policy.system(named:)).filter { $0.takes(packet) }
        let ways = Set(takers.map { Set($0.needs.map(\.description)) })
        return ways.contains([]) ? [[]] : ways
    }

    /// Packets by system are these, each in one box, and each counts for the first system of the class that takes it.
    private func check(
        _ told: [SystemPackets], are expected: PacketSet, of policyClass: PolicyClass?,
        _ of: [String: PacketSet], _ what: String
    ) -> [String] {
        var complaints = check(told.map { ($0.system, $0.boxes) }, are: expected, what)
        let names = systems(policyClass)
        for part in told {
            let inPart = Universe.all { packet in part.boxes.contains { $0.contains(packet) } }
            let first = names.prefix { $0 != part.system }
            let earlier = first.reduce(PacketSet()) { $0.union(of[$1] ?? PacketSet()) }
            if !names.contains(part.system) || !inPart.isSubset(of: of[part.system] ?? PacketSet())
                || !inPart.intersection(earlier).isEmpty
            {
                complaints.append("\(what): packets counted for \(part.system) that are another's")
            }
        }
        return complaints
    }

    private func check(
        _ told: [(system: String, boxes: [FlowBox])], are expected: PacketSet, _ what: String
    ) -> [String] {
        var found = PacketSet()
        var count = 0
        var complaints: [String] = []
        for part in told {
            for box in part.boxes {
                let packets = Universe.all(where: box.contains)
                found = found.union(packets)
                count += packets.count
                guard let witness = FlowSpace(box).witness, box.contains(witness) else {
                    complaints.append("\(what): no witness for \(box)")
                    continue
                }
            }
            if part.boxes.isEmpty { complaints.append("\(what): nothing of \(part.system)") }
        }
        if found != expected { complaints.append("\(what): other packets: \(told)") }
        if found.count != count { complaints.append("\(what): boxes overlap: \(told)") }
        return complaints
    }

    // MARK: Order

    private func complaintsOfOrder(_ seen: inout Seen) -> [String] {
        var told: Set<[String]> = []
        var complaints: [String] = []
        for moved in difference.order {
            for (first, second) in moved.nowBefore.map({ (moved.name, $0) })
                + moved.nowAfter.map({ ($0, moved.name) })
            {
                if !told.insert([first, second]).inserted {
                    complaints.append("the turn of \(first) and \(second) is told twice")
                }
                if !comes(first, before: second, in: new) || !comes(second, before: first, in: old) {
                    complaints.append("\(first) and \(second) have not turned")
                }
            }
        }
        for first in new.classes {
            for second in new.classes
            where comes(first.name, before: second.name, in: new)
                && comes(second.name, before: first.name, in: old)
            {
                if difference.order.isEmpty { complaints.append("no order is told") }
                let isShared = Sessions.all.contains { first.matches($0) && second.matches($0) }
                if isShared { seen.turned += 1 }
                if isShared, !told.contains([first.name, second.name]) {
                    complaints.append("the turn of \(first.name) and \(second.name) is not told")
                }
            }
        }
        return complaints
    }

    /// False when one of the two is not there.
    private func comes(_ first: String, before second: String, in policy: Policy) -> Bool {
        guard let one = policy.classes.firstIndex(where: { $0.name == first }),
            let other = policy.classes.firstIndex(where: { $0.name == second })
        else { return false }
        return one < other
    }

    // MARK: Systems

    private func complaintsOfSystems() -> [String] {
        Set(oldPackets.keys).union(newPackets.keys).sorted().flatMap { name -> [String] in
            let told = difference.systems.first { $0.name == name }
            let (had, has) = (oldPackets[name] ?? PacketSet(), newPackets[name] ?? PacketSet())
            return check(
                [(name, told?.gained.boxes ?? [])].filter { !$0.boxes.isEmpty }, are: has.subtracting(had),
                "\(name) gains")
                + check(
                    [(name, told?.lost.boxes ?? [])].filter { !$0.boxes.isEmpty }, are: had.subtracting(has),
                    "\(name) loses")
        }
    }

    // MARK: Sessions

    private func complaintsOfSessions(_ seen: inout Seen) -> [String] {
        var judge = MovementJudge(from: old, to: new, difference)
        return Sessions.all.enumerated().flatMap { number, evidence -> [String] in
            let before = Classifier.decide(evidence, under: old, at: RandomPacks.now)
            let after = Classifier.decide(evidence, under: new, at: RandomPacks.now)
            let (had, has) = (reach(before, oldPackets), reach(after, newPackets))
            let told = judge.movement(
                of: "\(number)", from: SessionStanding(before), to: SessionStanding(after))
            let isMoved =
                before.className != after.className || before.scope != after.scope || had != has
            if isMoved { seen.moved += 1 } else { seen.unmoved += 1 }
            guard isMoved == (told != nil) else { return ["session \(number): moved \(isMoved)"] }
            let what = "session \(number)"
            var complaints = check(
                (told?.opens ?? []).map { ($0.system, $0.boxes) }, are: has.subtracting(had), "\(what) gets")
            complaints += check(
                (told?.closes ?? []).map { ($0.system, $0.boxes) }, are: had.subtracting(has),
                "\(what) loses")
            if let told, told.isCut != (before.isAdmitted && !after.isAdmitted) {
                complaints.append("\(what): cut \(told.isCut)")
            }
            if isMoved, difference.isEmpty { complaints.append("\(what) moves, and nothing differs") }
            return complaints + complaintsOfClasses(of: what, before, after, had, has)
        }
    }

    private func reach(_ decision: Decision, _ packets: [String: PacketSet]) -> PacketSet {
        guard decision.isAdmitted else { return PacketSet() }
        return decision.scope.systems.reduce(PacketSet()) { $0.union(packets[$1] ?? PacketSet()) }
    }

    /// What is told of the classes bounds what happens to their sessions, and accounts for those who change class.
    private func complaintsOfClasses(
        of what: String, _ before: Decision, _ after: Decision, _ had: PacketSet, _ has: PacketSet
    ) -> [String] {
        guard let from = before.className, let to = after.className else { return [] }
        let access =
            from == to
            ? difference.classes.first { $0.name == to }?.access ?? AccessChange()
            : difference.effect(of: to, takingFrom: from)
        let told =
            access.opens.flatMap(\.boxes) + access.closes.flatMap(\.boxes)
            + access.needs.flatMap(\.space.boxes)
        let bounds = Universe.all { packet in told.contains { $0.contains(packet) } }
        var complaints: [String] = []
        if !has.subtracting(had).union(had.subtracting(has)).isSubset(of: bounds) {
            complaints.append("\(what), \(from) to \(to), changes beyond what is told of the classes")
        }
        if from != to, !isAccountedFor(from, to) {
            complaints.append("\(what) goes from \(from) to \(to), and nothing says why")
        }
        return complaints
    }

    private func isAccountedFor(_ from: String, _ to: String) -> Bool {
        let told = Dictionary(uniqueKeysWithValues: difference.classes.map { ($0.name, $0) })
        func asksOtherwise(_ name: String) -> Bool {
            guard let told = told[name] else { return false }
            return !told.conditions.isEmpty
                || told.words.contains { $0.what == "access" || $0.what.hasPrefix("contract") }
        }
        switch (told[from]?.kind, told[to]?.kind) {
        case (.goes?, .appears?): return true
        case (.goes?, _): return told[from]?.neighbours.contains(to) ?? false || asksOtherwise(to)
        case (_, .appears?): return told[to]?.neighbours.contains(from) ?? false || asksOtherwise(from)
        default: break
        }
        return asksOtherwise(from) || asksOtherwise(to)
            || difference.order.contains { moved in
                (moved.name == to && moved.nowBefore.contains(from))
                    || (moved.name == from && moved.nowAfter.contains(to))
            }
    }
}

extension PolicyClass {
    /// By its conditions alone: unknown matches where nothing is given.
    func matches(_ evidence: SessionEvidence) -> Bool {
        conditions.allSatisfy { condition in
            switch condition.judge(evidence, at: RandomPacks.now).truth {
            case .holds: true
            case .fails: false
            case .unknown: access == .none
            }
        }
    }

    /// What it asks for, but for the contract, whose dates are told apart.
    fileprivate var words: [String] {
        conditions.map(\.description).filter { !$0.hasPrefix("contract ") }
    }
}
