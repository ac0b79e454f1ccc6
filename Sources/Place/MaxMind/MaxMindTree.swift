/// Checks the search tree of a MaxMind file: where every record of every node leads, that every way ends, and that
/// every node is on one.
///
/// It is no tree in the strict sense: databases let `2002::/16` and `::ffff:0:0/96` lead to the node where the IPv4
/// addresses begin. So a node may be reached in several ways, at several depths; what may not be is a circle, or a way
/// longer than an address.
struct MaxMindTree {
    private let file: [UInt8]
    private let layout: MaxMindLayout

    init(_ file: [UInt8], _ layout: MaxMindLayout) {
        self.file = file
        self.layout = layout
    }

    /// Checks it all.
    ///
    /// Returns the offsets in the data section that records lead to, each once, ascending.
    func check() throws(DatabaseFault) -> [UInt32] {
        let offsets = try dataOffsets()
        try checkDepths()
        return offsets
    }

    /// The two records of a node.
    private struct Node {
        var left: Int
        var right: Int
    }

    private func node(_ number: Int) -> Node {
        let start = number * layout.recordSize / 4
        func byte(_ index: Int) -> Int { Int(file[start + index]) }
        switch layout.recordSize {
        case 24:
            return Node(
                left: byte(0) << 16 | byte(1) << 8 | byte(2), right: byte(3) << 16 | byte(4) << 8 | byte(5))
        case 28:
            return Node(
                left: (byte(3) >> 4) << 24 | byte(0) << 16 | byte(1) << 8 | byte(2),
                right: (byte(3) & 0xf) << 24 | byte(4) << 16 | byte(5) << 8 | byte(6))
        default:
            return Node(
                left: byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3),
                right: byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7))
        }
    }

    private func dataOffsets() throws(DatabaseFault) -> [UInt32] {
        // A bit for each byte of the data section: how many records lead to a value does not matter then.
        var seen = [UInt64](repeating: 0, count: layout.data.count / 64 + 1)
        for number in 0..<layout.nodeCount {
            let node = node(number)
            try mark(node.left, of: number, in: &seen)
            try mark(node.right, of: number, in: &seen)
        }
        var offsets: [UInt32] = []
        for (index, word) in seen.enumerated() {
            var rest = word
            while rest != 0 {
                offsets.append(UInt32(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return offsets
    }

    private func mark(_ record: Int, of number: Int, in seen: inout [UInt64]) throws(DatabaseFault) {
        guard record > layout.nodeCount else { return }
        let offset = record - layout.nodeCount - MaxMindLayout.separatorLength
        guard (0..<layout.data.count).contains(offset) else {
            throw fault(number, "leads to \(record), which is neither a node nor in the data")
        }
        seen[offset / 64] |= 1 << UInt64(offset % 64)
    }

    /// Finds the longest way from each node down, the deepest nodes first.
    private func checkDepths() throws(DatabaseFault) {
        var heights = [UInt8](repeating: Self.unvisited, count: layout.nodeCount)
        var way = [0]
        while let number = way.last {
            let node = node(number)
            heights[number] = Self.onTheWay
            if let next = try unvisited(below: number, node, heights) {
                guard way.count < layout.depth else {
                    throw fault(number, "is deeper than an address is long")
                }
                way.append(next)
                continue
            }
            let height = max(self.height(of: node.left, heights), self.height(of: node.right, heights)) + 1
            guard way.count + height - 1 <= layout.depth else {
                throw fault(number, "is above a tree deeper than an address is long")
            }
            heights[number] = UInt8(height)
            way.removeLast()
        }
        // Writers number the nodes as they walk the tree. One that no way leads to is what a damaged record cut off.
        if let lost = heights.firstIndex(of: Self.unvisited) {
            throw fault(lost, "is one that no node leads to")
        }
    }

    private static let unvisited: UInt8 = 0
    private static let onTheWay: UInt8 = 255

    /// A node that a record leads to and that has no height yet.
    private func unvisited(below number: Int, _ node: Node, _ heights: [UInt8]) throws(DatabaseFault) -> Int?
    {
        let left = node.left < layout.nodeCount ? heights[node.left] : 1
        let right = node.right < layout.nodeCount ? heights[node.right] : 1
        guard left != Self.onTheWay, right != Self.onTheWay else {
            throw fault(number, "leads back to a node above it")
        }
        if left == Self.unvisited { return node.left }
        return right == Self.unvisited ? node.right : nil
    }

    private func height(of record: Int, _ heights: [UInt8]) -> Int {
        record < layout.nodeCount ? Int(heights[record]) : 0
    }

    private func fault(_ number: Int, _ what: String) -> DatabaseFault {
        DatabaseFault(.byte(number * layout.recordSize / 4), "node \(number) of \(layout.nodeCount) \(what)")
    }
}
