/// A session as far as it has been told apart: a cell of each axis that mattered, in the order of the axes.
typealias Path = [Choice]

struct Choice: Hashable, Sendable {
    let axis: Int
    let cell: Int
}

/// Which class a session is in, for all sessions at once.
///
/// A multi-valued decision diagram, as Gouda and Liu's firewall decision diagram is one: every node asks for one axis, and
/// goes on by the cell that the session is in there. Where two ways lead to the same questions there is one node, and an
/// axis that makes no difference is not asked for.
///
/// Cost: linear in the nodes, which for packs of vendors and classes are in the order of vendors times the classes that
/// vendors could be in. There are packs for which they are exponential; `limit` bounds them.
struct Diagram: Sendable {
    /// A question, or an outcome: those that are less than `leaves`.
    typealias Node = Int32

    /// More was asked for than `limit` allows.
    struct TooLarge: Error {}

    struct Branching: Hashable, Sendable {
        let axis: Int
        /// Ascending; where they lead is in `targets`, at the same place.
        let cells: ArraySlice<Int32>
        let targets: ArraySlice<Node>
        /// Where all cells lead that are not listed; there is one at least.
        let other: Node
    }

    /// What cannot be.
    static let impossible: Node = 0
    /// Of no class.
    static let unclassed: Node = 1
    static func leaf(of policyClass: Int?) -> Node { policyClass.map { Int32($0) + 2 } ?? impossible }

    let axes: [Axis]
    /// How many nodes there may be, and how many may be looked at in one question.
    let limit: Int
    let root: Node
    /// How many nodes are outcomes; they come first.
    let leaves: Node
    /// By node: whether a class that gives something can be the outcome.
    private let givesSomething: [Bool]
    /// By node less `leaves`.
    private let branchings: [Branching]

    init(
        axes: [Axis], limit: Int, root: Node, leaves: Node, branchings: [Branching], givesSomething: [Bool]
    ) {
        self.axes = axes
        self.limit = limit
        self.root = root
        self.leaves = leaves
        self.branchings = branchings
        self.givesSomething = givesSomething
    }

    var count: Int { Int(leaves) + branchings.count }

    // MARK: Nodes

    /// The axis that is asked for; after all of them for an outcome.
    func axis(_ node: Node) -> Int { node < leaves ? Int.max : branchings[Int(node - leaves)].axis }

    /// Nil for an outcome.
    func branching(_ node: Node) -> Branching? { node < leaves ? nil : branchings[Int(node - leaves)] }

    func canGive(_ node: Node) -> Bool { givesSomething[Int(node)] }

    /// The class of an outcome, -1 for none; nil for what cannot be.
    static func outcome(_ leaf: Node) -> Int? { leaf == impossible ? nil : Int(leaf) - 2 }

    // MARK: One session

    /// Every class that a session of the box can be in, with one such session; -1 for none.
    func outcomes(within box: Box = []) throws(TooLarge) -> [Int: Path] {
        var walk = Walk(diagram: self, restriction: box)
        try walk.enter(root)
        return walk.outcomes
    }

    /// Sessions of the box in one class, one for each way to it, until `isEnough` says that it is.
    func sessions(
        in policyClass: Int, within box: Box, isEnough: (Path) -> Bool
    ) throws(TooLarge) -> Bool {
        var walk = Search(diagram: self, restriction: box, wanted: policyClass)
        return try walk.enter(root, isEnough)
    }
}

extension Diagram.Branching {
    func target(_ cell: Int) -> Diagram.Node {
        var (low, high) = (cells.startIndex, cells.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if cells[middle] < cell { low = middle + 1 } else { high = middle }
        }
        return low < cells.endIndex && cells[low] == cell ? targets[low] : other
    }

    /// One cell for each way to go on: those that are not listed are alike.
    ///
    /// - Parameters:
    ///   - count: How many cells the axis has.
    ///   - allowed: Which of them may be taken.
    func ways(of count: Int, within allowed: CellSet = .all) -> [Int] {
        guard allowed.isComplement else { return allowed.listed }
        let listed = cells.map { Int($0) }
        var ways = listed.filter(allowed.contains)
        if let cell = CellSet.first(of: count, inNeither: listed, allowed.listed) { ways.append(cell) }
        return ways
    }
}

// MARK: Walks

/// Finds every outcome once.
private struct Walk {
    let diagram: Diagram
    let restriction: [Int: CellSet]
    var outcomes: [Int: Path] = [:]
    private var seen: Set<Diagram.Node> = []
    private var path: Path = []

    init(diagram: Diagram, restriction: Box) {
        self.diagram = diagram
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
    }

    mutating func enter(_ node: Diagram.Node) throws(Diagram.TooLarge) {
        guard let branching = diagram.branching(node) else {
            guard let outcome = Diagram.outcome(node) else { return }
            if outcomes[outcome] == nil { outcomes[outcome] = path }
            return
        }
        guard seen.insert(node).inserted else { return }
        let axis = branching.axis
        for cell in branching.ways(of: diagram.axes[axis].cells.count, within: restriction[axis] ?? .all) {
            path.append(Choice(axis: axis, cell: cell))
            try enter(branching.target(cell))
            path.removeLast()
        }
    }
}

/// Finds sessions of one class until one of them will do.
private struct Search {
    let diagram: Diagram
    let restriction: [Int: CellSet]
    let wanted: Int
    /// From here there is no way to the class, or none that will do.
    private var dead: Set<Diagram.Node> = []
    private var path: Path = []
    private var tries = 0

    init(diagram: Diagram, restriction: Box, wanted: Int) {
        self.diagram = diagram
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
        self.wanted = wanted
    }

    /// Whether a session that will do was found.
    mutating func enter(
        _ node: Diagram.Node, _ isEnough: (Path) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        guard let branching = diagram.branching(node) else {
            guard Diagram.outcome(node) == wanted else { return false }
            tries += 1
            if tries > diagram.limit { throw Diagram.TooLarge() }
            return isEnough(path)
        }
        if dead.contains(node) { return false }
        let triesBefore = tries
        let axis = branching.axis
        let allowed = restriction[axis] ?? .all
        let count = diagram.axes[axis].cells.count
        // Of two times that are alike to the rules, one may be on the calendar beside another and one not.
        let ways =
            diagram.axes[axis].kind.isTime
            ? (0..<count).filter(allowed.contains) : branching.ways(of: count, within: allowed)
        for cell in ways {
            path.append(Choice(axis: axis, cell: cell))
            if try enter(branching.target(cell), isEnough) { return true }
            path.removeLast()
        }
        // Where some were tried, another way here may lead to one that will do: what came before belongs to it.
        if tries == triesBefore { dead.insert(node) }
        return false
    }
}
