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
    /// The classes that sessions can be in before and after a loss, where they differ, each with one such pair.
    func pairs(_ loss: Loss) throws(TooLarge) -> [ClassPair: PathPair] {
        var walk = PairWalk(diagram: self, loss: loss, restriction: [], wanted: nil)
        _ = try walk.enter(start(), start()) { _ in false }
        return walk.found
    }

    /// Pairs of two classes until one of them will do.
    ///
    /// - Parameter restriction: Where the session is afterwards.
    func pair(
        _ loss: Loss, _ wanted: ClassPair, within restriction: Box, isEnough: (PathPair) -> Bool
    ) throws(TooLarge) -> Bool {
        var walk = PairWalk(diagram: self, loss: loss, restriction: restriction, wanted: wanted)
        return try walk.enter(start(), start(within: restriction), isEnough)
    }
}

private struct PairWalk {
    private struct Pair: Hashable {
        let axis: Int
        let before: Diagram.Live
        let after: Diagram.Live
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
    /// By row: the last axis of the loss that it asks for; -1 for none.
    private let lastAsked: [Int]

    init(diagram: Diagram, loss: Loss, restriction: Box, wanted: ClassPair?) {
        self.diagram = diagram
        self.loss = loss
        self.wanted = wanted
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
        lastAsked = diagram.rows.map { row in row.box.last { loss.moves[$0.axis] != nil }?.axis ?? -1 }
    }

    /// Whether a pair that will do was found.
    mutating func enter(
        _ before: Diagram.State, _ after: Diagram.State, _ isEnough: (PathPair) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        let axes = [diagram.nextAxis(before), diagram.nextAxis(after)].compactMap(\.self)
        guard let axis = axes.min() else { return try arrive(before, after, isEnough) }
        // What cannot be on either side is no pair.
        if axes.count == 1, isImpossible(before) || isImpossible(after) { return false }
        // So far they are alike, and nothing that is still to be lost is asked for.
        if before.live == after.live, before.live.allSatisfy({ lastAsked[Int($0)] < axis }) { return false }
        let here = Pair(axis: axis, before: before.live, after: after.live)
        if done.contains(here) { return false }
        let triesBefore = tries
        let befores = diagram.nextAxis(before).map { _ in Diagram.Branches(diagram, before.live, axis) }
        let afters = diagram.nextAxis(after).map { _ in Diagram.Branches(diagram, after.live, axis) }
        for cell in diagram.cells(axis, [before.live, after.live], within: nil) {
            for target in targets(axis, cell) {
                path.before.append(Choice(axis: axis, cell: cell))
                path.after.append(Choice(axis: axis, cell: target))
                // A list that is decided stays as it is: its first row asks for nothing more.
                let (one, other) = (befores?.after(cell) ?? before, afters?.after(target) ?? after)
                if try enter(one, other, isEnough) { return true }
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
        _ before: Diagram.State, _ after: Diagram.State, _ isEnough: (PathPair) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        guard let one = diagram.outcome(before), let other = diagram.outcome(after), one != other else {
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

    /// Whether the list is decided, and what it says cannot be.
    private func isImpossible(_ state: Diagram.State) -> Bool {
        diagram.nextAxis(state) == nil && diagram.outcome(state) == nil
    }

    /// Where a session of the cell may be afterwards.
    private func targets(_ axis: Int, _ cell: Int) -> [Int] {
        let all = loss.moves[axis].map { $0[cell] } ?? [cell]
        guard let allowed = restriction[axis] else { return all }
        return all.filter(allowed.contains)
    }
}
