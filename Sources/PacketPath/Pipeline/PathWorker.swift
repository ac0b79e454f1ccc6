import CPacketPath

/// One worker of the packet path: frames go in, counts and events come out.
///
/// Frames are taken 64 at a time, in passes: decode all; ask for the lines of the session index; look the sessions
/// up, and ask for their counters; judge, count, and report. What a pass asks the memory for, the next one finds
/// near. Packets of the two families go through the later passes apart, so that no branch depends on which came.
///
/// Owned by one thread at a time. Once made it neither allocates, locks, waits nor reads a clock; nothing it does
/// depends on the number of sessions but cache misses.
@safe
public struct PathWorker: ~Copyable, @unchecked Sendable {
    // Unchecked: `scratch` is this worker's alone.

    /// Where the frames are seen, and so what they mean.
    public enum Place: UInt8, Sendable, BitwiseCopyable {
        /// At the tunnel, before the kernel judges what comes out of it. Frames toward a session are never refused,
        /// since the kernel has let them pass; but what the scope does not hold is no use of the session: the
        /// gateway's own refusals are such, and a client that knocks at closed doors is not at work.
        case tunnel
        /// Where packets leave for the inside, after the kernel let them pass: what is refused here is a
        /// ``PathEvent/Kind/disagreement``. Nothing is counted for sessions: that is done at the tunnel.
        case inside
        /// Anywhere, in a recording: both ways are judged and counted.
        case recording
    }

    let place: Place
    /// The framing of the frames to come. Changed between calls only, when their source changes.
    public var link: LinkType
    var reader: PathReader
    var counters: CounterWriter
    var events: EventWriter
    var scans: ScanDetector
    /// What was refused outside the organisation's networks, to be told once a window.
    var elsewhere: ScanDetector
    let scratch: Scratch
    /// The tunnels that a frame of interface 0 may be of, tried in order.
    var tunnels: TunnelList

    /// Frames that go through the passes together. With 32 the first line that was asked for is looked at before
    /// memory has answered: at a million sessions 64 took a tenth off a packet's time.
    public static var batch: Int { 64 }

    /// - Parameters:
    ///   - tunnels: Indices of the tunnels that a frame of interface 0 may be of, tried in this order.
    public init(
        place: Place, link: LinkType, reader: consuming PathReader, counters: consuming CounterWriter,
        events: consuming EventWriter, scans: consuming ScanDetector, tunnels: [UInt32] = []
    ) {
        self.place = place
        self.link = link
        self.reader = reader
        self.counters = counters
        self.events = events
        elsewhere = scans.sibling
        self.scans = scans
        scratch = Scratch()
        self.tunnels = TunnelList(tunnels)
    }

    deinit { scratch.free() }

    /// Names the tunnels anew, those beyond ``TunnelList/capacity`` left out. Allocates nothing.
    public mutating func setTunnels(_ indices: [UInt32]) { tunnels = TunnelList(indices) }

    /// Looks at frames, in order. The session index may free what it retired once this has returned, so a call is
    /// for as many frames as are at hand, a few thousand at most.
    ///
    /// - Parameter tick: The caller's coarse clock, which never goes back: when the frames were seen.
    public mutating func process(_ frames: UnsafeBufferPointer<PathFrame>, tick: UInt64) {
        var first = 0
        while first < frames.count {
            let count = min(Self.batch, frames.count &- first)
            unsafe processBatch(frames.baseAddress.unsafelyUnwrapped + first, count, tick)
            first &+= count
        }
        reader.sessions.quiescent()
    }

    /// Says that nothing found so far is used any more, for a worker that has no frames to look at.
    public mutating func rest() { reader.sessions.quiescent() }

    /// What became of a frame of the last call, which had at most ``batch`` of them.
    public func result(_ index: Int) -> PathResult {
        precondition(index >= 0 && index < Self.batch)
        return unsafe PathResult(
            packet: scratch.packets[index], session: scratch.sessions[index], way: scratch.ways[index],
            outcome: scratch.outcomes[index])
    }
}

/// What became of one frame.
public struct PathResult: Sendable {
    /// How much of it was decoded.
    public let packet: DecodedPacket
    let session: UInt64
    public let way: JudgedPacket.Way
    let outcome: PathOutcome

    init(packet: DecodedPacket, session: UInt64, way: JudgedPacket.Way, outcome: PathOutcome) {
        self.packet = packet
        self.session = session
        self.way = way
        self.outcome = outcome
    }

    /// The session that the packet is of; nil when there is none, or the frame was not decoded.
    public var value: SessionValue? { session == 0 ? nil : SessionValue(word: session) }

    /// Nil when the frame was not decoded: its packet then says why.
    public var verdict: Verdict? { packet.drop == nil ? outcome.verdict : nil }
}

/// A verdict in one byte: 0 is permitted, below 127 the number of a ``DenyReason``, above 127 that of a ``Doubt``.
struct PathOutcome: BitwiseCopyable, Equatable {
    let code: UInt8

    @inline(__always)
    init(code: UInt8) { self.code = code }

    init(_ verdict: Verdict) {
        switch verdict {
        case .permitted: code = 0
        case .denied(let reason): code = reason.rawValue
        case .cannotTell(let doubt): code = 128 | doubt.rawValue
        }
    }

    @inline(__always) static var permitted: PathOutcome { PathOutcome(code: 0) }
    @inline(__always)
    static func denied(_ reason: DenyReason) -> PathOutcome { PathOutcome(code: reason.rawValue) }

    /// Let through by the kernel, and nothing that the session's scope holds.
    @inline(__always) static var passed: PathOutcome { PathOutcome(code: 127) }

    /// 0 unless refused. What nobody can tell is no refusal.
    @inline(__always)
    var reason: UInt8 { code < 127 ? code : 0 }

    /// Whether the packet shows that somebody uses the session: 0, or 128 and more, in one comparison.
    @inline(__always)
    var isUse: Bool { code &- 1 >= 127 }

    var verdict: Verdict {
        if code == 0 || self == .passed { return .permitted }
        if code >= 128, let doubt = Doubt(rawValue: code & 127) { return .cannotTell(doubt) }
        // Every code is made above; should one not be, it is a refusal.
        return .denied(DenyReason(rawValue: code) ?? .noScope)
    }
}

/// A few interface indices, without a reference to count.
struct TunnelList: BitwiseCopyable {
    private(set) var count: Int
    private var indices: InlineArray<16, UInt32> = .init(repeating: 0)

    static var capacity: Int { 16 }

    init(_ all: [UInt32]) {
        count = min(all.count, Self.capacity)
        for index in 0..<count { indices[index] = all[index] }
    }

    subscript(index: Int) -> UInt32 { indices[index] }
}
