import TestSupport
import Testing

@testable import PacketPath

@Suite struct SessionIndexTests {
    private func v4(_ address: Int) -> IPv4SessionKey {
        IPv4SessionKey(interface: 3, address: UInt32(address))
    }

    private func v6(_ low: Int) -> IPv6SessionKey {
        IPv6SessionKey(interface: 3, high: 0xfd00 << 48, low: UInt64(low))
    }

    @Test func interfaceAndAddressBothTell() throws {
        var index = try SessionIndex(key: (1, 2))
        try index.insert(IPv4SessionKey(interface: 1, address: 9), 11)
        try index.insert(IPv4SessionKey(interface: 2, address: 9), 12)
        try index.insert(IPv6SessionKey(interface: 1, high: 0, low: 9), 13)
        try index.insert(IPv6SessionKey(interface: 1, high: 9, low: 0), 14)
        #expect(index.find(IPv4SessionKey(interface: 1, address: 9)) == 11)
        #expect(index.find(IPv4SessionKey(interface: 2, address: 9)) == 12)
        #expect(index.find(IPv6SessionKey(interface: 1, high: 0, low: 9)) == 13)
        #expect(index.find(IPv6SessionKey(interface: 1, high: 9, low: 0)) == 14)
        #expect(index.find(IPv4SessionKey(interface: 3, address: 9)) == 0)
        #expect(index.find(IPv6SessionKey(interface: 2, high: 0, low: 9)) == 0)
    }

    @Test func everyBitOfAKeyTells() throws {
        var index = try SessionIndex(key: (1, 2))
        try index.insert(v4(0x0a08_0001), 1)
        try index.insert(v6(1), 2)
        for bit in 0..<32 {
            let one = UInt32(1) << UInt32(bit)
            #expect(index.find(IPv4SessionKey(interface: 3 ^ one, address: 0x0a08_0001)) == 0)
            #expect(index.find(IPv4SessionKey(interface: 3, address: 0x0a08_0001 ^ one)) == 0)
            #expect(index.find(IPv6SessionKey(interface: 3 ^ one, high: 0xfd00 << 48, low: 1)) == 0)
        }
        for bit in 0..<64 {
            let one = UInt64(1) << UInt64(bit)
            #expect(index.find(IPv6SessionKey(interface: 3, high: 0xfd00 << 48 ^ one, low: 1)) == 0)
            #expect(index.find(IPv6SessionKey(interface: 3, high: 0xfd00 << 48, low: 1 ^ one)) == 0)
        }
    }

    @Test func refusesWhatMarksEmptySlots() throws {
        var index = try SessionIndex(key: (1, 2))
        #expect(throws: SessionIndexError.noInterface) {
            try index.insert(IPv4SessionKey(interface: 0, address: 1), 1)
        }
        #expect(throws: SessionIndexError.noInterface) {
            try index.insert(IPv6SessionKey(interface: 0, high: 1, low: 1), 1)
        }
        #expect(throws: SessionIndexError.noValue) { try index.insert(v4(1), 0) }
        #expect(throws: SessionIndexError.noValue) { try index.insert(v6(1), 0) }
        #expect(index.count == 0)
        // The words of an empty slot are the key 0 of interface 0.
        #expect(index.find(IPv4SessionKey(interface: 0, address: 0)) == 0)
        #expect(index.find(IPv6SessionKey(interface: 0, high: 0, low: 0)) == 0)
        #expect(index.remove(IPv4SessionKey(interface: 0, address: 0)) == 0)
        #expect(index.remove(IPv6SessionKey(interface: 0, high: 0, low: 0)) == 0)
        #expect(index.count == 0)
    }

    @Test func answersWithTheValueBefore() throws {
        var index = try SessionIndex(key: (1, 2))
        #expect(try index.insert(v4(1), 5) == 0)
        #expect(try index.insert(v4(1), 6) == 5)
        #expect(index.remove(v4(1)) == 6)
        #expect(index.remove(v4(1)) == 0)
        #expect(try index.insert(v4(1), 7) == 0)
        #expect(index.count == 1)
    }

    /// Sizes below and beyond where lines are asked for ahead, and lengths around a batch.
    @Test(arguments: [(10, 1), (10, 0), (500, 31), (500, 33), (40_000, 1000), (40_000, 64)])
    func batchEqualsSingle(sessions: Int, batch: Int) throws {
        var index = try SessionIndex(key: (3, 4))
        for n in 0..<sessions {
            try index.insert(v4(n), UInt64(n + 1))
            try index.insert(v6(n), UInt64(n + 1))
        }
        guard let reader = index.makeReader() else { throw NoReader() }
        var random = Seeded(7)
        let wanted = (0..<batch).map { _ in Int(random.next() % UInt64(sessions * 2)) }
        let expected = wanted.map { $0 < sessions ? UInt64($0 + 1) : 0 }
        let (keys4, keys6) = (wanted.map(v4), wanted.map(v6))
        var batch4 = [UInt64](repeating: 99, count: batch + 1)
        var batch6 = batch4
        var single4: [UInt64] = []
        var single6: [UInt64] = []
        for key in keys4 { single4.append(reader.find(key)) }
        for key in keys6 { single6.append(reader.find(key)) }
        var span4 = batch4.mutableSpan
        reader.findBatch(keys4.span, into: &span4)
        var span6 = batch6.mutableSpan
        reader.findBatch(keys6.span, into: &span6)
        #expect(single4 == expected && batch4 == expected + [99])
        #expect(single6 == expected && batch6 == expected + [99])
    }

    // MARK: - Size

    @Test func growsAtHalfAndShrinksAtAnEighth() throws {
        var index = try SessionIndex(key: (1, 2))
        let smallest = index.slotCount
        #expect(smallest == (128, 128))
        for n in 0..<4096 { try index.insert(v4(n), 1) }
        #expect(index.slotCount == (8192, smallest.ipv6))
        try index.insert(v4(4096), 1)
        #expect(index.slotCount.ipv4 == 16384)
        for n in 2048...4096 { index.remove(v4(n)) }
        #expect(index.slotCount.ipv4 == 16384)
        index.remove(v4(0))
        #expect(index.slotCount.ipv4 == 8192)
        for n in 1..<2048 { index.remove(v4(n)) }
        #expect(index.slotCount == smallest)
        #expect(index.count == 0)
        index.reclaim()
        #expect(index.retiredBytes == 0)
    }

    /// What a full table of a million sessions takes, by the same arithmetic that sizes it.
    @Test(arguments: [(1_000_000, 32 << 20)]) func aMillionSessionsFit(sessions: Int, lines: Int) {
        var slots = Lines.fewestLines * IndexKey.slotsPerLine
        while sessions > slots / 2 { slots *= 2 }
        let count = slots / IndexKey.slotsPerLine
        #expect(count * Lines.bytesPerLine == lines)
        // Beside the lines: a byte each, and two bits a slot.
        let notes = count + slots / 4
        // Worst: the table half the size is still there when the new one is published.
        #expect(lines + lines / 2 + notes * 3 / 2 <= 64 << 20)
    }

    @Test func countsTheBytesOfItsTables() throws {
        var index = try SessionIndex(key: (1, 2))
        for n in 0..<10_000 { try index.insert(v6(n), 1) }
        #expect(index.slotCount.ipv6 == 32768)
        #expect((32768 * 16..<32768 * 18).contains(index.bytes))
    }

    /// A steady number of sessions, coming and going for ever, does not make the table fill with removed ones: a
    /// miss reads two lines in the end, not the 32 that tombstones would lead to.
    @Test func churnLeavesNoTombstones() throws {
        var index = try SessionIndex(key: (1, 2))
        for n in 0..<2000 { try index.insert(v6(n), 1) }
        let slots = index.slotCount
        for n in 0..<40_000 {
            index.remove(v6(n))
            try index.insert(v6(n + 2000), 1)
        }
        #expect(index.slotCount == slots)
        var lines = 0
        for n in 100_000..<104_000 { lines += index.pathLength(v6(n)) }
        #expect(lines < 4000 * 3)
    }

    // MARK: - Readers

    @Test func readersAreAsManyAsAnnounced() throws {
        let index = try SessionIndex(key: (1, 2), readers: 2)
        guard let first = index.makeReader() else { throw NoReader() }
        do {
            guard let second = index.readers.makeReader() else { throw NoReader() }
            let third = canRegister(index)
            #expect(!third)
            let values = first.find(v4(1)) + second.find(v4(1))
            #expect(values == 0)
        }
        let again = canRegister(index)
        #expect(again)
    }

    private func canRegister(_ index: borrowing SessionIndex) -> Bool {
        guard let reader = index.makeReader() else { return false }
        return reader.find(v4(1)) == 0
    }

    @Test func aReaderHoldsWhatItMaySeeUntilItIsQuiescent() throws {
        var index = try SessionIndex(key: (1, 2))
        guard var reader = index.makeReader() else { throw NoReader() }
        for n in 0..<65 { try index.insert(v4(n), 1) }
        let held = index.retiredBytes
        #expect(held == 32 * 64)
        index.reclaim()
        #expect(index.retiredBytes == held)
        reader.quiescent()
        index.reclaim()
        #expect(index.retiredBytes == 0)
    }

    @Test func aReaderThatIsGoneHoldsNothing() throws {
        var index = try SessionIndex(key: (1, 2))
        do {
            guard let reader = index.makeReader() else { throw NoReader() }
            for n in 0..<65 { try index.insert(v4(n), 1) }
            let value = reader.find(v4(64))
            #expect(value == 1)
            #expect(index.retiredBytes > 0)
        }
        index.reclaim()
        #expect(index.retiredBytes == 0)
    }

    @Test func aReaderOutlivesItsIndex() throws {
        func left() throws -> SessionReader? {
            var index = try SessionIndex(key: (1, 2))
            let reader = index.makeReader()
            for n in 0..<1000 { try index.insert(v4(n), UInt64(n + 1)) }
            return reader
        }
        guard let reader = try left() else { throw NoReader() }
        var right = 0
        for n in 0..<1000 where reader.find(v4(n)) == UInt64(n + 1) { right += 1 }
        #expect(right == 1000)
    }

    @Test func gracePeriodsForWhatValuesLeadTo() throws {
        var index = try SessionIndex(key: (1, 2))
        guard var reader = index.makeReader() else { throw NoReader() }
        let period = index.beginGracePeriod()
        let early = index.gracePeriodHasEnded(period)
        reader.quiescent()
        let late = index.gracePeriodHasEnded(period)
        #expect(!early && late)
    }
}

/// The index gave no reader where it should have.
struct NoReader: Error {}
