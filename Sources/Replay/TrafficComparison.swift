package import PacketPath
package import PolicyLanguage

/// Judges recorded frames by two packs, and counts what they do not agree about.
///
/// Each frame is judged by the decisions of its own time under both, as ``Replayer`` does. A packet of no session is
/// refused by any rules, and so is nothing to tell.
package struct TrafficComparison: ~Copyable {
    /// What two replays say of one frame, by which packets are counted together.
    private struct Pair: Hashable {
        var before: FlowKey
        var after: FlowKey
    }

    struct Count {
        var outward = Traffic()
        var toward = Traffic()
        var first: Int64
        var last: Int64
    }

    private var old: Replayer
    private var new: Replayer
    private var counts: [Pair: Count] = [:]
    private let limit: Int
    /// Packets about which the packs do not agree, of more destinations than are told apart.
    private var others = Traffic()
    /// Packets of which a recording does not tell, under one pack at least, what the kernel would have gone by.
    private var unclear = Traffic()

    /// - Parameters:
    ///   - sessions: The same sessions, as they are under either policy.
    ///   - settings: For both.
    package init(
        _ sessions: (old: [RecordedSession], new: [RecordedSession]), from old: Policy, to new: Policy,
        settings: Replayer.Settings
    ) throws(SessionIndexError) {
        var settings = settings
        settings.keepsJudgments = true
        limit = settings.flowLimit
        // Both before either is kept: the second may throw.
        let before = try Replayer(sessions.old, under: old, settings: settings)
        let after = try Replayer(sessions.new, under: new, settings: settings)
        self.old = before
        self.new = after
    }

    /// As ``Replayer/process(_:)``.
    package mutating func process(_ frames: [RecordedFrame]) throws(SessionIndexError) {
        try old.process(frames)
        try new.process(frames)
        for index in old.judgments.indices { count(old.judgments[index], new.judgments[index]) }
    }

    private mutating func count(_ before: FrameJudgment, _ after: FrameJudgment) {
        guard let beforeKey = before.key, let afterKey = after.key, beforeKey.session != nil else { return }
        let verdicts = (RowVerdict(beforeKey.outcome), RowVerdict(afterKey.outcome))
        guard verdicts.0 != verdicts.1 else { return }
        guard verdicts.0 != .cannotTell, verdicts.1 != .cannotTell else {
            return unclear.count(before.octets)
        }
        let pair = Pair(before: beforeKey, after: afterKey)
        if counts[pair] == nil {
            guard counts.count < limit else { return others.count(before.octets) }
            counts[pair] = Count(first: before.time, last: before.time)
        }
        counts[pair]?.count(before)
    }

    /// What was found in all frames so far.
    package func difference() -> TrafficDifference {
        let rows = counts.map { pair, count in
            TrafficDifference.Row(
                pair.before, count, session: old.recorded[pair.before.session ?? 0].name,
                before: old.explanation(of: pair.before), after: new.explanation(of: pair.after))
        }
        return TrafficDifference(
            rows, sessions: old.recorded.map(\.name), frames: old.tally.frames, others: others,
            unclear: unclear)
    }
}

extension TrafficComparison.Count {
    fileprivate mutating func count(_ frame: FrameJudgment) {
        if frame.way == .outward { outward.count(frame.octets) } else { toward.count(frame.octets) }
        first = min(first, frame.time)
        last = max(last, frame.time)
    }
}
