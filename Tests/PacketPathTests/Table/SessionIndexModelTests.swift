import TestSupport
import Testing

@testable import PacketPath

/// The index against two dictionaries, operation by operation.
@Suite struct SessionIndexModelTests {
    /// What one sequence of operations leans to.
    struct Lean: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Addresses to choose from: few are hit often, many fill the table.
        let addresses: UInt64
        /// Of ten operations, how many insert in the first and in the second half of the sequence.
        let inserts: (early: UInt64, late: UInt64)
        let operations: Int
    }

    /// A million operations in all.
    static let leans = [
        Lean(
            testDescription: "few keys, coming and going", addresses: 64, inserts: (5, 5), operations: 300_000
        ),
        Lean(testDescription: "steady churn", addresses: 6000, inserts: (5, 5), operations: 300_000),
        Lean(
            testDescription: "grows, then shrinks to nothing", addresses: 40_000, inserts: (9, 1),
            operations: 300_000),
        Lean(testDescription: "grows only", addresses: .max, inserts: (10, 10), operations: 100_000),
    ]

    @Test(arguments: leans) func agreesWithDictionaries(_ lean: Lean) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        var index = try SessionIndex(key: (random.next(), random.next()))
        guard var reader = index.makeReader() else { throw NoReader() }
        var ipv4: [IPv4SessionKey: UInt64] = [:]
        var ipv6: [IPv6SessionKey: UInt64] = [:]
        var disagreements = 0
        for operation in 0..<lean.operations {
            let bits = random.next()
            let address = bits % lean.addresses
            let value = random.next() | 1
            let early = operation < lean.operations / 2
            let inserts = (bits >> 32) % 10 < (early ? lean.inserts.early : lean.inserts.late)
            if bits >> 63 == 0 {
                let key = IPv4SessionKey(interface: 7, address: UInt32(truncatingIfNeeded: address))
                let old = inserts ? try index.insert(key, value) : index.remove(key)
                if old != ipv4[key] ?? 0 { disagreements += 1 }
                ipv4[key] = inserts ? value : nil
                if reader.find(key) != ipv4[key] ?? 0 { disagreements += 1 }
            } else {
                let key = IPv6SessionKey(interface: 7, high: 0x2001_0db8 << 32, low: address)
                let old = inserts ? try index.insert(key, value) : index.remove(key)
                if old != ipv6[key] ?? 0 { disagreements += 1 }
                ipv6[key] = inserts ? value : nil
                if reader.find(key) != ipv6[key] ?? 0 { disagreements += 1 }
            }
            if operation & 31 == 0 { reader.quiescent() }
        }
        #expect(disagreements == 0, "seed \(seed)")
        #expect(index.count == ipv4.count + ipv6.count, "seed \(seed)")
        var listed4: [IndexKey: UInt64] = [:]
        var listed6: [IndexKey: UInt64] = [:]
        index.forEach({ listed4[$0] = $1 }, { listed6[$0] = $1 })
        let known4 = ipv4.map { ($0.key.indexKey, $0.value) }
        let known6 = ipv6.map { (index.indexKey($0.key), $0.value) }
        #expect(listed4 == Dictionary(uniqueKeysWithValues: known4), "seed \(seed)")
        #expect(listed6 == Dictionary(uniqueKeysWithValues: known6), "seed \(seed)")
    }
}
