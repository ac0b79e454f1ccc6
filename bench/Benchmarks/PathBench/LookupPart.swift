import Figures
import Harness
import PacketPath
import Reference
import ReferenceNative
import Rivals
import Workload

/// Finding a session by tunnel and address, in batches, against the same table in C and against others' tables.
///
/// Queries are random over all sessions. Every contestant is quiescent (or has its lock released) after each batch
/// or oftener.
enum LookupPart {
    private static let queries = 1 << 20
    private static let perRound = 1 << 17

    static func run(_ options: Options, _ report: Report) throws {
        for count in options.sizes {
            for family in [Family.ipv4, .ipv6] {
                try run(options, report, family, count)
            }
        }
    }

    private static func run(_ options: Options, _ report: Report, _ family: Family, _ count: Int) throws {
        let contest = try Contest(isIPv6: family == .ipv6, count: count, queries: queries, perRound: perRound)
        for hits in [true, false] {
            contest.choose(hits: hits)
            let part = hits ? "lookup.hit" : "lookup.miss"
            let results = race(contest.contestants, rounds: options.rounds, operations: perRound)
            report.add(results, part: part, family: family.rawValue, sessions: count, baseline: "C -O3")
            for (name, why) in contest.missing {
                report.missing(part: part, name: name, family: family.rawValue, sessions: count, why: why)
            }
            if hits { judge(results, contest.lockFree, family, count, report) }
        }
        contest.free()
    }

    private static func judge(
        _ results: [Samples], _ lockFree: [String], _ family: Family, _ count: Int, _ report: Report
    ) {
        let ours = results[0]
        let peers = results.filter { lockFree.contains($0.name) }
        guard let fastest = peers.min(by: { $0.median < $1.median }) else { return }
        report.bound(
            "lookup-over-fastest-peer.\(family.rawValue).\(count)", ours.speed(against: fastest),
            count >= 1_000_000 ? .atLeast : .moreThan, count >= 1_000_000 ? 2 : 1)
    }
}

/// The tables of all contestants, with the same keys, and the queries.
private final class Contest {
    private let isIPv6: Bool
    private let perRound: Int
    private let parts: Int
    private let index: IndexBox
    private let images: [(reference_functions, OpaquePointer)]
    private var rivals: [(rival_table, UnsafeMutableRawPointer)] = []
    private(set) var missing: [(String, String)] = []
    private let values: UnsafeMutablePointer<UInt64>
    private let queries: [Queries]
    private var now: Queries

    var lockFree: [String] { rivals.filter { $0.0.lock_free }.map { String(cString: $0.0.name) } }

    init(isIPv6: Bool, count: Int, queries: Int, perRound: Int) throws {
        self.isIPv6 = isIPv6
        self.perRound = perRound
        parts = queries / perRound
        index = try IndexBox(isIPv6: isIPv6, count: count)
        images = [reference_plain().pointee, reference_native().pointee].map { functions in
            (functions, Self.image(functions, isIPv6, count))
        }
        values = table(perRound) { _ in 0 }
        self.queries = [true, false].map {
            Queries(isIPv6: isIPv6, sessions: count, count: queries, hits: $0)
        }
        now = self.queries[0]
        addRivals(count)
        rivals_use_huge_pages()
    }

    func choose(hits: Bool) { now = queries[hits ? 0 : 1] }

    private static func image(_ functions: reference_functions, _ isIPv6: Bool, _ count: Int) -> OpaquePointer
    {
        guard
            let image = functions.image_new(
                Sessions.key.0, Sessions.key.1, isIPv6 ? 0 : count, isIPv6 ? count : 0)
        else { fail("no memory for the reference's table") }
        for session in 0..<count {
            let value = UInt64(session + 1)
            let isThere =
                isIPv6
                ? functions.put6(image, Sessions.reference(Sessions.ipv6Key(session)), value)
                : functions.put4(image, Sessions.word(Sessions.ipv4Key(session)), value)
            if !isThere { fail("the reference's table has no room for session \(session)") }
        }
        return image
    }

    private func addRivals(_ count: Int) {
        let keys = RivalKeys.make(isIPv6: isIPv6, count) { ($0, Sessions.interface) }
        let values = table(count) { UInt64($0 + 1) }
        for number in 0..<Int32(rival_table_count) {
            let rival = rival_tables(number).pointee
            let name = String(cString: rival.name)
            if let why = rival.missing {
                missing.append((name, String(cString: why)))
            } else if let made = rival.make(isIPv6, keys, values, count) {
                rivals.append((rival, made))
            } else {
                missing.append((name, "not for this family, or could not be made"))
            }
        }
        keys.deallocate()
        values.deallocate()
    }

    /// Checked first: all must find the same.
    var contestants: [Contestant] {
        let reader = index.reader()
        var all = [Contestant(name: "gatehouse") { self.find(reader, $0) }]
        for (name, image) in zip(["C -O3", "C -march=native"], images) {
            all.append(Contestant(name: name) { self.find(image, $0) })
        }
        for rival in rivals {
            all.append(Contestant(name: String(cString: rival.0.name)) { self.find(rival, $0) })
        }
        let sums = all.map { contestant in
            contestant.run(0)
            return (0..<perRound).reduce(UInt64(0)) { $0 &+ values[$1] }
        }
        for (contestant, sum) in zip(all, sums) where sum != sums[0] {
            fail("\(contestant.name) found something else: \(sum) instead of \(sums[0])")
        }
        return all
    }

    private func find(_ reader: ReaderBox, _ part: Int) {
        let first = part % parts * perRound
        if isIPv6 {
            reader.find(bench(now.ipv6 + first), perRound, into: bench(values))
        } else {
            reader.find(bench(now.ipv4 + first), perRound, into: bench(values))
        }
    }

    private func find(_ image: (reference_functions, OpaquePointer), _ part: Int) {
        let first = part % parts * perRound
        if isIPv6 {
            image.0.find6(image.1, now.reference + first, values, perRound)
        } else {
            image.0.find4(image.1, now.rival + first, values, perRound)
        }
    }

    private func find(_ rival: (rival_table, UnsafeMutableRawPointer), _ part: Int) {
        let first = part % parts * perRound
        rival.0.find(rival.1, isIPv6, now.rival + (isIPv6 ? first * 2 : first), values, perRound)
    }

    func free() {
        for (functions, image) in images { functions.image_free(image) }
        for (rival, made) in rivals { rival.free(made, isIPv6) }
        for queries in queries { queries.free() }
        values.deallocate()
    }
}

/// Keys as the rivals take them.
private enum RivalKeys {
    static func make(
        isIPv6: Bool, _ count: Int, _ session: (Int) -> (Int, UInt32)
    ) -> UnsafeMutablePointer<UInt64> {
        guard isIPv6 else { return table(count) { Sessions.word(Self.ipv4(session($0))) } }
        let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: count * 2)
        for index in 0..<count {
            let (number, interface) = session(index)
            let address = Sessions.ipv6(number)
            // Another tunnel is another address here: these keys have no interface.
            keys[index * 2] = address.high &+ UInt64(interface &- Sessions.interface)
            keys[index * 2 + 1] = address.low
        }
        return keys
    }

    private static func ipv4(_ session: (Int, UInt32)) -> IPv4SessionKey {
        Sessions.ipv4Key(session.0, session.1)
    }
}

/// One stream of look-ups in every form that a contestant wants.
private struct Queries {
    let ipv4: UnsafeMutablePointer<IPv4SessionKey>
    let ipv6: UnsafeMutablePointer<IPv6SessionKey>
    let reference: UnsafeMutablePointer<reference_key6>
    let rival: UnsafeMutablePointer<UInt64>

    init(isIPv6: Bool, sessions: Int, count: Int, hits: Bool) {
        var random = Random(11)
        let wanted = (0..<count).map { _ in random.below(sessions) }
        let interface = hits ? Sessions.interface : Sessions.interface + 1
        ipv4 = table(isIPv6 ? 0 : count) { Sessions.ipv4Key(wanted[$0], interface) }
        ipv6 = table(isIPv6 ? count : 0) { Sessions.ipv6Key(wanted[$0], interface) }
        reference = table(isIPv6 ? count : 0) { Sessions.reference(Sessions.ipv6Key(wanted[$0], interface)) }
        rival = RivalKeys.make(isIPv6: isIPv6, count) { (wanted[$0], interface) }
    }

    func free() {
        ipv4.deallocate()
        ipv6.deallocate()
        reference.deallocate()
        rival.deallocate()
    }
}

/// Holds what cannot be copied.
private final class IndexBox {
    private var index: SessionIndex

    init(isIPv6: Bool, count: Int) throws {
        index = try SessionIndex(key: Sessions.key)
        for session in 0..<count {
            if isIPv6 {
                try index.insert(Sessions.ipv6Key(session), UInt64(session + 1))
            } else {
                try index.insert(Sessions.ipv4Key(session), UInt64(session + 1))
            }
        }
        index.reclaim()
    }

    func reader() -> ReaderBox {
        guard let reader = index.makeReader() else { fail("no reader left") }
        return ReaderBox(reader)
    }
}

private final class ReaderBox {
    private var reader: SessionReader

    init(_ reader: consuming SessionReader) { self.reader = reader }

    func find(
        _ keys: UnsafeMutablePointer<IPv4SessionKey>, _ count: Int, into values: UnsafeMutablePointer<UInt64>
    ) {
        var first = 0
        while first < count {
            let some = min(1024, count - first)
            var found = MutableSpan(_unsafeStart: values + first, count: some)
            reader.findBatch(Span(_unsafeStart: keys + first, count: some), into: &found)
            reader.quiescent()
            first += some
        }
    }

    func find(
        _ keys: UnsafeMutablePointer<IPv6SessionKey>, _ count: Int, into values: UnsafeMutablePointer<UInt64>
    ) {
        var first = 0
        while first < count {
            let some = min(1024, count - first)
            var found = MutableSpan(_unsafeStart: values + first, count: some)
            reader.findBatch(Span(_unsafeStart: keys + first, count: some), into: &found)
            reader.quiescent()
            first += some
        }
    }
}
