import FlowSpace
import NetworkTypes
package import Sessions

extension Transaction {
    /// The whole table anew, in one batch: there is no moment without it, and none with half of it.
    ///
    /// Sessions whose time is over at `now` are left out.
    package init(replacing ruleset: Ruleset, at now: Instant) {
        self.init(
            table: ruleset.layout.table,
            // Added first so that deleting it is never an error.
            [.addTable, .deleteTable, .addTable] + ruleset.objects(at: now))
    }

    /// The wishes as one batch, in an order that is valid whatever order they came in: new scopes, then sessions, then
    /// scopes that go. Of several wishes for one session the last counts; a session whose time is over is removed.
    package init(_ changes: [RulesetChange], in layout: RulesetLayout, at now: Instant) {
        let steps = Changeover(changes, in: layout, at: now).steps
        self.init(table: layout.table, steps.flatMap(\.operations))
    }

    /// Every element that is touched is destroyed first: adding over one that is there would keep its old expiry on
    /// older kernels, and be an error when the scope differs.
    fileprivate static func sessionOperations(_ changes: [RulesetChange], at now: Instant) -> [Operation] {
        var order: [SessionKey] = []
        var last: [SessionKey: Ruleset.Element?] = [:]
        order.reserveCapacity(changes.count)
        last.reserveCapacity(changes.count)
        for change in changes {
            switch change {
            case .put(let key, let element):
                if last.updateValue(element, forKey: key) == nil { order.append(key) }
            case .remove(let key):
                if last.updateValue(nil, forKey: key) == nil { order.append(key) }
            case .addScope, .redefineScope, .removeScope: continue
            }
        }
        return AddressFamily.allCases.flatMap { family -> [Operation] in
            let keys = order.filter { $0.address.family == family }
            let puts = keys.compactMap { key in (last[key] ?? nil)?.setElement(key, at: now) }
            let map = SessionMap.name(family)
            return Operation.destruction(of: keys.map(\.setElement), in: map)
                + Operation.addition(of: puts, to: map)
        }
    }
}

/// The wishes in three steps, so that no packet that is on its way meets half of a change.
///
/// A packet takes the generation of the rules from its beginning, and that of sets and maps at each look-up
/// (`nft_do_chain` and `nft_set_elem_active` of net/netfilter): one that is on its way when a transaction commits sees
/// old rules and new elements. So whatever is led to has been there for one commit before anything leads to it, and
/// goes when nothing that saw the way to it is left.
package struct Changeover: Sendable, Hashable {
    /// Makes what nothing leads to yet.
    package let preparation: Transaction
    /// Puts the wishes in force.
    package let change: Transaction
    /// Takes away what nothing leads to any more. Not before every packet has gone that was there at the change.
    package let clearance: Transaction

    package init(_ changes: [RulesetChange], in layout: RulesetLayout, at now: Instant) {
        let scopes = ScopeChanges(changes)
        preparation = Transaction(table: layout.table, scopes.preparation)
        change = Transaction(
            table: layout.table, scopes.change + Transaction.sessionOperations(changes, at: now))
        clearance = Transaction(table: layout.table, scopes.clearance)
    }

    /// Those that do something, in order.
    package var steps: [Transaction] {
        [preparation, change, clearance].filter { !$0.operations.isEmpty }
    }
}

/// What a list of changes means for scopes.
private struct ScopeChanges {
    var preparation: [Operation] = []
    var change: [Operation] = []
    var clearance: [Operation] = []

    /// A scope as it was before the changes, or after them; nil when it is not there.
    private typealias State = (edition: UInt32, space: FlowSpace)

    init(_ changes: [RulesetChange]) {
        var order: [ScopeNumber] = []
        var first: [ScopeNumber: State?] = [:]
        var last: [ScopeNumber: State?] = [:]
        for change in changes {
            guard let (number, before, after) = Self.meaning(of: change) else { continue }
            if first[number] == nil {
                order.append(number)
                first[number] = .some(before)
            }
            last[number] = .some(after)
        }
        for number in order { settle(number, first[number] ?? nil, last[number] ?? nil) }
    }

    private static func meaning(of change: RulesetChange) -> (ScopeNumber, before: State?, after: State?)? {
        switch change {
        case .addScope(let number, let space): (number, nil, (0, space))
        case .redefineScope(let number, let space, let edition):
            (number, (edition &- 1, .empty), (edition, space))
        case .removeScope(let number, let edition): (number, (edition, .empty), nil)
        case .put, .remove: nil
        }
    }

    private mutating func settle(_ number: ScopeNumber, _ before: State?, _ after: State?) {
        if let before, let after, before.edition == after.edition {
            // Taken away and made anew under one name: that can not be done beside one another.
            let old = ScopeObjects(number, edition: before.edition, before.space)
            let new = ScopeObjects(number, edition: after.edition, after.space)
            change += old.leaving + old.removal + new.operations + new.entering
            return
        }
        let old = before.map { ScopeObjects(number, edition: $0.edition, $0.space) }
        let new = after.map { ScopeObjects(number, edition: $0.edition, $0.space) }
        preparation += new?.operations ?? []
        switch (old, new) {
        case (nil, let new?): preparation += new.entering
        case (let old?, let new?):
            change += old.leaving + new.entering
            clearance += old.removal
        case (let old?, nil): clearance += old.leaving + old.removal
        case (nil, nil): break
        }
    }
}

extension Ruleset {
    /// Everything in the table, in an order in which each thing names only what is there.
    func objects(at now: Instant) -> [Operation] {
        let numbers = scopes.keys.sorted()
        let sessionMaps = AddressFamily.allCases.map {
            Operation.addSet(SessionMap.definition($0, capacity: layout.sessionCapacity))
        }
        let verdictMaps = ScopeObjects.Way.allCases.map {
            Operation.addSet(SetDefinition($0.map, key: [.mark], data: .verdict))
        }
        let scopeObjects = numbers.flatMap { objects(of: $0).operations }
        return sessionMaps + verdictMaps + FixedChain(layout: layout).operations + scopeObjects
            + entries(numbers) + sessionElements(at: now)
    }

    private func objects(of number: ScopeNumber) -> ScopeObjects {
        ScopeObjects(number, edition: editions[number] ?? 0, scopes[number] ?? .empty)
    }

    private func entries(_ numbers: [ScopeNumber]) -> [Operation] {
        let entries = numbers.flatMap { objects(of: $0).entries }
        return ScopeObjects.Way.allCases.flatMap { way in
            Operation.addition(of: entries.filter { $0.map == way.map }.map(\.element), to: way.map)
        }
    }

    private func sessionElements(at now: Instant) -> [Operation] {
        let sorted = sessions.sorted {
            ($0.key.address, $0.key.interfaceIndex) < ($1.key.address, $1.key.interfaceIndex)
        }
        return AddressFamily.allCases.flatMap { family in
            Operation.addition(
                of: sorted.filter { $0.key.address.family == family }
                    .compactMap { $0.value.setElement($0.key, at: now) },
                to: SessionMap.name(family))
        }
    }
}

extension SessionKey {
    /// The key alone, as deletions name it.
    var setElement: SetElement { SetElement([.interfaceIndex(interfaceIndex), .address(address)]) }
}

extension Ruleset.Element {
    /// Nil when the time is over. In whole milliseconds, the kernel's unit, rounded down but
    /// never to 0, which would mean for ever.
    func setElement(_ key: SessionKey, at now: Instant) -> SetElement? {
        guard expires > now else { return nil }
        let nanoseconds = (expires - now).nanoseconds
        let milliseconds = max(1, nanoseconds / 1_000_000)
        var element = key.setElement
        element.data = .mark(scope.mark)
        element.timeout = UInt64(milliseconds)
        return element
    }
}
