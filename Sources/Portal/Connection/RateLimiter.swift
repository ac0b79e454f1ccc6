/// Lets each key through so many times in a while, after a burst of so many at once: the generic cell rate algorithm
/// (ITU-T I.371 Annex A), which keeps one number a key.
///
/// Bounded: when there are too many keys, those that have been quiet are forgotten, and if all are busy, further ones
/// share one place. Time is a parameter, in nanoseconds from any point, and never goes back.
struct RateLimiter<Key: Hashable & Sendable>: Sendable {
    /// For each key the time at which its burst is whole again.
    private var free: [Key: Int64] = [:]
    private var others: Int64 = .min
    private var swept: Int64 = .min
    private let interval: Int64
    private let burst: Int64
    private let capacity: Int

    init(perSecond rate: Double, burst: Int, capacity: Int = 65_536) {
        interval = Int64(1e9 / rate)
        self.burst = interval * Int64(burst - 1)
        self.capacity = capacity
    }

    var count: Int { free.count }

    /// Returns nil and counts the visit, or how many nanoseconds to wait before the next one counts.
    mutating func wait(_ key: Key, at now: Int64) -> Int64? {
        let isKnown = free[key] != nil
        if !isKnown && free.count >= capacity { sweep(at: now) }
        guard isKnown || free.count < capacity else { return Self.visit(&others, interval, burst, now) }
        return Self.visit(&free[key, default: now], interval, burst, now)
    }

    private static func visit(_ free: inout Int64, _ interval: Int64, _ burst: Int64, _ now: Int64) -> Int64?
    {
        let start = max(free, now)
        guard start - now <= burst else { return start - now - burst }
        free = start + interval
        return nil
    }

    /// At most once a second: a flood of new keys must not cost a pass over all of them each.
    private mutating func sweep(at now: Int64) {
        guard swept == .min || now - swept >= 1_000_000_000 else { return }
        swept = now
        free = free.filter { $0.value > now }
    }
}
