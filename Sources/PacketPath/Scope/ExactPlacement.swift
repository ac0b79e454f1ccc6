/// Where keys go in an open hash that is never changed: a multiplier and a capacity are searched for with
/// which no key lies far from its home.
///
/// Who writes rules is no enemy, so the multipliers are the same everywhere; and an address that a client
/// picks can not make a search longer than what was placed here.
struct ExactPlacement {
    private(set) var capacity: Int
    private(set) var multiplier: UInt64 = 0
    /// For each slot the index of its key.
    private(set) var slots: [Int?] = []

    /// The hash's upper bits are the slot.
    var shift: UInt32 { UInt32(64 - capacity.trailingZeroBitCount) }

    private static let multipliersTried = 4
    private static let doublings = 3

    init(_ keys: [UInt64]) {
        capacity = max(4, powerOfTwo(atLeast: keys.count * 2))
        let largest = capacity << Self.doublings
        var seed: UInt64 = 0x9e37_79b9_7f4a_7c15
        while true {
            for _ in 0..<Self.multipliersTried {
                seed = seed &* 0x5851_f42d_4c95_7f2d &+ 0x1405_7b7e_f767_814f
                multiplier = (seed ^ seed >> 31) | 1
                place(keys)
                if longestSearch <= ScopeImageBuilder.longestProbe { return }
            }
            // Equal keys would never come apart; a longer search is right all the same.
            if capacity >= largest { return }
            capacity *= 2
        }
    }

    private mutating func place(_ keys: [UInt64]) {
        slots = [Int?](repeating: nil, count: capacity)
        for (key, value) in keys.enumerated() {
            var index = ScopeHash.home(value, multiplier, shift)
            while slots[index] != nil { index = (index + 1) & (capacity - 1) }
            slots[index] = key
        }
    }

    /// The most slots that a search reads. It ends at an empty slot: a run of full ones bounds it, the one
    /// around the end included.
    var longestSearch: Int {
        var longest = 0
        var run = 0
        for index in 0..<(2 * capacity) where longest < capacity {
            run = slots[index & (capacity - 1)] == nil ? 0 : run + 1
            longest = max(longest, run)
        }
        return longest + 1
    }
}
