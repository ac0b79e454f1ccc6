import Classification
import NetworkTypes
package import PacketPath
package import PolicyLanguage
package import Sessions

/// One frame of a recording.
package struct RecordedFrame: Sendable {
    /// Of interface ``Replayer/interface``, and either way.
    package let frame: PathFrame
    package let link: LinkType
    /// Nanoseconds since 1970; 0 for none, which counts as the time of the frame before.
    package let timestamp: UInt64

    package init(_ frame: PathFrame, link: LinkType, timestamp: UInt64) {
        self.frame = frame
        self.link = link
        self.timestamp = timestamp
    }
}

/// Judges recorded frames by the rules, as they would have been judged at the time of each frame, and counts them by
/// session and destination.
///
/// Frames go through decode, look-up and verdict of the packet path, a batch at a time; the image that it reads is
/// changed when the time of the frames passes the end of a decision or of a session. A packet of a flow that was seen
/// before costs no allocation. Memory is bounded by ``Settings/flowLimit``.
package struct Replayer: ~Copyable {
    package struct Settings: Sendable {
        /// 128 bits that whoever made the recording does not know: the session index hashes addresses with them.
        package var key: (UInt64, UInt64)
        /// When set, all frames count as seen at this instant.
        package var at: Instant?
        /// The most flows (session, destination, standing and verdict) that are told apart, at about 350 bytes each;
        /// packets of others are counted together. Measured with the report.
        package var flowLimit = 1_000_000
        /// Whether ``Replayer/judgments`` are kept.
        var keepsJudgments = false

        package init(key: (UInt64, UInt64), at: Instant? = nil) {
            self.key = key
            self.at = at
        }
    }

    let policy: Policy
    let recorded: [RecordedSession]
    let settings: Settings
    private let surroundings: Surroundings

    private var image: PathImage
    /// By link type.
    private var workers = [LinkWorker?](repeating: nil, count: LinkType.allCases.count)
    private var batch: [PathFrame] = []
    /// Of the frames of the batch.
    private var times: [Instant] = []
    private var link = LinkType.unsupported
    private var now = Instant(nanosecondsSince1970: 0)

    private var tenures: [Tenure] = []
    /// By session: the number of its standing; 0 while it is not there.
    private var standingOf: [UInt32]
    /// Where every session's decision holds.
    private var span = Span(start: Span.always.end, end: Span.always.end)
    /// How far decisions reach back when time does.
    private var back: Duration = .seconds(1)
    /// By address: the session that has it now.
    private var holders: [IPAddress: Int] = [:]

    private(set) var standings = Standings()
    private(set) var explainer: Explainer
    private(set) var flows: FlowTable
    private(set) var tally = Tally()
    private(set) var history = History()
    /// What became of each frame of the last call of ``process(_:)``, in order, where that is asked for.
    private(set) var judgments: [FrameJudgment] = []

    /// The index of the one tunnel that all sessions are taken to be of.
    package static let interface: UInt32 = 1

    /// - Throws: when there is no memory for the sessions.
    package init(
        _ sessions: [RecordedSession], under policy: Policy, settings: Settings
    ) throws(SessionIndexError) {
        self.policy = policy
        self.settings = settings
        recorded = sessions
        surroundings = Surroundings(policy)
        image = try PathImage(key: settings.key, slotCount: sessions.count)
        standingOf = [UInt32](repeating: 0, count: sessions.count)
        explainer = Explainer(policy)
        flows = FlowTable(limit: settings.flowLimit)
        batch.reserveCapacity(PathWorker.batch)
        times.reserveCapacity(PathWorker.batch)
    }

    /// Judges and counts frames, in order. Any number of them, but the packet path takes 32 at a time: best a multiple.
    ///
    /// Nothing of them is kept: their bytes need to be there only until this returns.
    package mutating func process(_ frames: [RecordedFrame]) throws(SessionIndexError) {
        judgments.removeAll(keepingCapacity: true)
        for frame in frames {
            readTime(frame.timestamp)
            if batch.count == PathWorker.batch || frame.link != link || !span.contains(now) {
                flush()
                link = frame.link
                if !span.contains(now) { try turn() }
            }
            batch.append(frame.frame)
            times.append(now)
        }
        flush()
    }

    /// What became of all frames so far.
    package func report() -> ReplayReport {
        ReplayReport(
            sessions: recorded, flows: flows.flows, explainer: explainer, standings: standings,
            history: history, tally: tally)
    }

    @inline(__always)
    private mutating func readTime(_ timestamp: UInt64) {
        tally.frames += 1
        if timestamp == 0 { tally.untimed += 1 }
        if let fixed = settings.at {
            now = fixed
        } else if timestamp != 0 {
            // The last instant of all belongs to no span.
            now = Instant(nanosecondsSince1970: Int64(min(timestamp, UInt64(Int64.max - 1))))
        }
    }
}

// MARK: Time

extension Replayer {
    /// Makes the image say what holds at the time of the next frame.
    private mutating func turn() throws(SessionIndexError) {
        if tenures.isEmpty { begin() }
        let isBack = now < span.start
        if isBack { back = min(back * 2, .seconds(86_400)) }
        let old = tenures.indices.filter { !tenures[$0].span.contains(now) }
        // An address may pass from one session to another: those that leave go first.
        for session in old { leave(session) }
        for session in old {
            tenures[session].turn(to: now, reachingBack: back, under: policy)
            try enter(session, since: isBack ? now : tenures[session].span.start)
        }
        // By index: a tenure is dear to copy.
        span = tenures.indices.reduce(Span.always) { $0.intersection(tenures[$1].span) }
        for worker in workers { worker?.rest() }
        image.reclaim()
    }

    private mutating func begin() {
        for session in recorded {
            // One slot each, in order and for good: a slot's number is the session's.
            let slot = image.takeSlot()
            tenures.append(Tenure(session, slot: slot, startingAt: now, under: policy))
        }
    }

    private mutating func leave(_ session: Int) {
        guard standingOf[session] != 0 else { return }
        standingOf[session] = 0
        for address in recorded[session].addresses {
            image.remove(address)
            holders[address] = nil
        }
    }

    private mutating func enter(_ session: Int, since: Instant) throws(SessionIndexError) {
        guard let decision = tenures[session].decision else {
            return history.note(session, 0, since: since)
        }
        let standing = standings.number(of: decision, under: policy, in: &image)
        standingOf[session] = standing
        history.note(session, standing, since: since)
        let value = SessionValue(scope: standings[standing].scope, slot: tenures[session].slot)
        for address in recorded[session].addresses {
            try image.put(address, value)
            holders[address] = session
        }
    }
}

// MARK: Counting

extension Replayer {
    private mutating func flush() {
        guard !batch.isEmpty else { return }
        // Taken out and put back, so that nothing is copied when they are emptied.
        var frames: [PathFrame] = []
        var seen: [Instant] = []
        swap(&frames, &batch)
        swap(&seen, &times)
        worker(link).process(frames, tick: UInt64(tally.frames)) { note($1, at: seen[$0]) }
        frames.removeAll(keepingCapacity: true)
        seen.removeAll(keepingCapacity: true)
        swap(&frames, &batch)
        swap(&seen, &times)
    }

    private mutating func worker(_ link: LinkType) -> LinkWorker {
        if let known = workers[Int(link.rawValue)] { return known }
        guard let reader = image.readers.makeReader(), let worker = LinkWorker(link, reader: reader) else {
            preconditionFailure("an image has room for more readers than there are link types")
        }
        workers[Int(link.rawValue)] = worker
        return worker
    }

    @inline(__always)
    private mutating func note(_ result: PathResult, at time: Instant) {
        let packet = result.packet
        guard let verdict = result.verdict else {
            if let drop = packet.drop { tally.drops[drop, default: 0] += 1 }
            if settings.keepsJudgments { judgments.append(FrameJudgment(at: time)) }
            return
        }
        let session = result.value?.slot
        let way = session == nil ? surroundings.way(of: packet) : result.way
        var key = FlowKey(
            packet, way: way, session: session, outcome: Outcome(verdict),
            standing: session.map { standingOf[Int($0)] } ?? 0)
        if key.outcome == .perhapsUnasked { resolve(&key) }
        let nanoseconds = time.nanosecondsSince1970
        if settings.keepsJudgments {
            judgments.append(FrameJudgment(key, way, packet.length, at: time))
        }
        if flows.count(key, way, packet.length, at: nanoseconds) { return }
        open(key, way, packet.length, at: nanoseconds)
    }

    /// Nil for a flow beyond the limit.
    func explanation(of key: FlowKey) -> Explanation? {
        flows.explanation(of: key).map { explainer.explanations[Int($0)] }
    }

    /// A datagram to a session answers when the session has sent one there before, by the same rules. The kernel
    /// knows each question and forgets it after a while (connection tracking); here one question makes all that comes
    /// after it an answer.
    private func resolve(_ key: inout FlowKey) {
        var asked = key
        asked.outcome = .permitted
        if flows.hasSent(asked) { key = asked }
    }

    /// The first packet of a flow.
    @inline(never)
    private mutating func open(
        _ key: FlowKey, _ way: JudgedPacket.Way, _ octets: UInt32, at time: Int64
    ) {
        guard !flows.isFull else { return tally.leaveOut(key.outcome, octets) }
        let standing = key.standing == 0 ? nil : standings[key.standing].decision
        let isClient = way == .outward && holders[key.destination.address] != nil
        let explanation = explainer.number(for: key, decision: standing, isTowardClient: isClient)
        flows.add(key, explanation: explanation, at: time)
        _ = flows.count(key, way, octets, at: time)
    }
}

extension PathImage {
    fileprivate mutating func put(
        _ address: IPAddress, _ value: SessionValue
    ) throws(SessionIndexError) {
        switch address.family {
        case .ipv4: try put(address.ipv4Key, value)
        case .ipv6: try put(address.ipv6Key, value)
        }
    }

    fileprivate mutating func remove(_ address: IPAddress) {
        switch address.family {
        case .ipv4: remove(address.ipv4Key)
        case .ipv6: remove(address.ipv6Key)
        }
    }
}

extension IPAddress {
    fileprivate var ipv4Key: IPv4SessionKey {
        IPv4SessionKey(interface: Replayer.interface, address: UInt32(truncatingIfNeeded: bits))
    }

    fileprivate var ipv6Key: IPv6SessionKey {
        IPv6SessionKey(
            interface: Replayer.interface, high: UInt64(truncatingIfNeeded: bits >> 64),
            low: UInt64(truncatingIfNeeded: bits))
    }
}
