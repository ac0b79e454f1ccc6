import BenchFigures
import CTraffic
import Foundation
import NetworkTypes

/// Small packets of open connections through the gateway, each of a session drawn by lot: what one costs the thread that
/// forwards it, from the interface's driver to the other's.
enum ForwardingPart {
    static func run(_ options: Options, _ report: Report) throws {
        _ = traffic_pin(0)
        for family in AddressFamily.allCases {
            for way in Way.allCases {
                let series = try race(contestants(options), family, way, rounds: options.isQuick ? 7 : 21)
                report.add(series, part: "forwarding.\(way)", family: "\(family)")
                bounds(series, family, way, report)
            }
        }
        try changing(options, report)
    }

    private static func contestants(_ options: Options) -> [Contestant] {
        [.none] + options.sizes.map(Contestant.gatehouse) + [
            .withoutGuards(100_000), .ruleEach(1_000), .ruleEach(10_000), .establishedFirst(100_000),
            .ipset(100_000),
        ]
    }

    private static func race(
        _ contestants: [Contestant], _ family: AddressFamily, _ way: Way, rounds: Int
    ) throws -> [Series] {
        var series: [Series] = []
        var ready: [(gateway: Gateway, program: Program, contestant: Contestant)] = []
        for contestant in contestants {
            let gateway = try Gateway()
            try contestant.load(gateway, family, way)
            try check(contestant, gateway, family, way)
            let frame = Frame(family: family, way: way, sessions: max(1000, contestant.sessions))
            ready.append((gateway, try Program(frame), contestant))
            series.append(Series(name: contestant.name, sessions: contestant.sessions))
        }
        for round in 0..<rounds {
            for turn in ready.indices {
                let index = (turn + round) % ready.count
                let (gateway, program, contestant) = ready[index]
                gateway.enter()
                // What the others left in the caches is not ours.
                try gateway.send(program, way, contestant.packets / 10)
                let start = traffic_thread_seconds()
                try gateway.send(program, way, contestant.packets)
                series[index].rounds.append(
                    (traffic_thread_seconds() - start) * 1e9 / Double(contestant.packets))
            }
        }
        return series
    }

    /// What is measured does what it is for.
    private static func check(
        _ contestant: Contestant, _ gateway: Gateway, _ family: AddressFamily, _ way: Way
    ) throws {
        let sessions = max(1000, contestant.sessions)
        let permitted = Frame(family: family, way: way, sessions: sessions)
        try expect(1000, of: permitted, gateway, contestant.name)
        guard contestant.judges else { return }
        var stranger = permitted
        stranger.firstSession = sessions
        try expect(0, of: stranger, gateway, "\(contestant.name), a stranger")
        guard contestant.judgesDestinations else { return }
        var other = permitted
        other.serverPort = Frame.port + 1
        // What is on its way back on an open connection is not asked for its port by those that remember.
        try expect(0, of: other, gateway, "\(contestant.name), another port")
    }

    private static func expect(_ count: Int, of frame: Frame, _ gateway: Gateway, _ what: String) throws {
        let before = try gateway.arrived(frame.way)
        try gateway.send(frame, 1000)
        let arrived = try gateway.arrived(frame.way) - before
        guard arrived == count else { throw Mistake("\(what): \(arrived) of 1000 arrived, not \(count)") }
    }

    private static func bounds(_ series: [Series], _ family: AddressFamily, _ way: Way, _ report: Report) {
        guard let none = series.first,
            let ours = series.first(where: { $0.name == "gatehouse" && $0.sessions == 100_000 }),
            let rules = series.first(where: { $0.name == "one rule a session" && $0.sessions == 10_000 })
        else { return }
        let place = "forwarding.\(way).\(family)"
        report.bound("\(place).100000-over-no-rules", ours.speed(against: none), .atLeast, 0.75)
        report.bound("\(place).over-a-rule-each-at-10000", ours.speed(against: rules), .atLeast, 50)
    }

    /// Ten thousand sessions a second are changed meanwhile.
    private static func changing(_ options: Options, _ report: Report) throws {
        let (family, way) = (AddressFamily.ipv4, Way.out)
        let gateway = try Gateway()
        let sessions = 100_000
        try Contestant.gatehouse(sessions).load(gateway, family, way)
        let program = try Program(Frame(family: family, way: way, sessions: sessions))
        var series = [
            Series(name: "quiet", sessions: sessions),
            Series(name: "10,000 changes a second", sessions: sessions),
        ]
        var latencies: [Double] = []
        for round in 0..<(options.isQuick ? 7 : 21) {
            for index in [round % 2, 1 - round % 2] {
                let churn = index == 1 ? Churn(gateway, family, way) : nil
                try gateway.send(program, way, 20_000)
                let start = traffic_thread_seconds()
                try gateway.send(program, way, 200_000)
                series[index].rounds.append((traffic_thread_seconds() - start) * 1e9 / 200_000)
                latencies += try churn?.end() ?? []
            }
        }
        report.add(series, part: "forwarding.changes", family: "\(family)")
        report.bound("forwarding.changes.over-quiet", series[1].speed(against: series[0]), .atLeast, 0.97)
        report.bound(
            "commit.under-flood.p99-over-p50", latencies.quantile(0.99) / latencies.quantile(0.5), .atMost, 10
        )
    }
}

/// A program in the kernel that makes packets.
final class Program {
    let descriptor: Int32

    init(_ frame: Frame) throws {
        var packet = frame.packet
        descriptor = unsafe traffic_load(&packet)
        guard descriptor >= 0 else { throw Mistake("bpf program: \(errno)") }
    }

    deinit { close(descriptor) }
}

extension Gateway {
    func send(_ frame: Frame, _ count: Int) throws { try send(try Program(frame), frame.way, count) }

    func send(_ program: Program, _ way: Way, _ count: Int) throws {
        guard traffic_run(program.descriptor, way == .out ? tunnel : lan, UInt32(count)) == 0 else {
            throw Mistake("bpf test run: \(errno)")
        }
    }
}
