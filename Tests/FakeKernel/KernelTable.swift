import NetworkTypes
import RulesetCompiler
import Sessions

/// One table of a pretended kernel, with the checks that nf_tables makes (net/netfilter/nf_tables_api.c).
struct KernelTable: Sendable {
    var chains: [String: KernelChain] = [:]
    var sets: [String: KernelSet] = [:]

    struct KernelChain: Sendable {
        var chain: Chain
        var rules: [Rule] = []
    }

    struct KernelSet: Sendable {
        var definition: SetDefinition
        var elements: [[KeyPart]: Stored] = [:]
    }

    struct Stored: Sendable {
        var element: SetElement
        /// Nil for an element that stays.
        var expires: Instant?

        func isAlive(at now: Instant) -> Bool { expires.map { now < $0 } ?? true }
    }

    /// A refusal, as the kernel numbers it.
    struct Refusal: Error {
        var errno: Int32

        static let noEntry = Refusal(errno: 2)
        static let busy = Refusal(errno: 16)
        static let exists = Refusal(errno: 17)
        static let invalid = Refusal(errno: 22)
        static let full = Refusal(errno: 23)
        static let tooDeep = Refusal(errno: 31)
    }

    mutating func apply(_ operation: Operation, at now: Instant) throws(Refusal) {
        switch operation {
        case .addTable, .addOwnedTable, .deleteTable: throw .invalid
        case .addChain(let chain):
            guard chains[chain.name] == nil else { throw .exists }
            chains[chain.name] = KernelChain(chain: chain)
        case .deleteChain(let name): try deleteChain(name)
        case .addSet(let set):
            guard sets[set.name] == nil else { throw .exists }
            sets[set.name] = KernelSet(definition: set)
        case .deleteSet(let name):
            guard sets[name] != nil else { throw .noEntry }
            guard !isRead(name) else { throw .busy }
            sets[name] = nil
        case .addRule(let rule): try addRule(rule)
        case .addElements(let set, let elements):
            for element in elements { try add(element, to: set, at: now) }
        case .deleteElements(let set, let elements):
            for element in elements { try delete(element, from: set, isRequired: true, at: now) }
        case .destroyElements(let set, let elements):
            for element in elements { try delete(element, from: set, isRequired: false, at: now) }
        }
    }
}

// MARK: Chains and rules

extension KernelTable {
    private mutating func deleteChain(_ name: String) throws(Refusal) {
        guard chains[name] != nil else { throw .noEntry }
        guard !isTarget(name) else { throw .busy }
        chains[name] = nil
    }

    private mutating func addRule(_ rule: Rule) throws(Refusal) {
        guard chains[rule.chain] != nil else { throw .noEntry }
        for statement in rule.statements {
            if let set = statement.set, sets[set] == nil { throw .noEntry }
            if let target = statement.target { try requireTarget(target) }
        }
        chains[rule.chain]?.rules.append(rule)
        if rule.statements.contains(where: { $0.target != nil || $0.set != nil }) { try validate() }
    }

    /// A chain with a hook is entered by the kernel alone.
    private func requireTarget(_ name: String) throws(Refusal) {
        guard let target = chains[name] else { throw .noEntry }
        guard target.chain.hook == nil else { throw Refusal(errno: 95) }
    }

    private func isRead(_ set: String) -> Bool {
        chains.values.contains { $0.rules.contains { $0.statements.contains { $0.set == set } } }
    }

    private func isTarget(_ name: String) -> Bool {
        chains.contains { entry in entry.key != name && targets(ofRules: entry.value).contains(name) }
            || sets.values.contains { set in
                set.definition.data == .verdict
                    && set.elements.values.contains { $0.element.data == .jump(name) }
            }
    }

    private func targets(ofRules chain: KernelChain) -> [String] {
        chain.rules.flatMap { $0.statements.compactMap(\.target) }
    }

    /// The kernel follows every way through the chains when one is added, and refuses circles and ways that are too long
    /// alike.
    private func validate() throws(Refusal) {
        var depths: [String: Int] = [:]
        for name in chains.keys.sorted() { _ = try depth(of: name, &depths, []) }
    }

    private func depth(
        of name: String, _ depths: inout [String: Int], _ way: Set<String>
    ) throws(Refusal) -> Int {
        if let known = depths[name] { return known }
        guard !way.contains(name), way.count < 16, let chain = chains[name] else { throw .tooDeep }
        var deepest = 0
        for target in targets(of: chain) {
            deepest = max(deepest, try depth(of: target, &depths, way.union([name])) + 1)
        }
        depths[name] = deepest
        return deepest
    }

    private func targets(of chain: KernelChain) -> [String] {
        let maps = chain.rules.flatMap { $0.statements.compactMap(\.set) }.compactMap { sets[$0] }
        let verdicts = maps.filter { $0.definition.data == .verdict }.flatMap { map in
            map.elements.values.compactMap { stored -> String? in
                if case .jump(let name) = stored.element.data { name } else { nil }
            }
        }
        return targets(ofRules: chain) + verdicts
    }
}

// MARK: Elements

extension KernelTable {
    private mutating func add(_ element: SetElement, to name: String, at now: Instant) throws(Refusal) {
        guard let set = sets[name] else { throw .noEntry }
        try check(element, against: set.definition)
        if let old = set.elements[element.key], old.isAlive(at: now) {
            guard old.element.data == element.data else { throw .exists }
            // Newer kernels renew the timeout; older ones do not: whoever relies on neither is right with both.
            return
        }
        if let size = set.definition.size {
            // The dead take up room until the kernel collects them, about once a second.
            let isFull =
                set.elements.count >= Int(size)
                && set.elements.values.count { $0.isAlive(at: now - .seconds(1)) } >= Int(size)
            guard !isFull else { throw .full }
        }
        let expires = element.timeout.map { now + .milliseconds(Int64(clamping: $0)) }
        sets[name]?.elements[element.key] = Stored(element: element, expires: expires)
        if case .jump = element.data { try validate() }
    }

    private func check(_ element: SetElement, against set: SetDefinition) throws(Refusal) {
        guard element.key.count == set.key.count, element.timeout == nil || set.hasTimeouts,
            (element.end == nil) || set.hasIntervals
        else { throw .invalid }
        switch (element.data, set.data) {
        case (nil, nil), (.mark, .mark): break
        case (.jump(let chain), .verdict): try requireTarget(chain)
        default: throw .invalid
        }
    }

    private mutating func delete(
        _ element: SetElement, from name: String, isRequired: Bool, at now: Instant
    ) throws(Refusal) {
        guard let set = sets[name] else { throw .noEntry }
        let isThere = set.elements[element.key]?.isAlive(at: now) ?? false
        guard isThere || !isRequired else { throw .noEntry }
        if isThere { sets[name]?.elements[element.key] = nil }
    }
}
