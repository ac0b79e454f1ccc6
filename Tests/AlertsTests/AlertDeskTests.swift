import Alerts
import Sessions
import TestSupport
import Testing

@Suite struct AlertDeskTests {
    @Test func theFirstIsToldAtOnceAndRepeatsAreCounted() throws {
        var desk = AlertDesk(window: .seconds(60), run: "r")
        let first = try #require(desk.report(sighting("a"), at: .second(0)).first)
        #expect(first.id == "gh-r-1" && first.count == 1)
        #expect(desk.report(sighting("a"), at: .second(10)).isEmpty)
        #expect(desk.report(sighting("a"), count: 3, at: .second(20)).isEmpty)
        #expect(desk.tick(at: .second(59)).isEmpty)
        let rest = try #require(desk.tick(at: .second(60)).first)
        #expect(rest.count == 4 && rest.since == .second(10) && rest.until == .second(20))
        #expect(rest[.first] == first.id && rest.id != first.id)
        // The next window began there, and had nothing.
        #expect(desk.tick(at: .second(120)).isEmpty && desk.isIdle)
        #expect(desk.report(sighting("a"), at: .second(130)).count == 1)
    }

    @Test func theWorstOfRepeatsGivesTheSeverity() throws {
        var desk = AlertDesk(window: .seconds(60), run: "r")
        _ = desk.report(sighting("a", .notice), at: .second(0))
        _ = desk.report(sighting("a", .critical), at: .second(1))
        _ = desk.report(sighting("a", .notice), at: .second(2))
        #expect(desk.tick(at: .second(60)).map(\.severity) == [.critical])
    }

    @Test func whatIsHeldBackIsToldAtTheEnd() {
        var desk = AlertDesk(window: .seconds(60), run: "r")
        _ = desk.report(sighting("a"), at: .second(0))
        _ = desk.report(sighting("a"), at: .second(1))
        #expect(desk.close().map(\.count) == [1])
        #expect(desk.close().isEmpty && desk.isIdle)
    }

    @Test func aClockThatIsPutBackKeepsNothingBackForLong() {
        var desk = AlertDesk(window: .seconds(60), run: "r")
        _ = desk.report(sighting("a"), at: .second(100_000))
        #expect(desk.report(sighting("a"), at: .second(0)).isEmpty)
        #expect(desk.tick(at: .second(60)).map(\.count) == [1])
    }

    /// Whoever chooses names could make each alert a new one.
    @Test func manySubjectsAreToldAsOne() {
        var desk = AlertDesk(window: .seconds(60), run: "r")
        let total = 5000
        var told = (0..<total).flatMap { desk.report(sighting(.refusedAbroad, "user \($0)"), at: .second(0)) }
        #expect(told.count == AlertDesk.subjects + 1)
        // Another kind has its own room.
        #expect(desk.report(sighting(.scan, "a"), at: .second(1)).count == 1)
        told += desk.tick(at: .second(60)).filter { $0.kind == .refusedAbroad }
        #expect(told.map(\.count).reduce(0, +) == UInt64(total))
        _ = desk.tick(at: .second(120))
        #expect(desk.isIdle)
        #expect(desk.report(sighting(.refusedAbroad, "user 1"), at: .second(130)).count == 1)
    }

    /// Beside the desk: each key alone, its reports in a list, and the windows written out.
    private struct Model {
        let window: Int64
        var told: [String: [(since: Int64, until: Int64, count: UInt64)]] = [:]
        private var began: [String: Int64] = [:]
        private var held: [String: [(at: Int64, count: UInt64)]] = [:]

        init(window: Int64) { self.window = window }

        mutating func time(_ now: Int64, _ key: String) {
            guard let start = began[key], now >= start + window else { return }
            let waiting = held[key] ?? []
            held[key] = nil
            began[key] = waiting.isEmpty ? nil : now
            if let first = waiting.first, let last = waiting.last {
                told[key, default: []].append(
                    (first.at, last.at, waiting.reduce(0) { $0 + $1.count }))
            }
        }

        mutating func report(_ key: String, _ count: UInt64, _ now: Int64) {
            time(now, key)
            if began[key] == nil {
                began[key] = now
                told[key, default: []].append((now, now, count))
            } else {
                held[key, default: []].append((now, count))
            }
        }

        mutating func close() {
            for (key, waiting) in held {
                guard let first = waiting.first, let last = waiting.last else { continue }
                told[key, default: []].append((first.at, last.at, waiting.reduce(0) { $0 + $1.count }))
            }
        }
    }

    @Test(arguments: 0..<40) func tellsWhatASlowModelTells(seed: UInt64) {
        var random = Seeded(seed)
        let window = Int64.random(in: 1...50, using: &random)
        var desk = AlertDesk(window: .seconds(window), run: "r")
        var model = Model(window: window)
        let keys = (0..<Int.random(in: 1...8, using: &random)).map { "key\($0)" }
        var now: Int64 = 0
        var alerts: [Alert] = []
        var reported: UInt64 = 0
        for _ in 0..<2000 {
            now += Int64.random(in: 0...10, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                alerts += desk.tick(at: .second(now))
                for key in keys { model.time(now, key) }
                continue
            }
            let key = keys[Int.random(in: 0..<keys.count, using: &random)]
            let count = UInt64.random(in: 1...5, using: &random)
            reported += count
            alerts += desk.report(sighting(key), count: count, at: .second(now))
            model.report(key, count, now)
        }
        alerts += desk.close()
        model.close()
        for key in keys {
            let told = alerts.filter { $0.key == "scan \(key)" }
            let lines = told.map { "\($0.since) \($0.until) \($0.count)" }
            let expected = (model.told[key] ?? []).map {
                "\(Instant.second($0.since)) \(Instant.second($0.until)) \($0.count)"
            }
            #expect(lines == expected, "seed \(seed), \(key)")
        }
        #expect(alerts.map(\.count).reduce(0, +) == reported, "seed \(seed)")
        #expect(Set(alerts.map(\.id)).count == alerts.count, "seed \(seed)")
    }
}
