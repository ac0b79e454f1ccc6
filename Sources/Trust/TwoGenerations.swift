/// A table with bounds that forgets what has not been asked for since half of it was filled anew.
///
/// What is put or asked for is young; when the young ones have reached half of a bound they become the old ones, and the
/// old ones go. No call costs more than a table's look-up, and nothing is sorted or scanned.
struct TwoGenerations<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private var youngCost = 0
    private let halfCount: Int
    private let halfCost: Int
    private let cost: @Sendable (Value) -> Int

    /// At most `count` values, of at most `totalCost` together.
    init(count: Int, totalCost: Int = .max, cost: @escaping @Sendable (Value) -> Int = { _ in 0 }) {
        halfCount = max(1, count / 2)
        halfCost = totalCost / 2
        self.cost = cost
    }

    /// Of both generations; a key that is in both is counted twice.
    var count: Int { young.count + old.count }
    var values: [Value] { Array(young.values) + old.filter { young[$0.key] == nil }.values }

    /// Does not make it younger.
    func contains(_ key: Key) -> Bool { young[key] != nil || old[key] != nil }

    mutating func value(for key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        put(value, for: key)
        return value
    }

    /// Like ``value(for:)``, and leaves its age as it is.
    func peek(_ key: Key) -> Value? { young[key] ?? old[key] }

    /// Like ``value(for:)``, and says whether it was old.
    mutating func find(_ key: Key) -> (value: Value, wasOld: Bool)? {
        if let value = young[key] { return (value, false) }
        return value(for: key).map { ($0, true) }
    }

    mutating func put(_ value: Value, for key: Key) {
        let size = cost(value)
        guard size <= halfCost else { return }
        if let before = young[key] {
            youngCost -= cost(before)
        } else if young.count >= halfCount || youngCost + size > halfCost {
            old = young
            young = [:]
            youngCost = 0
        }
        young[key] = value
        youngCost += size
    }

    mutating func remove(_ key: Key) {
        if let before = young.removeValue(forKey: key) { youngCost -= cost(before) }
        old[key] = nil
    }
}
