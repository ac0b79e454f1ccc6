import Foundation
import TestSupport
import Testing

@testable import Sessions

@Suite struct SlotTableTests {
    @Test func aSlotStaysWhileItsValueLives() {
        var table = SlotTable<String>()
        let (first, second, third) = (table.insert("a"), table.insert("b"), table.insert("c"))
        table.remove(at: second)
        #expect(table.value(at: second) == nil)
        #expect(table[first] == "a" && table[third] == "c")
        #expect(table.insert("d") == second, "given to the next")
        #expect(Array(table.all) == ["a", "d", "c"])
        #expect(Array(table.slots) == [first, second, third])
        table[third] += "!"
        #expect(table[third] == "c!")
        #expect(table.count == 3)
    }

    /// Against a dictionary of arrays. Hashes are made to collide, and to wrap around the end of the table.
    @Test(arguments: [UInt64(21), 22, 23])
    func indexAgreesWithASlowModel(seed: UInt64) {
        var random = Seeded(seed)
        var index = SlotIndex()
        var keys: [Int: Int] = [:]
        func hash(_ key: Int) -> UInt32 { UInt32(truncatingIfNeeded: key % 7 == 0 ? -1 : key % 5) }
        for step in 0..<20_000 {
            let slot = Int.random(in: 0..<60, using: &random)
            if let key = keys.removeValue(forKey: slot) {
                index.remove(slot, hash(key))
            } else if Bool.random(using: &random) {
                let key = Int.random(in: 0..<30, using: &random)
                keys[slot] = key
                index.insert(slot, hash(key))
            } else {
                // One that is not there.
                index.remove(slot, hash(Int.random(in: 0..<30, using: &random)))
            }
            let key = Int.random(in: 0..<30, using: &random)
            let found = index.all(hash(key)) { keys[$0] == key }
            #expect(
                found.sorted() == keys.filter { $0.value == key }.keys.sorted(), "seed \(seed), step \(step)")
            #expect(index.first(hash(key)) { keys[$0] == key } == found.first, "seed \(seed), step \(step)")
        }
    }
}

@Suite struct NamedTextsTests {
    @Test func ordersAndDoublesDoNotMatter() {
        #expect(NamedTexts(["a": "1", "b": "2"]) == ["b": "2", "a": "1"])
        let later: NamedTexts = ["a": "1", "a": "2"]
        #expect(later["a"] == "2")
        #expect(later["b"] == nil)
        #expect(NamedTexts().isEmpty)
        #expect(later.byName == ["a": "2"])
    }

    /// What the store keeps is what it kept before there was this type: an object of strings.
    @Test func isWrittenAsADictionary() throws {
        let texts: NamedTexts = ["IV_VER": "2.6.14", "UV_TAG": "\u{0}\"é"]
        let data = try JSONEncoder().encode(texts)
        #expect(try JSONDecoder().decode([String: String].self, from: data) == texts.byName)
        #expect(try JSONDecoder().decode(NamedTexts.self, from: data) == texts)
    }
}
