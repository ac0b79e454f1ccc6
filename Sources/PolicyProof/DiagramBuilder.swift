/// What becomes of a session: the first row whose box it is in decides.
struct Row: Sendable {
    /// The index of a class, -1 for none; nil for what cannot be.
    let policyClass: Int?
    let box: Box
}

/// Makes a diagram of rows: what is left to tell is a list of the rows that a session may still be in.
///
/// Axes that no row of a list asks for are passed over, and so is all that stands after a row that surely decides.
struct DiagramBuilder {
    /// Rows that a session may still be in, by number, ascending.
    private typealias Live = [Int32]

    private struct State: Hashable {
        let axis: Int
        let live: Live
    }

    private let axes: [Axis]
    private let rows: [Row]
    private let limit: Int
    /// By row: the axes that it asks for, ascending.
    private let asked: [[Int]]
    private let leaves: Diagram.Node
    private var known: [State: Diagram.Node] = [:]
    private var same: [Diagram.Branching: Diagram.Node] = [:]
    private var branchings: [Diagram.Branching] = []
    private var givesSomething: [Bool]

    private init(_ axes: [Axis], _ rows: [Row], limit: Int, giving: [Bool]) {
        self.axes = axes
        self.rows = rows
        self.limit = limit
        asked = rows.map { $0.box.map(\.axis) }
        leaves = Diagram.leaf(of: giving.count)
        givesSomething = [false, false] + giving
    }

    /// - Parameters:
    ///   - rows: In order; the last asks for nothing.
    ///   - giving: By class: whether it gives anything.
    static func diagram(
        _ axes: [Axis], _ rows: [Row], limit: Int, giving: [Bool]
    ) throws(Diagram.TooLarge) -> Diagram {
        var builder = Self(axes, rows, limit: limit, giving: giving)
        let all = rows.indices.map { Int32($0) }
        let end = all.firstIndex { rows[Int($0)].box.isEmpty }.map { $0 + 1 } ?? all.count
        let root = try builder.node(Array(all[..<end]), from: 0)
        return Diagram(
            axes: axes, limit: limit, root: root, leaves: builder.leaves, branchings: builder.branchings,
            givesSomething: builder.givesSomething)
    }

    /// The node of a list, of which nothing is asked before an axis.
    private mutating func node(_ live: Live, from axis: Int) throws(Diagram.TooLarge) -> Diagram.Node {
        guard let first = live.first else { return Diagram.unclassed }
        guard next(first, from: axis) != nil else { return Diagram.leaf(of: rows[Int(first)].policyClass) }
        let axis = live.reduce(Int.max) { min($0, next($1, from: axis) ?? $0) }
        let state = State(axis: axis, live: live)
        if let node = known[state] { return node }
        let branches = Branches(self, live, axis)
        let named = branches.named
        let unnamed = CellSet.first(of: axes[axis].cells.count, inNeither: named, [])
        var targets: [Diagram.Node] = []
        for cell in named { targets.append(try node(branches.after(cell), from: axis + 1)) }
        let other =
            if let unnamed { try node(branches.after(unnamed), from: axis + 1) } else { targets[0] }
        let special = named.indices.filter { targets[$0] != other }
        let node = try node(
            Diagram.Branching(
                axis: axis, cells: special.map { Int32(named[$0]) }[...],
                targets: special.map { targets[$0] }[...], other: other))
        known[state] = node
        return node
    }

    private mutating func node(_ branching: Diagram.Branching) throws(Diagram.TooLarge) -> Diagram.Node {
        if branching.cells.isEmpty { return branching.other }
        if let node = same[branching] { return node }
        let node = leaves + Diagram.Node(branchings.count)
        branchings.append(branching)
        givesSomething.append(
            givesSomething[Int(branching.other)] || branching.targets.contains { givesSomething[Int($0)] })
        same[branching] = node
        if branchings.count > limit { throw Diagram.TooLarge() }
        return node
    }

    /// The first axis, of those from one on, that a row asks for; nil when it surely decides.
    private func next(_ row: Int32, from axis: Int) -> Int? { asked[Int(row)].first { $0 >= axis } }

    /// What is left of a list in each cell of an axis.
    private struct Branches {
        /// A row that is left in all cells, or in all but few.
        private struct Common {
            let row: Int32
            /// Where it is not left.
            let without: CellSet?
            let decides: Bool
        }

        /// Rows that are left in few cells, by cell.
        private var special: [Int: [(row: Int32, decides: Bool)]] = [:]
        private var common: [Common] = []
        /// Cells that rows name, ascending.
        private(set) var named: [Int] = []

        init(_ builder: DiagramBuilder, _ live: Live, _ axis: Int) {
            var mentioned: Set<Int> = []
            for row in live {
                let decides = builder.next(row, from: axis + 1) == nil
                guard builder.next(row, from: axis) == axis,
                    let cells = builder.rows[Int(row)].box.first(where: { $0.axis == axis })?.cells
                else {
                    common.append(Common(row: row, without: nil, decides: decides))
                    continue
                }
                mentioned.formUnion(cells.listed)
                if cells.isComplement {
                    common.append(Common(row: row, without: cells, decides: decides))
                } else {
                    for cell in cells.listed { special[cell, default: []].append((row, decides)) }
                }
            }
            named = mentioned.sorted()
        }

        /// The rows that are left, up to the first that decides: nothing after it matters.
        func after(_ cell: Int) -> Live {
            var live: Live = []
            var others = (special[cell] ?? [])[...]
            for one in common {
                while let other = others.first, other.row < one.row {
                    live.append(other.row)
                    if other.decides { return live }
                    others.removeFirst()
                }
                if let without = one.without, !without.contains(cell) { continue }
                live.append(one.row)
                if one.decides { return live }
            }
            for other in others {
                live.append(other.row)
                if other.decides { break }
            }
            return live
        }
    }
}
