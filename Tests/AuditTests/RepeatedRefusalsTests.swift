import Audit
import Sessions
import TestSupport
import Testing

/// Who asks again and again: recorded at once, and then once a window.
@Suite struct RepeatedRefusalsTests {
    private static func refusal(
        at second: Int64, _ change: (inout AuditEntry) -> Void = { _ in }
    ) -> AuditEntry {
        var entry = AuditEntry(.refused, at: .seconds(second))
        entry[.session] = "office/\(second)"
        entry[number: .server] = 4711
        entry[.user] = "alice"
        entry[.commonName] = "laptop-1"
        entry[.certificate] = "a94a8fe5"
        entry[.outer] = "198.51.100.7:\(40000 + second % 1000)"
        entry[.outcome] = "no class"
        entry[list: .clauses] = ["psps-5.3"]
        entry[list: .missing] = ["device: in-use"]
        entry[.why] = "no class: Call the help desk."
        entry.evidence = [AuditFact(kind: "device", what: "register", value: "not on it")]
        change(&entry)
        return entry
    }

    private static func sums(window: Int64 = 600, windows: Int = 100, ofOne: Int = 8) -> RepeatedRefusals {
        var limits = RepeatedRefusals.Limits()
        limits.window = .seconds(window)
        limits.windows = windows
        limits.ofOneClient = ofOne
        return RepeatedRefusals(limits)
    }

    @Test func theFirstIsRecordedAndTheRestAreSummedUp() throws {
        var sums = Self.sums()
        #expect(sums.take([Self.refusal(at: 0)]) == [Self.refusal(at: 0)])
        for second in Int64(1)...9 { #expect(sums.take([Self.refusal(at: second * 30)]).isEmpty) }
        #expect(sums.tick(at: .seconds(599)).isEmpty)
        let told = sums.tick(at: .seconds(600))
        let sum = try #require(told.first)
        #expect(told.count == 1 && sum.kind == .refusedAgain && sum.at == .seconds(600))
        #expect(sum[number: .count] == 9 && sum.times == 9)
        #expect(sum[.since] == Instant.seconds(30).auditText)
        #expect(sum[.latest] == Instant.seconds(270).auditText)
        // As the last of them; the first has the evidence.
        #expect(sum[.session] == "office/270" && sum[.user] == "alice" && sum[.certificate] == "a94a8fe5")
        #expect(sum[.why] == "no class: Call the help desk." && sum[list: .clauses] == ["psps-5.3"])
        #expect(sum[list: .missing] == ["device: in-use"] && sum.evidence.isEmpty)
        // Whoever goes on asking is told of once a window, and whoever stops begins anew.
        #expect(sums.take([Self.refusal(at: 700)]).isEmpty)
        #expect(sums.tick(at: .seconds(1200)).map(\.times) == [1])
        #expect(sums.tick(at: .seconds(1800)).isEmpty)
        #expect(sums.take([Self.refusal(at: 1801)]).map(\.kind) == [.refused])
    }

    /// Without a tick in between: the sum stands before what comes after it.
    @Test func aWindowEndsByWhatComesLater() {
        var sums = Self.sums()
        _ = sums.take([Self.refusal(at: 0), Self.refusal(at: 1)])
        #expect(sums.take([Self.refusal(at: 600)]).map(\.kind) == [.refusedAgain])
        #expect(sums.close(at: .seconds(601)).map(\.times) == [1])
        #expect(sums.close(at: .seconds(602)).isEmpty)
        #expect(sums.take([Self.refusal(at: 603)]).map(\.kind) == [.refused])
        #expect(sums.take([Self.refusal(at: 1300)]).map(\.kind) == [.refused], "nothing was counted")
    }

    /// What makes two refusals the same, and what does not.
    private typealias Change = @Sendable (inout AuditEntry) -> Void
    private static let changes: [(what: String, isSame: Bool, change: Change)] =
        [
            ("nothing", true, { _ in }),
            ("another number of its server", true, { $0[number: .server] = 9 }),
            ("another port", true, { $0[.outer] = "198.51.100.7:9" }),
            ("no port", true, { $0[.outer] = "198.51.100.7" }),
            ("how long it is to wait", true, { $0[.why] = "no class: Call the help desk.7" }),
            ("when it is looked at again", true, { $0[.until] = "2026-12-01T00:00:00Z" }),
            ("other evidence for the same reason", true, { $0.evidence = [] }),
            ("another server", false, { $0[.session] = "home/1" }),
            ("another address", false, { $0[.outer] = "198.51.100.8:40000" }),
            ("an IPv6 address", false, { $0[.outer] = "[2001:db8::7]:40000" }),
            ("another user", false, { $0[.user] = "bob" }),
            ("another name", false, { $0[.commonName] = "laptop-2" }),
            ("another certificate", false, { $0[.certificate] = "b94a8fe5" }),
            ("a device on the register", false, { $0[.device] = "laptop-1" }),
            ("another outcome", false, { $0[.outcome] = "held" }),
            ("a class", false, { $0[.className] = "lost" }),
            ("other clauses", false, { $0[list: .clauses] = [] }),
            ("other conditions", false, { $0[list: .missing] = ["hours: working"] }),
            ("other words", false, { $0[.why] = "wrong code" }),
        ]

    @Test(arguments: changes.indices) func sameness(_ index: Int) {
        let (what, isSame, change) = Self.changes[index]
        var sums = Self.sums()
        _ = sums.take([Self.refusal(at: 0)])
        #expect(sums.take([Self.refusal(at: 1, change)]).isEmpty == isSame, "\(what)")
    }

    @Test(arguments: [("198.51.100.7:1", "198.51.100.7:2"), ("[2001:db8::7]:1", "[2001:db8::7]:2")])
    func portsAreNobody(one: String, other: String) {
        var sums = Self.sums()
        _ = sums.take([Self.refusal(at: 0) { $0[.outer] = one }])
        #expect(sums.take([Self.refusal(at: 1) { $0[.outer] = other }]).isEmpty)
    }

    @Test(arguments: AuditKind.allCases.filter { $0 != .refused })
    func nothingElseIsSummedUp(kind: AuditKind) {
        var sums = Self.sums()
        let entry = AuditEntry(kind, at: .seconds(0))
        #expect(sums.take([entry, Self.refusal(at: 0), Self.refusal(at: 0), entry]).count == 3)
    }

    /// One certificate, and a name invented for each login.
    @Test func inventedNamesOfOneClientAreSummedUpTogether() throws {
        var sums = Self.sums(ofOne: 3)
        let tries = (0..<50).map { number in
            Self.refusal(at: Int64(number)) { $0[.user] = "invented-\(number)" }
        }
        let recorded = sums.take(tries)
        #expect(recorded.map { $0[.user] } == (0...3).map { "invented-\($0)" })
        let others = try #require(sums.close(at: .seconds(60)).first)
        #expect(others.times == 46 && others[.certificate] == "a94a8fe5" && others[.user] == nil)
        #expect(others[.why] == "under other names, or for other reasons" && others[list: .clauses].isEmpty)
        #expect(others[.since] == Instant.seconds(4).auditText)
    }

    /// Where there is no room for another client it is recorded as it was before: nobody hides behind a crowd.
    @Test func whatDoesNotFitIsRecordedOneByOne() {
        var sums = Self.sums(windows: 2)
        for client in 1...2 { _ = sums.take([Self.refusal(at: 0) { $0[.certificate] = "c\(client)" }]) }
        for second in Int64(1)...5 {
            #expect(sums.take([Self.refusal(at: second) { $0[.certificate] = "c3" }]).count == 1)
            #expect(sums.take([Self.refusal(at: second) { $0[.certificate] = "c1" }]).isEmpty)
        }
        // One has gone quiet: there is room again.
        #expect(sums.tick(at: .seconds(600)).map(\.times) == [5])
        #expect(sums.take([Self.refusal(at: 601) { $0[.certificate] = "c3" }]).count == 1)
        #expect(sums.take([Self.refusal(at: 602) { $0[.certificate] = "c3" }]).isEmpty)
    }

    /// A clock that was put back keeps nothing for longer than a window.
    @Test func aClockThatIsPutBackEndsWindowsAllTheSame() {
        var sums = Self.sums()
        _ = sums.take([Self.refusal(at: 100_000), Self.refusal(at: 100_001)])
        #expect(sums.tick(at: .seconds(0)).isEmpty)
        #expect(sums.tick(at: .seconds(600)).map(\.times) == [1])
        _ = sums.take([Self.refusal(at: 200_000) { $0[.user] = "bob" }])
        #expect(sums.take([Self.refusal(at: 1000) { $0[.user] = "bob" }]).isEmpty)
        #expect(sums.tick(at: .seconds(1600)).map(\.times) == [1])
    }

    // MARK: A slow look

    /// Every window as a row, with every repeat in it; found by looking at all.
    private struct Model {
        struct Window {
            let client: Int
            /// Nil for all that have no window of their own.
            let reason: Int?
            var began: Int64
            var repeats: [Int64] = []
        }

        struct Told: Hashable {
            var at: Int64
            var client: Int
            var reason: Int?
            var repeats: [Int64]
        }

        var windows: [Window] = []
        let window: Int64
        let most: Int
        let ofOne: Int

        mutating func take(_ client: Int, _ reason: Int, at second: Int64) -> [Told] {
            var reason: Int? = reason
            let own = windows.filter { $0.client == client && $0.reason != nil }
            if !own.contains(where: { $0.reason == reason }), own.count >= ofOne { reason = nil }
            let place = windows.firstIndex { $0.client == client && $0.reason == reason }
            guard let place else {
                if windows.count < most {
                    windows.append(Window(client: client, reason: reason, began: second))
                }
                return [Told(at: second, client: client, reason: reason, repeats: [])]
            }
            guard second - windows[place].began >= window else {
                windows[place].repeats.append(second)
                return []
            }
            let repeats = windows[place].repeats
            windows[place].began = second
            windows[place].repeats = repeats.isEmpty ? [] : [second]
            return [Told(at: second, client: client, reason: reason, repeats: repeats)]
        }

        mutating func tick(at second: Int64) -> [Told] {
            let over = windows.filter { second - $0.began >= window }
            windows.removeAll { second - $0.began >= window && $0.repeats.isEmpty }
            for place in windows.indices where second - windows[place].began >= window {
                windows[place].began = second
                windows[place].repeats = []
            }
            return over.filter { !$0.repeats.isEmpty }.map {
                Told(at: second, client: $0.client, reason: $0.reason, repeats: $0.repeats)
            }
        }
    }

    /// What is recorded is what a slow look at everything says; and each refusal is in exactly one record.
    @Test(arguments: UInt64(1)...12)
    func sumsAreThoseOfASlowLook(seed: UInt64) throws {
        var random = Seeded(seed)
        let most = Int.random(in: 3...30, using: &random)
        let ofOne = Int.random(in: 1...4, using: &random)
        var sums = Self.sums(window: 60, windows: most, ofOne: ofOne)
        var model = Model(window: 60, most: most, ofOne: ofOne)
        var now: Int64 = 1000
        var given = 0
        var recorded = 0
        func compare(_ entries: [AuditEntry], _ told: [Model.Told]) {
            let words = entries.map(Self.words)
            let expected = told.map { Self.words($0) }
            #expect(words.sorted() == expected.sorted(), "seed \(seed) at \(now)")
            recorded += entries.reduce(0) { $0 + Int($1.times) }
        }
        for _ in 0..<3000 {
            now += Int64.random(in: 0..<4, using: &random)
            if Int.random(in: 0..<5, using: &random) == 0 {
                compare(sums.tick(at: .seconds(now)), model.tick(at: now))
                continue
            }
            let client = Int.random(in: 0..<12, using: &random)
            let reason = Int.random(in: 0..<6, using: &random)
            let entry = Self.refusal(at: now) {
                $0[.certificate] = "c\(client)"
                $0[.user] = "r\(reason)"
            }
            given += 1
            let told = sums.take([entry])
            for first in told where first.kind == .refused { #expect(first == entry) }
            compare(told, model.take(client, reason, at: now))
        }
        let left = model.windows.filter { !$0.repeats.isEmpty }
        compare(
            sums.close(at: .seconds(now)),
            left.map { Model.Told(at: now, client: $0.client, reason: $0.reason, repeats: $0.repeats) })
        #expect(recorded == given, "seed \(seed)")
    }

    private static func words(_ entry: AuditEntry) -> String {
        guard entry.kind == .refusedAgain else { return "\(entry.at): \(entry[.certificate] ?? "")" }
        return [
            "\(entry.at): \(entry[.certificate] ?? "")", entry[.user] ?? "others", "\(entry.times)",
            entry[.since] ?? "", entry[.latest] ?? "",
        ].joined(separator: " ")
    }

    private static func words(_ told: Model.Told) -> String {
        let at = Instant.seconds(told.at)
        guard let first = told.repeats.first, let last = told.repeats.last else {
            return "\(at): c\(told.client)"
        }
        return [
            "\(at): c\(told.client)", told.reason.map { "r\($0)" } ?? "others", "\(told.repeats.count)",
            Instant.seconds(first).auditText, Instant.seconds(last).auditText,
        ].joined(separator: " ")
    }
}
