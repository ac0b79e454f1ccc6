/// Tells scans: how many different destinations a session was refused in a window, in constant memory.
///
/// Each session has two bitmaps of 128 bits, for the window that runs and the one before. A refused
/// destination sets one bit, chosen by a hash with a secret; k bits of m = 128 set stand for about -m ln(1 -
/// k/m) destinations (Whang, Vander-Zanden and Taylor, "A linear-time probabilistic counting algorithm for
/// database applications", ACM TODS 15(2), 1990). The estimate's relative standard error for n destinations
/// is √(m(eᵗ - t - 1)) / n with t = n/m: 6 % at 16, 7 % at 64, 8 % at 128, 9 % at 256. Above 500 or so all
/// bits are set and the estimate stays at ``ScanDetector/ceiling``. Repeats of a destination count once, so a
/// client that knocks at one closed door for ever is no scanner; and without the secret nobody finds
/// destinations that share a bit.
///
/// Windows are aligned to multiples of their length, and the estimate is of this window and the one before
/// together: whatever falls within one length is counted together, wherever it begins, and nothing that is
/// two lengths old. So `threshold` destinations within one length are told, and fewer than that within two
/// are not, errors of the estimate aside. A session is told of at most once in two windows.
///
/// Owned by one worker: nothing here is shared. With several workers each sees a part of a session's packets,
/// unless packets are handed out by session. 64 bytes a session, all allocated at the start.
@safe
public struct ScanDetector: ~Copyable, @unchecked Sendable {
    // Unchecked: the records are this detector's alone.

    /// Destinations in a window that make a scan.
    public let threshold: Int
    /// In ticks of the caller.
    public let windowTicks: UInt64
    private let key: (UInt64, UInt64)
    private let slots: UnsafeMutablePointer<ScanRecord>
    private let slotCount: Int
    /// By number of bits set.
    private let estimates: [Int]

    /// The estimate when all bits are set but one, which is also given when all are.
    public static var ceiling: Int { 567 }

    /// `threshold` is held to 1 through half the ceiling, beyond which the error grows too large. `key` is
    /// 128 secret random bits.
    public init(slotCount: Int, threshold: Int, windowTicks: UInt64, key: (UInt64, UInt64)) {
        self.slotCount = max(0, slotCount)
        self.threshold = min(max(1, threshold), Self.ceiling / 2)
        self.windowTicks = max(1, windowTicks)
        self.key = key
        estimates = Self.makeEstimates()
        // Each record in one cache line: a refusal mostly waits for it.
        let lines = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, slotCount) * MemoryLayout<ScanRecord>.stride, alignment: 128)
        unsafe slots = lines.bindMemory(to: ScanRecord.self, capacity: max(1, slotCount))
        unsafe slots.initialize(repeating: ScanRecord(), count: max(1, slotCount))
    }

    deinit { unsafe UnsafeMutableRawPointer(slots).deallocate() }

    /// Another detector like this one, which has seen nothing.
    var sibling: ScanDetector {
        ScanDetector(slotCount: slotCount, threshold: threshold, windowTicks: windowTicks, key: key)
    }

    /// What one refusal came to.
    public enum Finding: Hashable, Sendable {
        case nothing
        /// This destination, or one with the same bit, was refused within the window already.
        case repeated
        /// The session reached the threshold, with about so many destinations.
        case scan(Int)
    }

    /// One refused destination of a session. Ticks must not go back; a new generation of a slot begins from
    /// nothing.
    public mutating func refused(
        slot: Int, generation: UInt64, destination: UInt128, ipProtocol: UInt8, port: UInt16, tick: UInt64
    ) -> Finding {
        guard slot >= 0, slot < slotCount else { return .nothing }
        let window = tick / windowTicks &+ 1
        var record = unsafe slots[slot]
        record.turn(to: window, generation: generation)
        let bit = Self.hash(destination, service(ipProtocol, port), key) &>> 57
        let isNew = record.set(bit)
        defer { unsafe slots[slot] = record }
        guard isNew else { return .repeated }
        guard record.toldIn == 0 || record.toldIn &+ 1 < window else { return .nothing }
        let count = estimates[record.bitCount]
        guard count >= threshold else { return .nothing }
        record.toldIn = window
        return .scan(count)
    }

    /// Takes a finding back that could not be told: the next new destination is told instead.
    public mutating func untell(slot: Int) {
        guard slot >= 0, slot < slotCount else { return }
        unsafe slots[slot].toldIn = 0
    }

    /// About how many different destinations the session was refused in the window of `tick` and the one
    /// before.
    public func estimate(slot: Int, generation: UInt64, tick: UInt64) -> Int {
        guard slot >= 0, slot < slotCount else { return 0 }
        var record = unsafe slots[slot]
        record.turn(to: tick / windowTicks &+ 1, generation: generation)
        return estimates[record.bitCount]
    }

    /// -m ln(1 - k/m), as the sum of m / (m - i) for i below k: it needs no logarithm, and is the exact
    /// expectation of how many destinations it takes to set k bits.
    private static func makeEstimates() -> [Int] {
        var sum = 0.0
        var table = [0]
        for set in 0..<127 {
            sum += 128.0 / Double(128 - set)
            table.append(Int(sum.rounded()))
        }
        return table + [table[127]]
    }

    /// Two rounds of multiply and fold, each with a half of the key.
    private static func hash(_ address: UInt128, _ service: UInt32, _ key: (UInt64, UInt64)) -> UInt64 {
        let low = UInt64(truncatingIfNeeded: address) ^ key.0
        let high = UInt64(truncatingIfNeeded: address >> 64) ^ key.1
        let first = fold(low, 0x9e37_79b9_7f4a_7c15 ^ high)
        return fold(first ^ UInt64(service) ^ key.1, 0xbf58_476d_1ce4_e5b9 ^ key.0) ^ high
            &* 0x94d0_49bb_1331_11eb
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

/// One session's bitmaps.
struct ScanRecord: BitwiseCopyable {
    var generation: UInt64 = 0
    /// Windows are numbered from 1.
    var window: UInt64 = 0
    var toldIn: UInt64 = 0
    var now: (UInt64, UInt64) = (0, 0)
    var before: (UInt64, UInt64) = (0, 0)
    var padding: UInt64 = 0

    mutating func turn(to next: UInt64, generation: UInt64) {
        if generation != self.generation {
            self = ScanRecord()
            self.generation = generation
        }
        guard next != window else { return }
        before = next == window &+ 1 ? now : (0, 0)
        now = (0, 0)
        window = next
    }

    /// True when the bit was not set.
    mutating func set(_ bit: UInt64) -> Bool {
        let mask: UInt64 = 1 &<< (bit & 63)
        if bit & 64 == 0 {
            defer { now.0 |= mask }
            return now.0 & mask == 0
        }
        defer { now.1 |= mask }
        return now.1 & mask == 0
    }

    /// Of both windows together.
    var bitCount: Int { (now.0 | before.0).nonzeroBitCount + (now.1 | before.1).nonzeroBitCount }
}
