import NetworkTypes
package import Sessions

extension Ruleset {
    /// What would be programmed at `now`, as a file that people read and `nft -f` loads: the table anew, in one piece.
    package func text(at now: Instant) -> String {
        Transaction(replacing: self, at: now).tableText
    }
}

extension Transaction {
    /// The table that it makes, as a file that `nft -f` loads: the table anew, in one piece.
    package var tableText: String { TableText(table: table, operations).description }

    /// One command a line, as `nft` would be told. For reading: nft 1.0.6 has no `destroy element`.
    package var text: String {
        var types: [String: SetDefinition] = [:]
        return operations.map { operation in
            if case .addSet(let set) = operation { types[set.name] = set }
            let body = operation.body(types)
            return "\(operation.name) \(object(of: operation))\(body.isEmpty ? "" : " ")\(body)\n"
        }.joined()
    }
}

extension Operation {
    fileprivate func body(_ types: [String: SetDefinition]) -> String {
        switch self {
        case .addTable, .deleteTable, .deleteChain, .deleteSet: ""
        case .addOwnedTable: "{ flags owner; }"
        case .addChain(let chain): chain.hook.map { "{ \($0) }" } ?? ""
        case .addSet(let set): "{ \(set.attributes.joined(separator: "; ")); }"
        case .addRule(let rule): rule.text
        case .addElements(let set, let elements), .deleteElements(let set, let elements),
            .destroyElements(let set, let elements):
            "{ \(elements.map { $0.text(in: types[set]) }.joined(separator: ", ")) }"
        }
    }
}

/// A table in the block form of `nft list`.
private struct TableText: CustomStringConvertible {
    let table: String
    private var sets: [SetDefinition] = []
    private var elements: [String: [SetElement]] = [:]
    private var chains: [Chain] = []
    private var rules: [String: [Rule]] = [:]

    init(table: String, _ operations: [Operation]) {
        self.table = table
        for operation in operations {
            switch operation {
            case .addSet(let set): sets.append(set)
            case .addChain(let chain): chains.append(chain)
            case .addRule(let rule): rules[rule.chain, default: []].append(rule)
            case .addElements(let set, let added): elements[set, default: []] += added
            default: continue
            }
        }
    }

    var description: String {
        let blocks = sets.map(block) + chains.map(block)
        return """
            table inet \(table)
            delete table inet \(table)

            table inet \(table) {
            \(blocks.joined(separator: "\n"))}

            """
    }

    private func block(_ set: SetDefinition) -> String {
        var lines = set.attributes
        if let elements = elements[set.name] {
            let texts = elements.map { $0.text(in: set) }
            lines.append("elements = {")
            lines += texts.map { "    \($0)," }
            lines.append("}")
        }
        return block("\(set.data == nil ? "set" : "map") \(set.name)", lines)
    }

    private func block(_ chain: Chain) -> String {
        let rules = rules[chain.name] ?? []
        return block("chain \(chain.name)", (chain.hook.map { [$0.description] } ?? []) + rules.map(\.text))
    }

    private func block(_ title: String, _ lines: [String]) -> String {
        "    \(title) {\n" + lines.map { "        \($0)\n" }.joined() + "    }\n"
    }
}

extension Chain.Priority: CustomStringConvertible {
    package var description: String {
        switch self {
        case .raw: "raw"
        case .beforeFilter: "filter - 1"
        case .filter: "filter"
        case .afterFilter: "filter + 1"
        }
    }
}

extension Chain.Hook: CustomStringConvertible {
    package var description: String { "type \(type) hook \(point) priority \(priority); policy accept;" }
}
