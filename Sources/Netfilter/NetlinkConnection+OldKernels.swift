import CNetfilter
import Glibc
import RulesetCompiler

extension NetlinkConnection {
    typealias Placed = (index: Int, operation: Operation)

    /// The operations as this kernel takes them, each with its place in the transaction.
    mutating func supported(_ transaction: Transaction) throws(Refusal) -> [Placed] {
        let placed = transaction.operations.enumerated().map { (index: $0.offset, operation: $0.element) }
        guard try !knowsDestroy(), transaction.operations.contains(where: \.isDestruction) else {
            return placed
        }
        var result: [Placed] = []
        for (index, operation) in placed {
            guard case .destroyElements(let set, let elements) = operation else {
                result.append((index, operation))
                continue
            }
            let there = try present(elements, in: set, of: transaction.table)
            guard !there.isEmpty else { continue }
            result.append((index, .addElements(set: set, there)))
            result.append(
                (
                    index,
                    .deleteElements(set: set, elements.filter { key in there.contains { $0.key == key.key } })
                ))
        }
        return result
    }

    /// The elements that the map holds now, with what it holds for them. One that expires before the batch arrives is
    /// added again by the batch and deleted right after: that can not fail, where deleting alone would. Whoever else
    /// changes it in between makes another generation.
    private mutating func present(
        _ elements: [SetElement], in set: String, of table: String
    ) throws(Refusal) -> [SetElement] {
        var found: [SetElement] = []
        for element in elements {
            do throws(Refusal) {
                let answers = try ask(
                    UInt16(NFT_MSG_GETSETELEM.rawValue), flags: 0, for: UInt16(NFT_MSG_NEWSETELEM.rawValue)
                ) { OperationWriter(table: table).list([element], in: set, &$0) }
                guard let mark = answers.first.flatMap(DumpedElement.all)?.first?.mark else { continue }
                found.append(SetElement(element.key, data: .mark(mark)))
            } catch {
                guard error.errno == ENOENT else { throw error }
            }
        }
        return found
    }

    /// An unknown message is EINVAL; a known one misses its table. Either way the batch does nothing.
    private mutating func knowsDestroy() throws(Refusal) -> Bool {
        if let hasDestroy { return hasDestroy }
        let probe = Operation.destroyElements(set: "probe", [SetElement([.mark(0)])])
        let first = take(3)
        try send(Self.batch("gatehouse-probe", [probe], from: first, generation: nil))
        var errno: Int32 = 0
        while let datagram = try receive() {
            for answer in ReceivedMessage.all(in: datagram).compactMap(\.answer) where answer.errno != 0 {
                errno = answer.errno
            }
        }
        if errno == EPERM { throw Refusal(index: nil, errno: errno, detail: "") }
        let isKnown = errno != EINVAL && errno != EOPNOTSUPP
        hasDestroy = isKnown
        return isKnown
    }
}

extension Operation {
    fileprivate var isDestruction: Bool {
        if case .destroyElements = self { true } else { false }
    }
}
