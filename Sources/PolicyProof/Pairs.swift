/// How a session becomes one of which less is known: on some axes it goes to other cells, on all others it stays.
struct Loss: Sendable {
    /// What is lost, in words: `the one-time code`.
    let name: String
    /// By axis and cell: where a session may be afterwards.
    let moves: [Int: [[Int]]]
}

/// Two sessions of which the second has lost something, and nothing else differs.
struct PathPair: Sendable {
    var before: Path
    var after: Path
}

/// The classes of two sessions; -1 for none.
struct ClassPair: Hashable, Sendable {
    let before: Int
    let after: Int
}

extension Diagram {
    /// The classes that sessions can be in before and after a loss, where they differ and the later one gives something,
    /// each with one such pair.
    func pairs(_ loss: Loss) throws(TooLarge) -> [ClassPair: PathPair] {
        var walk = PairWalk(diagram: self, loss: loss, restriction: [], wanted: nil)
        _ = try walk.enter(root, root) { _ in false }
        return walk.found
    }

    /// Pairs of two classes until one of them will do.
    ///
    /// - Parameter restriction: Where the session is afterwards.
    func pair(
        _ loss: Loss, _ wanted: ClassPair, within restriction: Box, isEnough: (PathPair) -> Bool
    ) throws(TooLarge) -> Bool {
        var walk = PairWalk(diagram: self, loss: loss, restriction: restriction, wanted: wanted)
        return try walk.enter(root, root, isEnough)
    }
}

private struct PairWalk {
    private struct Pair: Hashable {
        let before: Diagram.Node
        let after: Diagram.Node
    }

    let diagram: Diagram
    let loss: Loss
    let restriction: [Int: CellSet]
    /// Nil to find every pair of classes once.
    let wanted: ClassPair?
    private(set) var found: [ClassPair: PathPair] = [:]
    private var path = PathPair(before: [], after: [])
    /// Looked at; nothing more comes of it.
    private var done: Set<Pair> = []
    private var tries = 0
    private let lastLost: Int
    /// By node: whether it, or one below it, asks for something that is lost.
    private var asksForLost: [Diagram.Node: Bool] = [:]

    init(diagram: Diagram, loss: Loss, restriction: Box, wanted: ClassPair?) {
        self.diagram = diagram
        self.loss = loss
        self.wanted = wanted
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
        lastLost = loss.moves.keys.max() ?? -1
    }

    /// Whether a pair that will do was found.
    mutating func enter(
        _ before: Diagram.Node, _ after: Diagram.Node, _ isEnough: (PathPair) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        guard diagram.canGive(after), before != Diagram.impossible else { return false }
        if before == after, !mayDiffer(before) { return false }
        let axis = min(diagram.axis(before), diagram.axis(after))
        guard axis < Int.max else { return try arrive(before, after, isEnough) }
        let here = Pair(before: before, after: after)
        if done.contains(here) { return false }
        let triesBefore = tries
        let one = diagram.branching(before).flatMap { $0.axis == axis ? $0 : nil }
        let other = diagram.branching(after).flatMap { $0.axis == axis ? $0 : nil }
        for cell in ways(axis, one, other) {
            let next = one?.target(cell) ?? before
            for target in targets(axis, cell) {
                path.before.append(Choice(axis: axis, cell: cell))
                path.after.append(Choice(axis: axis, cell: target))
                if try enter(next, other?.target(target) ?? after, isEnough) { return true }
                path.before.removeLast()
                path.after.removeLast()
            }
        }
        // Where some were tried, another way here may lead to one that will do: what came before belongs to it.
        if tries == triesBefore { done.insert(here) }
        if done.count > diagram.limit { throw Diagram.TooLarge() }
        return false
    }

    private mutating func arrive(
        _ before: Diagram.Node, _ after: Diagram.Node, _ isEnough: (PathPair) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        guard let one = Diagram.outcome(before), let other = Diagram.outcome(after), one != other else {
            return false
        }
        let pair = ClassPair(before: one, after: other)
        guard let wanted else {
            if found[pair] == nil { found[pair] = path }
            return false
        }
        guard pair == wanted else { return false }
        tries += 1
        if tries > diagram.limit { throw Diagram.TooLarge() }
        return isEnough(path)
    }

    /// Whether two sessions that are alike so far can still come to differ: only by what is lost.
    private mutating func mayDiffer(_ node: Diagram.Node) -> Bool {
        let axis = diagram.axis(node)
        guard axis <= lastLost, let branching = diagram.branching(node) else { return false }
        if loss.moves[axis] != nil { return true }
        if let known = asksForLost[node] { return known }
        var differs = mayDiffer(branching.other)
        for target in branching.targets where !differs { differs = mayDiffer(target) }
        asksForLost[node] = differs
        return differs
    }

    /// One cell for each way to go on from two nodes at an axis.
    private func ways(_ axis: Int, _ one: Diagram.Branching?, _ other: Diagram.Branching?) -> [Int] {
        let named = Set((one?.cells.map { Int($0) } ?? []) + (other?.cells.map { Int($0) } ?? [])).sorted()
        let count = diagram.axes[axis].cells.count
        guard let moves = loss.moves[axis] else {
            return named + (CellSet.first(of: count, inNeither: named, []).map { [$0] } ?? [])
        }
        // Where something is lost, cells that lead to the same may lose different things.
        var seen: Set<[Int]> = []
        let others = CellSet(allBut: named)
        return named + (0..<count).filter { others.contains($0) && seen.insert(moves[$0]).inserted }
    }

    /// Where a session of the cell may be afterwards.
    private func targets(_ axis: Int, _ cell: Int) -> [Int] {
        let all = loss.moves[axis].map { $0[cell] } ?? [cell]
        guard let allowed = restriction[axis] else { return all }
        return all.filter(allowed.contains)
    }
}
