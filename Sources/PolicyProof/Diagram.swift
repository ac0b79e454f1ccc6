/// What becomes of a session: the first row whose box it is in decides.
struct Row: Sendable {
    /// The index of a class; nil for what cannot be.
    let policyClass: Int?
    let box: Box
}

/// A session as far as it has been told apart: a cell of each axis that mattered, in the order of the axes.
typealias Path = [Choice]

struct Choice: Hashable, Sendable {
    let axis: Int
    let cell: Int
}

/// Which class a session is in, for all sessions at once.
///
/// The rows are told apart axis by axis (a multi-valued decision diagram, as Gouda and Liu's firewall decision diagram is
/// one). What is left to tell is a list of the rows that the session may still be in; where two ways lead to the same
/// list, it is looked at once. Axes that no row of a list asks for are passed over, and so is all that stands after a row
/// that surely decides.
///
/// Cost: linear in the lists that differ, which for packs of vendors and classes is in the order of vendors times the
/// classes that vendors could be in. There are packs for which it is exponential; `limit` bounds it.
struct Diagram: Sendable {
    let axes: [Axis]
    let rows: [Row]
    /// How many lists may be looked at in one question.
    let limit: Int

    /// More was asked for than `limit` allows.
    struct TooLarge: Error {}

    /// Rows that a session may still be in, by number, ascending; decided when the first has nothing left to ask.
    typealias Live = [Int32]

    struct State: Hashable {
        let axis: Int
        let live: Live
    }

    // MARK: One session

    /// Every class that a session of the box can be in, with one such session; -1 for none.
    func outcomes(within box: Box = []) throws(TooLarge) -> [Int: Path] {
        var walk = Walk(diagram: self, restriction: box)
        try walk.enter(start(within: box))
        return walk.outcomes
    }

    /// Sessions of the box in one class, one for each way to it, until `isEnough` says that it is.
    func sessions(
        in policyClass: Int, within box: Box, isEnough: (Path) -> Bool
    ) throws(TooLarge) -> Bool {
        var walk = Search(diagram: self, restriction: box, wanted: policyClass)
        return try walk.enter(start(within: box), isEnough)
    }

    /// Rows that a session of the box can be in, as far as each axis tells by itself.
    func start(within box: Box = []) -> State {
        let live = rows.indices.filter { index in
            box.allSatisfy { asked in
                let known = rows[index].box.first { $0.axis == asked.axis }?.cells
                return known.map { !$0.intersection(asked.cells).isEmpty(of: axes[asked.axis].cells.count) }
                    ?? true
            }
        }
        return State(axis: 0, live: truncated(live.map { Int32($0) }, from: 0))
    }

    // MARK: Steps

    /// What is left of a row's box from an axis on.
    func rest(_ row: Int32, from axis: Int) -> ArraySlice<Constraint> {
        let box = rows[Int(row)].box
        return box[(box.firstIndex { $0.axis >= axis } ?? box.endIndex)...]
    }

    func isDecided(_ row: Int32, at axis: Int) -> Bool { rest(row, from: axis).isEmpty }

    func constraint(_ row: Int32, on axis: Int) -> CellSet? {
        rows[Int(row)].box.first { $0.axis >= axis }.flatMap { $0.axis == axis ? $0.cells : nil }
    }

    /// Nothing after a row that decides matters.
    func truncated(_ live: Live, from axis: Int) -> Live {
        guard let last = live.firstIndex(where: { isDecided($0, at: axis) }) else { return live }
        return Array(live[...last])
    }

    /// The next axis that a row asks for; nil when it is decided.
    func nextAxis(_ state: State) -> Int? {
        guard let first = state.live.first, !isDecided(first, at: state.axis) else { return nil }
        return state.live.lazy.compactMap { rest($0, from: state.axis).first?.axis }.min()
    }

    /// The class of a decided list; nil for what cannot be.
    func outcome(_ state: State) -> Int? { state.live.first.map { rows[Int($0)].policyClass } ?? -1 }

    /// What is left of a list in each cell of an axis.
    struct Branches {
        let axis: Int
        private let rows: [Row]
        /// Rows that are left in all cells, or in most; and whether they decide then.
        private var common: [(row: Int32, isAsking: Bool, isDecided: Bool)] = []
        /// Rows that are left in few cells, by cell.
        private var special: [Int: [(row: Int32, isDecided: Bool)]] = [:]

        init(_ diagram: Diagram, _ live: Live, _ axis: Int) {
            self.axis = axis
            rows = diagram.rows
            for row in live {
                let rest = diagram.rest(row, from: axis)
                guard let first = rest.first, first.axis == axis else {
                    common.append((row, false, rest.isEmpty))
                    continue
                }
                let isDecided = rest.count == 1
                guard !first.cells.isComplement else {
                    common.append((row, true, isDecided))
                    continue
                }
                for cell in first.cells.listed { special[cell, default: []].append((row, isDecided)) }
            }
        }

        /// The rows that are left, up to the first that decides: nothing after it matters.
        func after(_ cell: Int) -> State {
            var live: Live = []
            var others = (special[cell] ?? [])[...]
            for one in common {
                while let other = others.first, other.row < one.row {
                    live.append(other.row)
                    if other.isDecided { return State(axis: axis + 1, live: live) }
                    others.removeFirst()
                }
                if one.isAsking, !isLeft(one.row, cell) { continue }
                live.append(one.row)
                if one.isDecided { return State(axis: axis + 1, live: live) }
            }
            for other in others {
                live.append(other.row)
                if other.isDecided { break }
            }
            return State(axis: axis + 1, live: live)
        }

        private func isLeft(_ row: Int32, _ cell: Int) -> Bool {
            rows[Int(row)].box.first { $0.axis == axis }?.cells.contains(cell) ?? true
        }
    }

    /// One cell for each way in which lists go on at an axis: cells that nobody names are alike.
    func cells(_ axis: Int, _ lists: [Live], within allowed: CellSet?) -> [Int] {
        var named: Set<Int> = []
        for list in lists {
            for row in list { named.formUnion(constraint(row, on: axis)?.listed ?? []) }
        }
        named.formUnion(allowed?.listed ?? [])
        let count = axes[axis].cells.count
        var result = named.sorted()
        if let other = (0..<count).first(where: { !named.contains($0) }) { result.append(other) }
        return result.filter { allowed?.contains($0) ?? true }
    }
}

// MARK: Walks

/// Finds every outcome once.
private struct Walk {
    let diagram: Diagram
    let restriction: [Int: CellSet]
    var outcomes: [Int: Path] = [:]
    private var seen: Set<Diagram.State> = []
    private var path: Path = []

    init(diagram: Diagram, restriction: Box) {
        self.diagram = diagram
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
    }

    mutating func enter(_ state: Diagram.State) throws(Diagram.TooLarge) {
        guard let axis = diagram.nextAxis(state) else {
            guard let outcome = diagram.outcome(state) else { return }
            if outcomes[outcome] == nil { outcomes[outcome] = path }
            return
        }
        guard seen.insert(Diagram.State(axis: axis, live: state.live)).inserted else { return }
        if seen.count > diagram.limit { throw Diagram.TooLarge() }
        let branches = Diagram.Branches(diagram, state.live, axis)
        for cell in diagram.cells(axis, [state.live], within: restriction[axis]) {
            path.append(Choice(axis: axis, cell: cell))
            try enter(branches.after(cell))
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
    private var dead: Set<Diagram.State> = []
    private var path: Path = []
    private var tries = 0

    init(diagram: Diagram, restriction: Box, wanted: Int) {
        self.diagram = diagram
        self.restriction = Dictionary(uniqueKeysWithValues: restriction.map { ($0.axis, $0.cells) })
        self.wanted = wanted
    }

    /// Whether a session that will do was found.
    mutating func enter(
        _ state: Diagram.State, _ isEnough: (Path) -> Bool
    ) throws(Diagram.TooLarge) -> Bool {
        guard let axis = diagram.nextAxis(state) else {
            guard diagram.outcome(state) == wanted else { return false }
            tries += 1
            if tries > diagram.limit { throw Diagram.TooLarge() }
            return isEnough(path)
        }
        let here = Diagram.State(axis: axis, live: state.live)
        if dead.contains(here) { return false }
        let triesBefore = tries
        let branches = Diagram.Branches(diagram, state.live, axis)
        for cell in diagram.cells(axis, [state.live], within: restriction[axis]) {
            path.append(Choice(axis: axis, cell: cell))
            if try enter(branches.after(cell), isEnough) { return true }
            path.removeLast()
        }
        // Where some were tried, another way here may lead to one that will do: what came before belongs to it.
        if tries == triesBefore { dead.insert(here) }
        if dead.count > diagram.limit { throw Diagram.TooLarge() }
        return false
    }
}
