import FlowSpace
import RulesetCompiler

/// Gives equal flow-spaces one number, and takes numbers back that no session uses any more.
///
/// Numbers that fall out of use are kept for a while: the same scope usually comes back with the next login, and
/// building its sets and chains costs a thousand times what an element does.
struct ScopeNumbers: Sendable {
    private var numbers: [FlowSpace: ScopeNumber] = [:]
    private var uses: [ScopeNumber: Int] = [:]
    /// How often each was given another meaning; those that never were are left out.
    private(set) var editions: [ScopeNumber: UInt32] = [:]
    private var next: UInt32 = 1

    /// How many unused scopes are kept before they are taken back.
    static let spare = 32

    /// What each number stands for.
    var all: [ScopeNumber: FlowSpace] {
        Dictionary(uniqueKeysWithValues: numbers.map { ($0.value, $0.key) })
    }

    /// The number that a scope has; nil when it has none yet.
    func number(of space: FlowSpace) -> ScopeNumber? { numbers[space] }

    /// The number of a scope for one more session; appends the change that makes it when it is new.
    mutating func retain(_ space: FlowSpace, _ changes: inout [RulesetChange]) -> ScopeNumber {
        let number = numbers[space] ?? allocate(space, &changes)
        uses[number, default: 0] += 1
        return number
    }

    /// Lets a number stand for another scope from now on, for all who have it; nothing happens when that scope has a
    /// number of its own already.
    mutating func redefine(_ number: ScopeNumber, as space: FlowSpace, _ changes: inout [RulesetChange]) {
        guard numbers[space] == nil, let old = numbers.first(where: { $0.value == number })?.key else {
            return
        }
        numbers[old] = nil
        numbers[space] = number
        let edition = (editions[number] ?? 0) &+ 1
        editions[number] = edition
        changes.append(.redefineScope(number, space, edition: edition))
    }

    /// One session fewer.
    mutating func release(_ number: ScopeNumber) {
        uses[number, default: 1] -= 1
    }

    /// The changes that take back unused scopes, once there are more than `spare` of them. They go last in a
    /// transaction, when no element names them any more.
    mutating func sweep(keeping spare: Int = ScopeNumbers.spare) -> [RulesetChange] {
        let idle = uses.filter { $0.value <= 0 }.map(\.key)
        guard idle.count > spare else { return [] }
        for number in idle { uses[number] = nil }
        numbers = numbers.filter { uses[$0.value] != nil }
        return idle.sorted().map { number in
            .removeScope(number, edition: editions.removeValue(forKey: number) ?? 0)
        }
    }

    private mutating func allocate(_ space: FlowSpace, _ changes: inout [RulesetChange]) -> ScopeNumber {
        while true {
            let candidate = ScopeNumber(rawValue: next)
            next = next == ScopeNumber.greatest ? 1 : next + 1
            guard let candidate, uses[candidate] == nil else { continue }
            numbers[space] = candidate
            uses[candidate] = 0
            changes.append(.addScope(candidate, space))
            return candidate
        }
    }
}
