/// One message of a batch.
package enum Operation: Sendable, Hashable {
    /// Not an error when it is there.
    case addTable
    /// One that goes with the socket that made it. EEXIST when there is one of the name.
    case addOwnedTable
    /// With everything in it.
    case deleteTable
    /// EEXIST when there is one of the name: chains and sets are never added to by accident.
    case addChain(Chain)
    /// With its rules. EBUSY while a rule or element leads to it.
    case deleteChain(String)
    case addSet(SetDefinition)
    /// EBUSY while a rule reads it.
    case deleteSet(String)
    /// At the end of its chain.
    case addRule(Rule)
    /// EEXIST when the key is there with other data. The same data again is no error and need not renew the timeout.
    case addElements(set: String, [SetElement])
    /// ENOENT when one is not there, or has expired.
    case deleteElements(set: String, [SetElement])
    /// Deletes those that are there.
    case destroyElements(set: String, [SetElement])

    /// What is done: `add element`.
    package var name: String {
        switch self {
        case .addTable, .addOwnedTable: "add table"
        case .deleteTable: "delete table"
        case .addChain: "add chain"
        case .deleteChain: "delete chain"
        case .addSet(let set): set.data == nil ? "add set" : "add map"
        case .deleteSet: "delete set"
        case .addRule: "add rule"
        case .addElements: "add element"
        case .deleteElements: "delete element"
        case .destroyElements: "destroy element"
        }
    }

    /// The object's name within the table; nil for the table itself.
    package var subject: String? {
        switch self {
        case .addTable, .addOwnedTable, .deleteTable: nil
        case .addChain(let chain): chain.name
        case .addSet(let set): set.name
        case .deleteChain(let name), .deleteSet(let name): name
        case .addRule(let rule): rule.chain
        case .addElements(let set, _), .deleteElements(let set, _), .destroyElements(let set, _): set
        }
    }
}

/// Ordered changes of one `inet` table, committed whole or not at all.
package struct Transaction: Sendable, Hashable {
    package var table: String
    package var operations: [Operation]

    package init(table: String, _ operations: [Operation]) {
        self.table = table
        self.operations = operations
    }

    /// Elements that it adds, deletes or destroys.
    package var elementCount: Int {
        operations.reduce(0) { sum, operation in
            switch operation {
            case .addElements(_, let elements), .deleteElements(_, let elements),
                .destroyElements(_, let elements):
                sum + elements.count
            default: sum
            }
        }
    }

    /// `inet gatehouse scope_of_4`
    package func object(of operation: Operation) -> String {
        (["inet", table] + (operation.subject.map { [$0] } ?? [])).joined(separator: " ")
    }

    /// The failure of one operation, by its place counted from 0.
    package func failure(at index: Int?, errno: Int32, detail: String = "") -> CommitFailure {
        guard let index, operations.indices.contains(index) else {
            return CommitFailure(
                operation: "commit", object: "inet \(table)", errno: errno, index: nil,
                count: operations.count, detail: detail)
        }
        let operation = operations[index]
        return CommitFailure(
            operation: operation.name, object: object(of: operation), errno: errno, index: index + 1,
            count: operations.count, detail: detail)
    }
}
