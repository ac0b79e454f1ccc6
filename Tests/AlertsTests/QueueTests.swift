import Alerts
import TestSupport
import Testing

@Suite struct QueueTests {
    @Test func theOldestOfTheLowestSeverityGoes() {
        var queue = AlertQueue(.init(count: 3, bytes: 1000))
        let entries = [(1, 4), (2, 6), (3, 6), (4, 2), (5, 6)].map { number, severity in
            AlertQueue.Entry(
                number: number, severity: AlertSeverity(rawValue: severity) ?? .debug, bytes: 10)
        }
        let dropped = entries.flatMap { queue.add($0) }
        #expect(dropped.map(\.number) == [2, 3])
        #expect(queue.first?.number == 1)
        // One that is worth less than all that wait does not get in.
        #expect(queue.add(.init(number: 6, severity: .debug, bytes: 10)).map(\.number) == [6])
        // Bytes count too.
        #expect(queue.add(.init(number: 7, severity: .alert, bytes: 990)).map(\.number) == [5, 1])
        #expect(queue.bytes == 1000 && queue.count == 2)
    }

    @Test(arguments: 0..<20) func doesWhatASortedListDoes(seed: UInt64) {
        var random = Seeded(seed)
        let bounds = AlertQueue.Bounds(
            count: .random(in: 1...30, using: &random), bytes: .random(in: 100...2000, using: &random))
        var queue = AlertQueue(bounds)
        var model: [AlertQueue.Entry] = []
        for number in 1...1500 as ClosedRange<UInt64> {
            if let first = model.first, Int.random(in: 0..<3, using: &random) == 0 {
                #expect(queue.first == first)
                let removed = [queue.remove(first), queue.remove(first)]
                #expect(removed == [true, false])
                model.removeFirst()
            }
            let entry = AlertQueue.Entry(
                number: number, severity: AlertSeverity.allCases.randomElement(using: &random) ?? .debug,
                bytes: .random(in: 1...150, using: &random))
            model.append(entry)
            var gone: [AlertQueue.Entry] = []
            while model.count > bounds.count || model.map(\.bytes).reduce(0, +) > bounds.bytes {
                let lowest = model.map(\.severity).max() ?? .debug
                guard let index = model.firstIndex(where: { $0.severity == lowest }) else { break }
                gone.append(model.remove(at: index))
            }
            let dropped = queue.add(entry)
            #expect(dropped == gone, "seed \(seed)")
            #expect(queue.count == model.count && queue.bytes == model.map(\.bytes).reduce(0, +))
        }
    }

    @Test(
        arguments: [(1, 1.0, 1.0), (2, 1.0, 2.0), (5, 1.0, 16.0), (6, 1.0, 32.0), (7, 1.0, 60.0)]
            + [(1000, 1.0, 60.0), (3, 0.0, 2.0), (3, 7.0, 4.0)])
    func pausesDoubleUpToABound(failures: Int, chance: Double, seconds: Double) {
        #expect(Backoff().delay(after: failures, chance: chance) == .seconds(seconds))
    }

    @Test func aRouteTakesKindsAndSeverities() {
        let alert = { (kind: AlertKind, severity: AlertSeverity) in
            Alert(
                id: "x", sighting(kind, "a", severity), since: .second(0), until: .second(0), count: 1)
        }
        let route = AlertRoute(kinds: [.scan], from: .warning)
        #expect(route.admits(alert(.scan, .warning)) && route.admits(alert(.scan, .alert)))
        #expect(!route.admits(alert(.scan, .notice)) && !route.admits(alert(.drift, .alert)))
        #expect(route.admits(alert(.test, .notice)))
        #expect(AlertRoute().admits(alert(.drift, .debug)))
    }
}
