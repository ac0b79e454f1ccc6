import PacketSamples
import TestSupport
import Testing

@testable import PacketPath

/// Table, scopes and verdict together against a dictionary and a list of boxes.
@Suite struct PathModelTests {
    /// What should be known, in the plainest form.
    struct Model {
        struct Address: Hashable {
            var isIPv6: Bool
            var near: UInt32
            var interface: UInt32
        }

        var sessions: [Address: SessionValue] = [:]
        var scopes: [UInt32: [ScopeBox]] = [:]

        /// Every packet here is one that a box permits, or does not.
        func verdict(_ address: Address, _ probe: Probe) -> Verdict {
            guard let session = sessions[address] else { return .denied(.noScope) }
            guard let boxes = scopes[session.scope] else { return .denied(.noScope) }
            if probe.hasOptions, probe.isOutward {
                return .denied(probe.isIPv6 ? .routingHeader : .options)
            }
            if !probe.isOutward, probe.kind == 6 {
                if probe.flags & 0x12 == 0x02 { return .denied(.opening) }
                if probe.flags & 0x14 == 0 { return .denied(.noAnswer) }
            }
            let base = probe.isIPv6 ? UInt128(Flow.far6) << 64 : UInt128(Flow.far4)
            let isInside = boxes.contains { box in
                box.isIPv6 == probe.isIPv6 && box.addresses.contains(base + UInt128(probe.far))
                    && box.protocols.contains(probe.kind) && box.ports.contains(probe.port)
            }
            guard isInside else { return .denied(.destination) }
            return !probe.isOutward && probe.kind == 17 ? .cannotTell(.flow) : .permitted
        }
    }

    /// One packet to be tried.
    struct Probe {
        var isIPv6: Bool
        var near: UInt32
        var far: UInt32
        var kind: UInt8
        var port: UInt16
        var flags: UInt8
        var isOutward: Bool
        var hasOptions: Bool
        var interface: UInt32

        init(_ random: inout Seeded) {
            let bits = random.next()
            isIPv6 = bits & 1 != 0
            near = UInt32(bits >> 1 & 15)
            far = UInt32(bits >> 5 & 15)
            kind = bits >> 9 & 1 == 0 ? 6 : 17
            port = UInt16(bits >> 10 & 7)
            flags = UInt8(bits >> 13 & 31)
            isOutward = bits >> 18 & 1 == 0
            hasOptions = bits >> 19 & 15 == 0
            interface = 7 + UInt32(bits >> 23 & 1)
        }

        var frame: [UInt8] {
            let ports = isOutward ? (4000, Int(port)) : (Int(port), 4000)
            let transport =
                kind == 6 ? Bytes.tcp(ports.0, ports.1, flags: flags) : Bytes.udp(ports.0, ports.1)
            if hasOptions, isIPv6 {
                return Flow.packet(
                    isIPv6: true, near: near, far: far, isOutward: isOutward, kind: 43,
                    Bytes.routing(next: Int(kind)) + transport)
            }
            return Flow.packet(
                isIPv6: isIPv6, near: near, far: far, isOutward: isOutward, kind: kind,
                options: hasOptions ? [1, 1, 1, 1] : [], transport)
        }
    }

    /// 40 × 25,000: a million changes and packets in all.
    @Test(arguments: UInt64(1)...40)
    func agreesWithTheModel(seed: UInt64) throws {
        var random = Seeded(seed)
        var bench = try PathBench(place: .recording)
        var model = Model()
        for scope in 1...UInt32(4) { Self.setScope(scope, &random, &bench.image, &model) }
        var operations = 0
        var permitted = 0
        while operations < 25_000 {
            for _ in 0..<4 { try Self.change(&random, &bench.image, &model) }
            let probes = (0..<PathWorker.batch).map { _ in Probe(&random) }
            operations += 4 + probes.count
            for interface in [UInt32(7), 8] {
                let some = probes.filter { $0.interface == interface }
                let outward = some.filter(\.isOutward), toward = some.filter { !$0.isOutward }
                for (list, way) in [(outward, PathFrame.Way.outward), (toward, .toward)] {
                    let results = bench.process(list.map(\.frame), interface: interface, way: way)
                    for (probe, result) in zip(list, results) {
                        let address = Model.Address(
                            isIPv6: probe.isIPv6, near: probe.near, interface: interface)
                        let expected = model.verdict(address, probe)
                        permitted += expected == .permitted ? 1 : 0
                        if result.verdict != expected || result.value != model.sessions[address] {
                            Issue.record("seed \(seed): \(probe) gave \(result), expected \(expected)")
                        }
                    }
                }
            }
        }
        #expect(permitted > 1000, "seed \(seed)")
    }

    private static func change(_ random: inout Seeded, _ image: inout PathImage, _ model: inout Model) throws
    {
        let isIPv6 = Bool.random(using: &random)
        let near = UInt32.random(in: 0...15, using: &random)
        let interface = UInt32.random(in: 7...8, using: &random)
        let address = Model.Address(isIPv6: isIPv6, near: near, interface: interface)
        switch Int.random(in: 0..<16, using: &random) {
        case 0: setScope(UInt32.random(in: 1...4, using: &random), &random, &image, &model)
        case 1...5:
            image.remove(isIPv6: isIPv6, near: near, interface: interface)
            if let old = model.sessions.removeValue(forKey: address) {
                image.giveBack(SessionSlot(number: old.slot, generation: UInt16(old.generation)))
            }
        default:
            let scope = UInt32.random(in: 1...4, using: &random)
            let slot =
                model.sessions[address].map {
                    SessionSlot(number: $0.slot, generation: UInt16($0.generation))
                }
                ?? image.takeSlot()
            let value = SessionValue(scope: scope, slot: slot)
            try image.put(isIPv6: isIPv6, near: near, interface: interface, value)
            model.sessions[address] = value
        }
    }

    private static func setScope(
        _ number: UInt32, _ random: inout Seeded, _ image: inout PathImage, _ model: inout Model
    ) {
        let boxes = (0..<Int.random(in: 4...32, using: &random)).map { _ in
            let first = UInt32.random(in: 0...15, using: &random)
            let port = UInt16.random(in: 0...7, using: &random)
            let isExact = Bool.random(using: &random)
            return ScopeBox.far(
                isIPv6: Bool.random(using: &random), first...(isExact ? first : min(15, first + 5)),
                Bool.random(using: &random) ? 6 : 17, isExact ? port...port : port...(port + 3))
        }
        model.scopes[number] = boxes
        image.setScope(number, ScopeImage(boxes))
    }
}
