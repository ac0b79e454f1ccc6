import FlowSpace
import Foundation
import Glibc
import Netfilter
import NetworkTypes
import PacketPath
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

/// A run of the three judges: rounds of changes, each followed by packets that all three judge.
///
/// Not for more than one task at a time; what touches the interfaces runs on the gateway's thread, and the run waits
/// for it.
final class JudgeRun: @unchecked Sendable {
    // Unchecked: `advance` awaits the gateway's thread, so that only one of the two ever holds this.

    /// One judge is given something else than the others.
    enum Fault: CaseIterable {
        case portInKernel, portInPacketPath, portInMeaning, addressInKernel
        case removalNotCommitted, changeNotSeenByPacketPath, answersNeedNoQuestion
    }

    struct Tally {
        var packets = 0
        var passedByMeaning = 0
        var passedByKernel = 0
        var permittedByPath = 0
        var refusedByPath = 0
        var openByPath = 0
        var undecodedByPath = 0
    }

    let seed: UInt64
    private let fault: Fault?
    private let gateway: Gateway
    private var draw: Draw
    private var policy: RandomPolicy
    private var kernel: KernelJudge
    private let path: PathJudge
    private var writer = TrialWriter()
    private var tag: UInt16 = 0
    private var lost: UInt16 = 0
    private var number: UInt32 = 0

    /// Of the thread that judges: other programs on the machine do not count.
    private(set) var processorSeconds = 0.0
    private(set) var packets = 0
    private(set) var frames = 0
    private(set) var disagreements = 0
    /// The first of each kind in words.
    private(set) var words: [String] = []
    private var told: Set<String> = []
    private(set) var transactions = 0
    private(set) var reloads = 0
    /// By way and family.
    private(set) var tallies = [Tally](repeating: Tally(), count: 4)
    /// For every kind of packet how many passed, and how many did not.
    private(set) var kinds: [String: (passed: Int, refused: Int)] = [:]

    static let batch = 128
    /// Batches between two changes of what is in force.
    private static let batches = 24

    init(seed: UInt64, fault: Fault? = nil) async throws {
        self.seed = seed
        self.fault = fault
        gateway = try await Gateway(isBare: true)
        try await gateway.run(Ground.setup)
        let indexes = try await ["tun0", "tun1"].asyncIndexes(gateway)
        draw = Draw(seed)
        policy = RandomPolicy(tunnels: indexes)
        path = try PathJudge(interfaces: indexes)
        let gateway = self.gateway
        kernel = try await gateway.inside { try Handed(KernelJudge(gateway)) }.value
        try await reload()
        try await gateway.run(Ground.watch)
    }

    /// A value that goes from one thread to another and is left behind there.
    private struct Handed<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private func reload() async throws {
        var ruleset = try policy.ruleset()
        for number in ruleset.scopes.keys {
            ruleset.scopes[number] = kernels(ruleset.scopes[number] ?? .empty)
        }
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        reloads += 1
    }

    /// Changes what is in force, by a transaction or now and then anew, and judges packets.
    func advance() async throws {
        let step = try policy.step(&draw)
        if draw.oneIn(16) {
            try await reload()
        } else {
            let wishes = step.kernel.compactMap(kernels)
            let now = Samples.now
            _ = try await gateway.backend.commit(
                Changeover(wishes, in: Samples.layout, at: now))
            transactions += 1
        }
        if fault != .changeNotSeenByPacketPath || packets == 0 {
            path.apply(step, policy) { number in
                let space = policy.meaning.scopes[number]?.space ?? .empty
                return fault == .portInPacketPath ? Self.widened(space) : space
            }
        }
        try await gateway.inside {
            let start = Self.threadSeconds()
            try self.judgeRound()
            self.processorSeconds += Self.threadSeconds() - start
        }
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        // Written during the call.
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Faults

    private func kernels(_ space: FlowSpace) -> FlowSpace {
        switch fault {
        case .portInKernel: Self.widened(space)
        case .addressInKernel: Self.moved(space)
        default: space
        }
    }

    private func kernels(_ change: RulesetChange) -> RulesetChange? {
        switch change {
        case .addScope(let number, let space): .addScope(number, kernels(space))
        case .redefineScope(let number, let space, let edition):
            .redefineScope(number, kernels(space), edition: edition)
        case .remove where fault == .removalNotCommitted: nil
        default: change
        }
    }

    /// With every range of ports one longer.
    private static func widened(_ space: FlowSpace) -> FlowSpace {
        FlowSpace(
            space.boxes.map { box in
                let last = min(box.ports.upperBound, .max - 1) + 1
                return FlowBox(
                    addresses: box.addresses, protocols: box.protocols, ports: box.ports.lowerBound...last)
            })
    }

    /// With every range of addresses one longer.
    private static func moved(_ space: FlowSpace) -> FlowSpace {
        FlowSpace(
            space.boxes.map { box in
                let range = box.addresses.last.next.flatMap {
                    AddressRange(first: box.addresses.first, last: $0)
                }
                return FlowBox(addresses: range ?? box.addresses, protocols: box.protocols, ports: box.ports)
            })
    }

    private func meanings() -> Meaning {
        var meaning = policy.meaning
        if fault == .portInMeaning {
            meaning.scopes = meaning.scopes.mapValues {
                Meaning.Scope(boxes: $0.boxes, space: Self.widened($0.space))
            }
        }
        return meaning
    }

    // MARK: Judging

    private func judgeRound() throws {
        try forgetTrackedConnections()
        policy.forgetFlows()
        var meaning = meanings()
        var source = RandomTrial(meaning)
        var trials: [Trial] = []
        trials.reserveCapacity(Self.batch)
        for _ in 0..<Self.batches {
            trials.removeAll(keepingCapacity: true)
            writer.clear()
            var expected: [Int] = []
            var flows: [Bool] = []
            for index in 0..<Self.batch {
                var trial = source.next(&draw)
                name(&trial)
                check(meaning, trial)
                let isAsked = meaning.isAsked(trial)
                let arriving = meaning.arriving(trial)
                let passes = arriving == TrialWriter.cutLength(trial)
                if passes {
                    meaning.note(trial)
                    if trial.way == .outward, trial.judgedProtocol == 17, trial.length >= 8 {
                        source.remember(trial)
                    }
                }
                if fault == .answersNeedNoQuestion, trial.way == .toward { meaning.noteFlow(trial) }
                trials.append(trial)
                expected.append(arriving)
                flows.append(isAsked)
                writer.write(trial, index)
            }
            try kernel.judge(trials, writer)
            compare(meaning, trials, expected, flows)
        }
    }

    /// Tags of packets come round soon; those of datagrams that stay incomplete are not used by others for longer than
    /// the kernel keeps fragments.
    private func name(_ trial: inout Trial) {
        number &+= 1
        trial.number = number
        if trial.cuts.leftOut >= 0 {
            lost = lost % 0x7fff + 1
            trial.tag = 0x8000 | lost
        } else {
            tag = tag % 0x7fff + 1
            trial.tag = tag
        }
    }

    /// The flow-space holds what the boxes hold that it is made of.
    private func check(_ meaning: Meaning, _ trial: Trial) {
        guard fault == nil, let scope = meaning.scope(trial) else { return }
        let far = Destination(
            address: trial.far, ipProtocol: IPProtocol(rawValue: trial.judgedProtocol), port: trial.farPort)
        if scope.space.contains(far) != scope.boxes.contains(where: { $0.contains(far) }) {
            disagree("flow-space and its boxes about \(far)", trial)
        }
    }

    private func compare(_ meaning: Meaning, _ trials: [Trial], _ expected: [Int], _ flows: [Bool]) {
        for text in kernel.strange { disagree(text, nil) }
        for (place, trial) in trials.enumerated() {
            let whole = TrialWriter.cutLength(trial)
            let passes = expected[place] == whole
            packets += 1
            let tally = Self.tally(trial)
            tallies[tally].packets += 1
            tallies[tally].passedByMeaning += passes ? 1 : 0
            tallies[tally].passedByKernel += kernel.arrived[place] == whole ? 1 : 0
            count(trial, passes)
            if kernel.arrived[place] != expected[place] {
                disagree(
                    "bytes by the rules \(expected[place]), by the kernel \(kernel.arrived[place])", trial)
            }
        }
        path.judge(trials, writer) { frame, verdict in
            let trial = trials[frame.trial]
            let tally = Self.tally(trial)
            let sight = Meaning.Sight(verdict)
            frames += 1
            switch sight {
            case .permitted: tallies[tally].permittedByPath += 1
            case .refused: tallies[tally].refusedByPath += 1
            case .open: tallies[tally].openByPath += 1
            case .undecoded: tallies[tally].undecodedByPath += 1
            }
            let wanted = meaning.sight(trial, piece: frame.piece)
            if sight != wanted {
                disagree(
                    "piece \(frame.piece): rules \(wanted), packet path \(String(describing: verdict))", trial
                )
            }
            // Told what connection tracking knows, it knows all.
            if trial.judgedProtocol == 17, trial.way == .toward, trial.cuts.isWhole, sight == .open {
                let flow: JudgedPacket.Flow = flows[frame.trial] ? .answered : .unsolicited
                let told = Meaning.Sight(path.verdict(trial, frame, writer, flow: flow))
                if told != (expected[frame.trial] >= 0 ? .permitted : .refused) {
                    disagree("flow \(flow): packet path \(told)", trial)
                }
            }
        }
    }

    private static func tally(_ trial: Trial) -> Int {
        trial.way.rawValue * 2 + (trial.family == .ipv4 ? 0 : 1)
    }

    private func disagree(_ what: String, _ trial: Trial?) {
        disagreements += 1
        let shape = trial.map { "\($0.way) \(Self.kind($0)) \($0.options) \($0.chain) \($0.cuts.isWhole)" }
        let kind = what.filter { !$0.isNumber } + (shape ?? "")
        guard words.count < 40, told.insert(kind).inserted else { return }
        let text = trial.map { "\($0)" } ?? ""
        words.append("seed \(seed), round \(transactions + reloads): \(what): \(text)")
    }

    // MARK: Counting

    private func count(_ trial: Trial, _ passed: Bool) {
        add("\(trial.way) \(trial.family) \(Self.kind(trial))", passed)
        if trial.isOfGateway { add("\(trial.way) \(trial.family) of the gateway", passed) }
        if trial.isBetweenTunnels, trial.way == .outward { add("\(trial.family) between tunnels", passed) }
        if trial.options != .none { add("\(trial.way) options \(trial.options)", passed) }
        if trial.chain != .none { add("\(trial.way) headers \(trial.chain)", passed) }
        if !trial.cuts.isWhole {
            add("\(trial.way) \(trial.family) in \(trial.cuts.count) fragments", passed)
        }
        if trial.cuts.isAtomic { add("\(trial.way) atomic fragment", passed) }
    }

    private func add(_ kind: String, _ passed: Bool) {
        var counts = kinds[kind] ?? (0, 0)
        if passed { counts.passed += 1 } else { counts.refused += 1 }
        kinds[kind] = counts
    }

    private static func kind(_ trial: Trial) -> String {
        switch trial.judgedProtocol {
        case 6: "tcp"
        case 17: "udp"
        case 132: "sctp"
        case trial.ownICMP: trial.isICMPError ? "icmp error" : "icmp"
        case trial.foreignICMP: "the other family's icmp"
        default: "another protocol"
        }
    }

    /// A table of what was judged, and how fast.
    func report(seconds: Double) -> String {
        let rate = Int(Double(packets) / seconds)
        var lines = [
            "three judges: seed \(seed), \(packets) packets in \(frames) frames, \(transactions) transactions and "
                + "\(reloads) reloads, \(kernel.answers) answers of the kernel's own, "
                + "\(Int(seconds)) s (\(Int(processorSeconds)) s of processor time), \(rate) packets a second, "
                + "\(disagreements) disagreements",
            "  way, family      packets  pass: rules     kernel  path: permits    refuses  cannot tell  undecoded",
        ]
        for way in Trial.Way.allCases {
            for (place, family) in AddressFamily.allCases.enumerated() {
                let tally = tallies[way.rawValue * 2 + place]
                let name = "\(way) \(family)".padding(toLength: 14, withPad: " ", startingAt: 0)
                let numbers = [
                    (10, tally.packets), (13, tally.passedByMeaning), (11, tally.passedByKernel),
                    (15, tally.permittedByPath), (11, tally.refusedByPath), (13, tally.openByPath),
                    (11, tally.undecodedByPath),
                ].map { width, number in
                    String(repeating: " ", count: max(1, width - "\(number)".count)) + "\(number)"
                }
                lines.append("  \(name)" + numbers.joined())
            }
        }
        return (lines + words.map { "  " + $0 }).joined(separator: "\n")
    }

    /// Kinds of packets of which none passed, or none was refused, though some should have been; and those of which some
    /// passed, though none may.
    var unseen: [String] {
        var both: [String] = ["toward headers routing"]
        var refused: [String] = [
            "outward headers routing", "outward headers broken", "toward headers broken",
        ]
        for way in Trial.Way.allCases {
            for family in AddressFamily.allCases {
                for kind in Self.carried { both.append("\(way) \(family) \(kind)") }
                refused.append("\(way) \(family) the other family's icmp")
            }
            for chain in Trial.Chain.allCases where chain != .none && chain != .broken && !chain.hasRouting {
                both.append("\(way) headers \(chain)")
            }
            both.append("\(way) atomic fragment")
        }
        for family in AddressFamily.allCases { refused.append("\(family) between tunnels") }
        for option in Trial.Options.allCases where option != .none {
            refused.append("outward options \(option)")
            if option != .sourceRoute { both.append("toward options \(option)") }
        }
        let missing = both.filter { kind in
            guard let counts = kinds[kind] else { return true }
            return counts.passed == 0 || counts.refused == 0
        }
        let wrong = refused.filter { kind in
            guard let counts = kinds[kind] else { return true }
            return counts.passed > 0 || counts.refused == 0
        }
        return missing + wrong
    }

    private static let carried = [
        "tcp", "udp", "icmp", "icmp error", "sctp", "another protocol", "of the gateway", "in 2 fragments",
        "in 3 fragments",
    ]

    /// Every kind of packet, and how many of it passed.
    var kindReport: String {
        kinds.keys.sorted()
            .map { "  \($0): \(kinds[$0]?.passed ?? 0) passed, \(kinds[$0]?.refused ?? 0) refused" }
            .joined(separator: "\n")
    }
}
