import FlowSpace
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

@testable import Enforcement
@testable import PacketPath

/// The packet path as the daemon runs it: sessions lowered by Enforcement, frames through a worker's own decoder, table
/// and judge.
///
/// A worker sees one interface. What only who sees both can tell (that a packet goes from tunnel to tunnel, that the
/// gateway itself is its other end, that somebody asked for a datagram) is told to the judge as a fact, and such
/// packets are decoded and judged one by one.
final class PathJudge {
    private var lowering: PathLowering
    private var worker: PathWorker
    /// For what is judged one by one.
    private var reader: PathReader
    private let interfaces: [UInt32]
    private var now = Samples.now

    init(interfaces: [UInt32]) throws {
        let lowering = try PathLowering(slotCount: 64)
        let (readers, slots) = (lowering.readers, lowering.slotCount)
        self.lowering = lowering
        self.interfaces = interfaces
        guard let second = readers.makeReader() else { preconditionFailure("room for two readers") }
        reader = second
        guard let counters = WorkerCounters.make(slotCount: slots) else {
            preconditionFailure("no memory for \(slots) slots")
        }
        let ring = EventRing.make(capacity: 64)
        guard let first = readers.makeReader() else { preconditionFailure("room for two readers") }
        worker = PathWorker(
            place: .recording, link: .raw, reader: first, counters: counters, events: ring.writer,
            scans: ScanDetector(slotCount: slots, threshold: 24, windowTicks: 1000, key: (3, 4)))
    }

    private static func id(_ number: UInt64) -> SessionID {
        SessionID(source: "judges", serverProcess: 1, client: number)
    }

    /// Carries out what a policy's step says, in the order of the daemon: those that go first.
    func apply(_ step: RandomPolicy.Step, _ policy: RandomPolicy, _ spaceOf: (UInt32) -> FlowSpace) {
        now = now + .seconds(60)
        var changes = step.removed.map { PathChange.remove(Self.id($0)) }
        for id in step.put {
            guard let holder = policy.holders[id] else { continue }
            let keys = SessionKeys(interfaceIndex: interfaces[holder.tunnel], addresses: holder.addresses)
            changes.append(.put(Self.id(id), keys, spaceOf(holder.scope)))
        }
        let failed = lowering.apply(changes, at: now)
        precondition(failed.isEmpty)
    }

    /// Says what it sees of every frame.
    func judge(_ trials: [Trial], _ writer: TrialWriter, _ see: (TrialWriter.Frame, Verdict?) -> Void) {
        unsafe writer.bytes.withUnsafeBytes { bytes in
            var list: [PathFrame] = []
            list.reserveCapacity(PathWorker.batch)
            var first = 0
            for (index, frame) in writer.frames.enumerated() {
                let trial = trials[frame.trial]
                list.append(
                    unsafe PathFrame(
                        UnsafeRawBufferPointer(rebasing: bytes[frame.start..<(frame.start + frame.count)]),
                        wireLength: frame.count, interface: interfaces[trial.tunnel],
                        way: trial.way == .outward ? .outward : .toward))
                guard list.count == PathWorker.batch || index + 1 == writer.frames.count else { continue }
                unsafe list.withUnsafeBufferPointer { unsafe worker.process($0, tick: 1) }
                for place in 0..<list.count {
                    let frame = writer.frames[first + place]
                    let trial = trials[frame.trial]
                    let verdict =
                        trial.isOfGateway || trial.isBetweenTunnels && trial.way == .outward
                        ? unsafe alone(trial, frame, bytes, flow: .unknown) : worker.result(place).verdict
                    see(frame, verdict)
                }
                first = index + 1
                list.removeAll(keepingCapacity: true)
            }
        }
        reader.sessions.quiescent()
    }

    /// The judge's verdict with what a worker does not know.
    func verdict(
        _ trial: Trial, _ frame: TrialWriter.Frame, _ writer: TrialWriter, flow: JudgedPacket.Flow
    ) -> Verdict? {
        unsafe writer.bytes.withUnsafeBytes { unsafe alone(trial, frame, $0, flow: flow) }
    }

    private func alone(
        _ trial: Trial, _ frame: TrialWriter.Frame, _ bytes: UnsafeRawBufferPointer, flow: JudgedPacket.Flow
    ) -> Verdict? {
        let packet = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[frame.start..<(frame.start + frame.count)])
        let decoded = unsafe PacketDecoder.decode(packet, link: .raw, wireLength: packet.count)
        guard decoded.drop == nil else { return nil }
        var judged = unsafe JudgedPacket(decoded, in: packet, way: trial.way == .outward ? .outward : .toward)
        if trial.isOfGateway { judged.facts.insert(.ofGateway) }
        if trial.isBetweenTunnels, trial.way == .outward { judged.facts.insert(.betweenTunnels) }
        judged.flow = flow
        let key = SessionKey(interfaceIndex: interfaces[trial.tunnel], address: trial.near)
        let scope = lowering.value(key)?.scope ?? 0
        return unsafe Judge.verdict(on: judged, by: reader.root.slots.reader(scope))
    }
}

extension Meaning.Sight {
    init(_ verdict: Verdict?) {
        switch verdict {
        case .permitted: self = .permitted
        case .cannotTell: self = .open
        case nil: self = .undecoded
        case .denied: self = .refused
        }
    }
}
