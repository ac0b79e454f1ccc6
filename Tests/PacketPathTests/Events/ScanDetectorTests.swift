import TestSupport
import Testing

@testable import PacketPath

@Suite struct ScanDetectorTests {
    static func detector(threshold: Int = 32, slots: Int = 4, seed: UInt64 = 1) -> ScanDetector {
        var random = Seeded(seed)
        return ScanDetector(
            slotCount: slots, threshold: threshold, windowTicks: 60, key: (random.next(), random.next()))
    }

    /// Against the exact number, over many keys: the mean within 6 %, the spread within what is documented.
    @Test(arguments: [(4, 0.10), (16, 0.09), (64, 0.10), (128, 0.11), (256, 0.15)])
    func estimatesWithinItsBounds(count: Int, spread: Double) {
        var sum = 0.0
        var squares = 0.0
        let rounds = 400
        for seed in 0..<UInt64(rounds) {
            var detector = Self.detector(seed: seed)
            for host in 0..<count {
                // Neighbours, half of them IPv6: what a scan looks like.
                let base: UInt128 = host % 2 == 0 ? 0x0a0a_0000 : 0xfd10 << 112
                _ = detector.refused(
                    slot: 1, generation: 1, destination: base + UInt128(host), ipProtocol: 6, port: 22,
                    tick: 70)
            }
            let error = Double(detector.estimate(slot: 1, generation: 1, tick: 70) - count) / Double(count)
            sum += error
            squares += error * error
        }
        #expect(abs(sum / Double(rounds)) < 0.06, "mean error \(sum / Double(rounds))")
        #expect(
            (squares / Double(rounds)).squareRoot() < spread, "\((squares / Double(rounds)).squareRoot())")
    }

    /// Random refusals against exact sets for each window.
    @Test(arguments: UInt64(1)...12)
    func agreesWithExactSets(seed: UInt64) {
        struct Key: Hashable { var destination: UInt128, port: UInt16 }
        var random = Seeded(seed)
        var detector = Self.detector(threshold: 40, seed: seed &+ 99)
        var windows: [UInt64: Set<Key>] = [:]
        var tick: UInt64 = 0
        var toldIn: UInt64?
        for _ in 0..<4_000 {
            tick += UInt64.random(in: 0...2, using: &random) * UInt64.random(in: 0...1, using: &random)
            let busy = tick / 300 % 2 == 0
            let key = Key(
                destination: UInt128.random(in: 0..<(busy ? 200 : 12), using: &random),
                port: busy ? UInt16.random(in: 1...3, using: &random) : 80)
            let window = tick / 60
            windows[window, default: []].insert(key)
            let finding = detector.refused(
                slot: 2, generation: 9, destination: key.destination, ipProtocol: 6, port: key.port,
                tick: tick)
            let earlier = window == 0 ? [] : windows[window - 1] ?? []
            let exact = windows[window, default: []].union(earlier).count
            let estimate = detector.estimate(slot: 2, generation: 9, tick: tick)
            #expect(
                abs(estimate - exact) <= max(4, exact * 45 / 100), "seed \(seed): \(estimate) for \(exact)")
            switch finding {
            case .nothing, .repeated: break
            case .scan(let count):
                #expect(count == estimate && exact >= 28, "seed \(seed): told at \(exact)")
                if let toldIn { #expect(window >= toldIn + 2, "seed \(seed): told too often") }
                toldIn = window
            }
            if exact >= 58 { #expect(toldIn != nil, "seed \(seed): not told at \(exact)") }
        }
        #expect(toldIn != nil)
    }

    @Test func repeatsAreOneDestination() {
        var detector = Self.detector(threshold: 2)
        for tick in UInt64(0)..<50 {
            let finding = detector.refused(
                slot: 0, generation: 1, destination: 5, ipProtocol: 6, port: 22, tick: tick)
            #expect(finding == (tick == 0 ? .nothing : .repeated))
        }
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 50)
            #expect(estimate == 1)
        }
    }

    @Test func forgetsWhatIsOld() {
        var detector = Self.detector()
        func refuse(_ host: UInt128, at tick: UInt64, _ detector: inout ScanDetector) {
            _ = detector.refused(
                slot: 0, generation: 1, destination: host, ipProtocol: 6, port: 1, tick: tick)
        }
        for host in 0..<UInt128(8) { refuse(host, at: 59, &detector) }
        let first = detector.estimate(slot: 0, generation: 1, tick: 59)
        #expect((6...10).contains(first))
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 119)
            #expect(estimate == first, "the window before counts")
        }
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 120)
            #expect(estimate == 0, "the one before that does not")
        }
        refuse(9, at: 600, &detector)
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 600)
            #expect(estimate == 1)
        }
        do {
            let estimate = detector.estimate(slot: 0, generation: 2, tick: 600)
            #expect(estimate == 0, "another session has the slot")
        }
    }

    @Test func keepsSessionsApartAndBadSlotsOut() {
        var detector = Self.detector(slots: 2)
        for slot in [-1, 2, Int.max] {
            let finding = detector.refused(
                slot: slot, generation: 1, destination: 1, ipProtocol: 6, port: 1, tick: 0)
            #expect(finding == .nothing)
        }
        _ = detector.refused(slot: 1, generation: 1, destination: 1, ipProtocol: 6, port: 1, tick: 0)
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 0)
            #expect(estimate == 0)
        }
        do {
            let estimate = detector.estimate(slot: 1, generation: 1, tick: 0)
            #expect(estimate == 1)
        }
    }

    @Test func staysAtItsCeiling() {
        var detector = Self.detector(threshold: 10_000)
        let held = detector.threshold
        #expect(held == ScanDetector.ceiling / 2)
        for host in 0..<UInt128(20_000) {
            _ = detector.refused(slot: 0, generation: 1, destination: host, ipProtocol: 6, port: 1, tick: 0)
        }
        do {
            let estimate = detector.estimate(slot: 0, generation: 1, tick: 0)
            #expect(estimate == ScanDetector.ceiling)
        }
        #expect(MemoryLayout<ScanRecord>.stride == 64)
    }
}
