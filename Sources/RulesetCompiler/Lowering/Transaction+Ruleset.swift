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
    ///
    /// A scope that goes and then comes again is replaced where it stands; sessions may go on naming it.
    package init(_ changes: [RulesetChange], in layout: RulesetLayout, at now: Instant) {
        let scopes = ScopeChanges(changes)
        self.init(
            table: layout.table,
            scopes.added + Self.sessionOperations(changes, at: now) + scopes.removed)
    }

    /// Every element that is touched is destroyed first: adding over one that is there would keep its old expiry on
    /// older kernels, and be an error when the scope differs.
    private static func sessionOperations(_ changes: [RulesetChange], at now: Instant) -> [Operation] {
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
            case .addScope, .removeScope: continue
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

/// What a list of changes means for scopes: those that come, anew or for the first time, and those that go.
private struct ScopeChanges {
    var added: [Operation] = []
    var removed: [Operation] = []

    init(_ changes: [RulesetChange]) {
        var order: [ScopeNumber] = []
        var wishes: [ScopeNumber: [FlowSpace?]] = [:]
        for change in changes {
            switch change {
            case .addScope(let number, let space): wishes[number, default: []].append(space)
            case .removeScope(let number): wishes[number, default: []].append(nil)
            case .put, .remove: continue
            }
            if case .addScope(let number, _) = change, wishes[number]?.count == 1 { order.append(number) }
            if case .removeScope(let number) = change, wishes[number]?.count == 1 { order.append(number) }
        }
        for number in order { settle(number, wishes[number] ?? []) }
    }

    private mutating func settle(_ number: ScopeNumber, _ wishes: [FlowSpace?]) {
        guard let first = wishes.first, let last = wishes.last else { return }
        let isThere = first == nil
        switch (isThere, last) {
        case (true, let space?):
            added += ScopeObjects.removal(of: number) + Self.addition(number, space)
        case (false, let space?): added += Self.addition(number, space)
        case (true, nil): removed += ScopeObjects.removal(of: number)
        case (false, nil): break
        }
    }

    private static func addition(_ number: ScopeNumber, _ space: FlowSpace) -> [Operation] {
        ScopeObjects(number, space).operations
            + ScopeObjects.entries(number).map { .addElements(set: $0.map, [$0.element]) }
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
        let scopeObjects = numbers.flatMap { number in
            ScopeObjects(number, scopes[number] ?? .empty).operations
        }
        return sessionMaps + verdictMaps + FixedChain(layout: layout).operations + scopeObjects
            + Self.entries(numbers) + sessionElements(at: now)
    }

    private static func entries(_ numbers: [ScopeNumber]) -> [Operation] {
        let entries = numbers.flatMap(ScopeObjects.entries)
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
