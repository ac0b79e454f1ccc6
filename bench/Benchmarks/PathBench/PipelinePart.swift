import Figures
import Harness
import PacketPath
import Reference
import ReferenceNative
import Workload

/// Everything that happens to a packet, against the same in C; and decoding alone.
enum PipelinePart {
    static let frames = 1 << 20
    static let perRound = 1 << 17

    static func run(_ options: Options, _ report: Report) throws {
        let scopes = Scopes()
        for count in options.sizes {
            for family in Family.allCases {
                try run(options, report, scopes, family, count, .small)
            }
            try run(options, report, scopes, .mixed, count, .mix)
        }
    }

    private static func run(
        _ options: Options, _ report: Report, _ scopes: Scopes, _ family: Family, _ count: Int,
        _ sizes: Traffic.Sizes
    ) throws {
        // The mix is six times as long; half as many frames are enough to leave the caches.
        let traffic = Traffic(
            scopes, family: family, sessions: count, sizes: sizes, count: sizes == .mix ? frames / 2 : frames)
        let engines: [(String, any Engine)] = [
            ("gatehouse", PathEngine(try ImageBox(scopes, family: family, sessions: count), traffic)),
            ("C -O3", reference(reference_plain(), scopes, family, count, traffic)),
            ("C -march=native", reference(reference_native(), scopes, family, count, traffic)),
        ]
        agree(engines)
        let contestants = engines.map { name, engine in
            Contestant(name: name, prepare: engine.drain) { engine.process(part: $0, count: perRound) }
        }
        let results = race(contestants, rounds: options.rounds, operations: perRound)
        report.add(
            results, part: "pipeline.\(sizes.rawValue)", family: family.rawValue, sessions: count,
            baseline: "C -O3")
        if sizes == .small, family != .mixed {
            report.bound(
                "pipeline-over-C.\(family.rawValue).\(count)", results[0].speed(against: results[1]),
                .atLeast,
                0.95)
        }
    }

    static func reference(
        _ functions: UnsafePointer<reference_functions>, _ scopes: Scopes, _ family: Family, _ count: Int,
        _ traffic: Traffic
    ) -> ReferenceEngine {
        let image = ReferenceImage(functions.pointee, scopes, family: family, sessions: count)
        return ReferenceEngine(image, traffic)
    }

    /// All saw the same packets and must have counted the same: a faster one that does less is no news.
    private static func agree(_ engines: [(String, any Engine)]) {
        for (_, engine) in engines { engine.process(part: 0, count: perRound) }
        let wanted = engines[0].1.totals
        for (name, engine) in engines where engine.totals != wanted {
            fail("\(name) counted \(engine.totals) instead of \(wanted)")
        }
        let share = Double(wanted.denied) / Double(wanted.packets)
        if abs(share - 0.02) > 0.005 { fail("\(share) of the packets were refused") }
    }
}

enum DecodePart {
    static func run(_ options: Options, _ report: Report) {
        let scopes = Scopes()
        let perRound = PipelinePart.perRound
        for (family, sizes) in [
            (Family.ipv4, .small), (.ipv6, .small), (.mixed, .small), (.mixed, Traffic.Sizes.mix),
        ] {
            let traffic = Traffic(
                scopes, family: family, sessions: 100_000, sizes: sizes, count: PipelinePart.frames / 2)
            var contestants = [
                Contestant(name: "gatehouse") { part in
                    bench_keep(decode(bench(traffic.reference + part % 4 * perRound), perRound))
                }
            ]
            for (name, functions) in [("C -O3", reference_plain()), ("C -march=native", reference_native())] {
                contestants.append(
                    Contestant(name: name) { part in
                        bench_keep(
                            functions.pointee.decode(traffic.reference + part % 4 * perRound, perRound))
                    })
            }
            let results = race(contestants, rounds: options.rounds, operations: perRound)
            report.add(
                results, part: "decode.\(sizes.rawValue)", family: family.rawValue, sessions: 0,
                baseline: "C -O3")
        }
    }

    private static func decode(_ frames: UnsafeMutablePointer<reference_frame>, _ count: Int) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<count {
            let frame = frames[index]
            let bytes = UnsafeRawBufferPointer(start: frame.bytes, count: Int(frame.captured))
            let packet = PacketDecoder.decode(bytes, link: .ethernet, wireLength: Int(frame.wire))
            sum &+= packet.sourceLow ^ packet.sourceHigh ^ packet.destinationLow ^ packet.destinationHigh
            sum &+= UInt64(packet.sourcePort) &+ UInt64(packet.destinationPort) &+ UInt64(packet.ipProtocol)
            sum &+= UInt64(packet.tcpFlags) &+ UInt64(packet.length) &+ UInt64(packet.drop == nil ? 0 : 1)
        }
        return sum
    }
}
