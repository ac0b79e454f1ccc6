import TestSupport
import Testing

@testable import PacketPath

@Suite struct FlowTableTests {
    /// What a worker says of a packet decides whether it is counted; the far end is the same in both directions.
    @Test(arguments: PathWorkerTests.cases, [false, true])
    func countsWhatIsUse(_ test: PathWorkerTests.Case, isIPv6: Bool) throws {
        var bench = try PathWorkerTests.bench(test.place)
        let frame = Flow.tcp(
            isIPv6: isIPv6, near: test.near, far: test.far, isOutward: test.isOutward, flags: test.flags)
        let result = bench.process(frame, way: test.way, tick: 77)
        var table = FlowTable(capacity: 16, key: 1)
        for tick: UInt64 in [77, 99] { table.note(result, tick: tick) }
        let flows = table.take()
        let isCounted = test.verdict == .permitted && test.isUse && result.value != nil
        #expect(flows.count == (isCounted ? 1 : 0))
        #expect(table.take().isEmpty && table.lost == 0)
        guard isCounted, let flow = flows.first else { return }
        #expect(flow.session == result.value && flow.port == 443 && flow.ipProtocol == 6)
        #expect(flow.isIPv6 == isIPv6)
        #expect(flow.farHigh == (isIPv6 ? Flow.far6 : 0))
        #expect(flow.farLow == (isIPv6 ? UInt64(test.far) : UInt64(Flow.far4 | test.far)))
        #expect(flow.packets == 2 && flow.octets == 2 * UInt64(frame.count))
        #expect(flow.firstTick == 77 && flow.lastTick == 99)
    }

    private struct Key: Hashable {
        var slot: UInt32
        var far: UInt64
        var port: UInt16
        var isIPv6: Bool
    }

    /// A dictionary counts the same; what the table has no room for, it says.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func agreesWithADictionary(seed: UInt64) {
        var random = Seeded(seed)
        var table = FlowTable(capacity: 256, key: random.next())
        for _ in 0..<8 {
            var model: [Key: UInt64] = [:]
            let lostBefore = table.lost
            let few = Bool.random(using: &random)
            for _ in 0..<2_000 {
                let key = Key(
                    slot: .random(in: 0..<(few ? 3 : 8), using: &random),
                    far: .random(in: 0..<(few ? 4 : 16), using: &random),
                    port: .random(in: 0..<(few ? 3 : 8), using: &random), isIPv6: .random(using: &random))
                model[key, default: 0] += 1
                // Another scope meanwhile makes no other flow.
                let scope = UInt32.random(in: 1...3, using: &random)
                table.add(
                    FlowCount(
                        session: SessionValue(
                            scope: scope, slot: SessionSlot(number: key.slot, generation: 1)),
                        farHigh: 0, farLow: key.far, firstTick: 1, lastTick: 1, packets: 1, octets: 40,
                        port: key.port, ipProtocol: 6, isIPv6: key.isIPv6))
            }
            var counted: [Key: UInt64] = [:]
            for flow in table.take() {
                let key = Key(
                    slot: flow.session.slot, far: flow.farLow, port: flow.port, isIPv6: flow.isIPv6)
                #expect(counted.updateValue(flow.packets, forKey: key) == nil)
                #expect(flow.octets == 40 * flow.packets)
            }
            let lost = table.lost - lostBefore
            #expect(counted.values.reduce(0, +) + lost == 2_000)
            #expect(counted.allSatisfy { model[$0.key] ?? 0 >= $0.value })
            if few { #expect(lost == 0 && counted == model) }
        }
    }
}
