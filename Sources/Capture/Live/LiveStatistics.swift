/// What a live capture saw and missed since it began.
package struct LiveStatistics: Sendable, Hashable {
    /// Frames that passed the kernel's filter; of an interface, the dropped ones among them.
    package var received: UInt64 = 0
    /// Frames that found the ring full. For NFLOG: how often the queue overflowed, each time with an unknown number of
    /// packets.
    package var dropped: UInt64 = 0

    package init(received: UInt64 = 0, dropped: UInt64 = 0) {
        self.received = received
        self.dropped = dropped
    }
}

/// Adds up counters of 32 bits, which wrap after an hour of a million packets a second.
struct WideCounter {
    private(set) var total: UInt64 = 0
    private var last: UInt32

    init(from first: UInt32) { last = first }

    mutating func update(_ now: UInt32) {
        total &+= UInt64(now &- last)
        last = now
    }
}
