/// Which cells of an axis: some, or all but some.
///
/// Small whatever the axis: a thousand vendors make an axis of a thousand cells, and each of them names one.
struct CellSet: Hashable, Sendable {
    /// Ascending, each once.
    let listed: [Int]
    /// Whether these are the cells that are left out.
    let isComplement: Bool

    init(_ cells: some Sequence<Int>) {
        listed = Set(cells).sorted()
        isComplement = false
    }

    init(allBut cells: some Sequence<Int>) {
        listed = Set(cells).sorted()
        isComplement = true
    }

    /// Every cell.
    static let all = CellSet(allBut: [])

    func contains(_ cell: Int) -> Bool {
        var low = 0
        var high = listed.count
        while low < high {
            let middle = (low + high) / 2
            if listed[middle] < cell { low = middle + 1 } else { high = middle }
        }
        return (low < listed.count && listed[low] == cell) != isComplement
    }

    /// The first of so many cells that neither of two ascending lists has; nil when they have them all.
    static func first(of count: Int, inNeither one: [Int], _ other: [Int]) -> Int? {
        var (left, right) = (one[...], other[...])
        for cell in 0..<count {
            if left.first == cell {
                left.removeFirst()
                if right.first == cell { right.removeFirst() }
            } else if right.first == cell {
                right.removeFirst()
            } else {
                return cell
            }
        }
        return nil
    }

    func intersection(_ other: CellSet) -> CellSet {
        switch (isComplement, other.isComplement) {
        case (true, true): CellSet(allBut: listed + other.listed)
        case (false, _): CellSet(listed.filter(other.contains))
        case (true, false): CellSet(other.listed.filter(contains))
        }
    }

    /// Of an axis with so many cells.
    func isEmpty(of count: Int) -> Bool { isComplement ? listed.count == count : listed.isEmpty }
    func isAll(of count: Int) -> Bool { isComplement ? listed.isEmpty : listed.count == count }
}
