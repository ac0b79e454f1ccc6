import Sessions
import TestSupport
import Testing

@testable import VPNSources

/// Recorded bytes, spoiled at random: never a trap, and never a client that the bytes do not name.
@Suite struct FuzzTests {
    private enum Mutation: CaseIterable {
        case flip, cut, duplicate, insert, swapLines
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
        guard bytes.count > 1, let mutation = Mutation.allCases.randomElement(using: &random) else { return }
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...200, using: &random))
        switch mutation {
        case .flip: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case .cut: bytes.removeSubrange(start..<end)
        case .duplicate: bytes.insert(contentsOf: bytes[start..<end], at: end)
        case .insert: bytes.insert(contentsOf: scraps.randomElement(using: &random) ?? [], at: start)
        case .swapLines:
            var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
            lines.swapAt(
                Int.random(in: 0..<lines.count, using: &random),
                Int.random(in: 0..<lines.count, using: &random))
            bytes = Array(lines.joined(separator: [10]))
        }
    }

    private static let scraps: [[UInt8]] = [
        [0], [10], [13, 10], [0xFF], [0xC3, 0x28], Array("=".utf8), Array(",".utf8), Array("\t".utf8),
        Array("\n>CLIENT:ENV,END\n".utf8), Array("\nEND\n".utf8), Array("\n>CLIENT:CONNECT,9".utf8),
        Array("\nTITLE\tx\n".utf8), Array("\nSUCCESS: pid=1\n".utf8), Array("ENTER PASSWORD:".utf8),
        Array("\n>CLIENT:ENV,tls_digest_sha256_0=00\n".utf8), Array(repeating: 0x78, count: 70_000),
    ]

    /// Clients that some line of `bytes` names as a header of `kinds` would, found by plain search.
    private static func named(_ bytes: [UInt8], _ kinds: [String]) -> Set<UInt64> {
        var found: Set<UInt64> = []
        for line in bytes.split(separator: 10) {
            let text = String(decoding: line, as: UTF8.self)
            for kind in kinds where text.utf8.starts(with: ">CLIENT:\(kind),".utf8) {
                let rest = text.utf8.dropFirst(">CLIENT:\(kind),".utf8.count)
                let digits = rest.prefix { (0x30...0x39).contains($0) }
                if let client = UInt64(String(Substring(digits))) { found.insert(client) }
            }
        }
        return found
    }

    /// A short conversation with all there is: a login, an address, an end, a renewal with a token, a list.
    private static func seedBytes() throws -> [[UInt8]] {
        let main = try Transcript("mgmt-01-main")
        let list = main.lines.filter(\.isFromServer).map(\.text)
        let title = try #require(list.firstIndex { $0.hasPrefix("TITLE\t") })
        let status = try #require(list[title...].firstIndex(of: "END"))
        let head = Array("SUCCESS: pid=14851\r\n".utf8)
        let entering =
            try main.block(">CLIENT:CONNECT,0,1")
            + Array(">CLIENT:ADDRESS,0,10.8.0.2,1\r\n>CLIENT:ADDRESS,0,fd08:8::1000,1\r\n".utf8)
            + main.block(">CLIENT:ESTABLISHED,0")
        let leaving = try main.block(">CLIENT:REAUTH,0,3") + main.block(">CLIENT:DISCONNECT,0")
        return [
            head + entering, head + leaving,
            head + list[title...status].flatMap { Array($0.utf8) + [13, 10] } + leaving,
            try main.block(">CLIENT:CONNECT,23,1") + main.block(">CLIENT:CONNECT,3,1"),
        ]
    }

    private static func round(_ seed: UInt64, _ seeds: [[UInt8]]) -> (bytes: [UInt8], replay: Replay) {
        var random = Seeded(seed)
        var bytes = seeds[Int(seed % UInt64(seeds.count))]
        for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
        var replay = Replay(tunnel: "tunovpn")
        replay.receive(bytes) { Int.random(in: 1...5_000, using: &random) }
        replay.events += replay.connection.finish(now: Replay.now)
        return (bytes, replay)
    }

    @Test(arguments: 0..<30 as Range<UInt64>) func spoiledConversations(_ batch: UInt64) throws {
        let seeds = try Self.seedBytes()
        for seed in batch * 100..<(batch + 1) * 100 {
            let (bytes, replay) = Self.round(seed, seeds)
            let askers = Self.named(bytes, ["CONNECT", "REAUTH"])
            #expect(replay.logins.allSatisfy { askers.contains($0.session.id.client) }, "seed \(seed)")
            let members = Self.named(bytes, ["ESTABLISHED"])
            #expect(replay.established.allSatisfy { members.contains($0.id.client) }, "seed \(seed)")
            let leavers = Self.named(bytes, ["DISCONNECT"])
            #expect(replay.ended.allSatisfy { leavers.contains($0.client) }, "seed \(seed)")
        }
    }

    /// The chain of a login is the recorded one or there is no login: a digest that was flipped shows as another
    /// digest and never as a shorter chain.
    @Test func cutBlocksGiveNoLogin() throws {
        let block = try Transcript("mgmt-01-main").block(">CLIENT:CONNECT,0,1")
        for length in stride(from: 0, to: block.count, by: 7) {
            var replay = Replay(tunnel: "tunovpn")
            replay.receive(Array(block.prefix(length)))
            replay.events += replay.connection.finish(now: Replay.now)
            #expect(replay.logins.isEmpty, "\(length) of \(block.count) bytes")
        }
    }

    /// Of several contradictions the same one is told every time, however the variables are kept.
    @Test func theReasonIsTheSameEveryTime() throws {
        let block = try Transcript("mgmt-01-main").block(">CLIENT:CONNECT,0,1")
        let wrong = (3..<9).map { ">CLIENT:ENV,tls_digest_sha256_\($0)=x\r\n" }.joined()
        let bytes =
            block.dropLast(">CLIENT:ENV,END\r\n".utf8.count) + Array(wrong.utf8) + ">CLIENT:ENV,END\r\n".utf8
        var reasons: Set<String> = []
        for _ in 0..<40 {
            var replay = Replay(tunnel: "tunovpn")
            replay.receive(Array(bytes))
            for case .problem(_, let problem) in replay.events { reasons.insert(problem.message) }
        }
        #expect(reasons.count == 1, "\(reasons)")
    }
}
