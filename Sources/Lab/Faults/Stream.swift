import Glibc
import Synchronization

/// Packets that are sent all the time, and what became of them in the time that is looked at.
final class Stream: Sendable {
    enum Kind: Sendable, Equatable {
        /// Each is answered by whoever receives it.
        case allowed
        /// None must arrive.
        case refused
    }

    /// From where to where, for people.
    let title: String
    let kind: Kind
    let number: UInt32
    private let state = Mutex(State())

    private struct State {
        var next: UInt32 = 0
        /// Sent since the window was opened, and not answered.
        var outstanding: Set<UInt32> = []
        var sent = 0
        var arrived = 0
        var lastSending: UInt64 = 0
        var lastAnswer: UInt64 = 0
        /// Where the pause begins that is on: at the last answer, or later where nothing was sent for a while.
        var pausedFrom: UInt64 = 0
        var longestPause: UInt64 = 0

        /// A machine that is too busy to send has nothing to answer: that time is nobody's pause.
        mutating func noteSending(at now: UInt64) {
            let silence = now - min(now, lastSending)
            if silence > Stream.longestSilence { pausedFrom = min(now, pausedFrom + silence) }
            lastSending = now
        }
    }

    /// Between two packets, in nanoseconds; ten times what it should be.
    private static let longestSilence: UInt64 = 40_000_000

    /// What a window saw.
    struct Tally: Sendable {
        var sent = 0
        var arrived = 0
        /// Sent and not answered.
        var lost = 0
        var longestPause = Duration.zero
    }

    init(_ title: String, _ kind: Kind, number: UInt32) {
        self.title = title
        self.kind = kind
        self.number = number
    }

    static let payloadBytes = 64

    /// The next packet; `isSent` is asked to send it.
    func send(at now: UInt64 = Stream.now, _ isSent: ([UInt8]) -> Bool) {
        let sequence = state.withLock { state in
            state.noteSending(at: now)
            state.next += 1
            return state.next
        }
        let payload = Self.payload(number, sequence)
        guard isSent(payload) else { return }
        state.withLock { state in
            state.sent += 1
            if kind == .allowed { state.outstanding.insert(sequence) }
        }
    }

    private static func payload(_ number: UInt32, _ sequence: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in [number, sequence] {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
        }
        return bytes + [UInt8](repeating: 0, count: payloadBytes - bytes.count)
    }

    /// The stream's number and the packet's; nil for something else.
    static func read(_ payload: ArraySlice<UInt8>) -> (stream: UInt32, sequence: UInt32)? {
        guard payload.count == payloadBytes else { return nil }
        let number = { (bytes: ArraySlice<UInt8>) in bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        return (number(payload.prefix(4)), number(payload.dropFirst(4).prefix(4)))
    }

    func arrived() { state.withLock { $0.arrived += 1 } }

    func answered(_ sequence: UInt32, at now: UInt64 = Stream.now) {
        state.withLock { state in
            // One of before the window says nothing of it.
            guard state.outstanding.remove(sequence) != nil else { return }
            state.longestPause = max(state.longestPause, now - min(now, state.pausedFrom))
            (state.lastAnswer, state.pausedFrom) = (now, now)
        }
    }

    /// Whether an answer came since the instant, by the clock of `now`.
    func isAnswered(since instant: UInt64) -> Bool { state.withLock { $0.lastAnswer >= instant } }

    /// Begins to count anew.
    func open(at now: UInt64 = Stream.now) {
        state.withLock { state in
            let next = state.next
            state = State()
            state.next = next
            (state.lastSending, state.lastAnswer, state.pausedFrom) = (now, now, now)
        }
    }

    /// How many were sent so far; for `tally`.
    var sequence: UInt32 { state.withLock { $0.next } }

    /// What became of the packets up to one. Answers to it must have had their time.
    func tally(through last: UInt32, at now: UInt64 = Stream.now) -> Tally {
        return state.withLock { state in
            let pause = kind == .allowed ? max(state.longestPause, now - min(now, state.pausedFrom)) : 0
            return Tally(
                sent: state.sent, arrived: state.arrived,
                lost: state.outstanding.count { $0 <= last },
                longestPause: .nanoseconds(Int64(clamping: pause)))
        }
    }

    /// Nanoseconds of a clock that nobody sets.
    static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
