import Crypto
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import TestSupport
import Testing

@testable import Portal

/// The parts that count, wait and compare, without a network.
@Suite struct PartsTests {
    /// The obvious model of a rate limiter: a list of all visits that counted, and of tokens that came back since.
    @Test(arguments: [1, 2, 3] as [UInt64]) func rateLimiterAgreesWithABucket(seed: UInt64) {
        var random = Seeded(seed)
        var limiter = RateLimiter<Int>(perSecond: 10, burst: 5)
        var tokens: [Int: (left: Double, at: Int64)] = [:]
        var now: Int64 = 0
        for round in 0..<20_000 {
            now += Int64.random(in: 0...60_000_000, using: &random)
            let key = Int.random(in: 0..<5, using: &random)
            var bucket = tokens[key] ?? (5, now)
            bucket.left = min(5, bucket.left + Double(now - bucket.at) / 1e8)
            bucket.at = now
            let wait = limiter.wait(key, at: now)
            // On the very edge the model's fractions may fall either way.
            if abs(bucket.left - 1) > 1e-6 {
                #expect((wait == nil) == (bucket.left >= 1), "seed \(seed), round \(round)")
            }
            if let wait { #expect(abs(Double(wait) / 1e8 - (1 - bucket.left)) < 1e-6) }
            if wait == nil { bucket.left -= 1 }
            tokens[key] = bucket
        }
    }

    @Test func rateLimiterIsBounded() {
        var limiter = RateLimiter<Int>(perSecond: 1, burst: 1, capacity: 100)
        for key in 0..<100 { #expect(limiter.wait(key, at: 0) == nil) }
        // All are busy: the newcomers share one place, and the old keep theirs.
        #expect(limiter.wait(100, at: 0) == nil)
        #expect(limiter.wait(101, at: 0) != nil)
        #expect(limiter.wait(5, at: 1_000_000_000) == nil)
        #expect(limiter.count == 100)
        // Those that have been quiet make room.
        #expect(limiter.wait(200, at: 2_500_000_000) == nil)
        #expect(limiter.wait(201, at: 2_500_000_000) == nil)
        #expect(limiter.count < 100)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("::ffff:192.0.2.1", "192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("2001:db8::1", "2001:db8::2:3", true),
        ("2001:db8::1", "2001:db8:0:1::1", false), ("fe80::1%eth0", "fe80::1", true),
    ])
    func peersAreAddressesOrNetworks(one: String, other: String, isSame: Bool) {
        #expect((PeerAddress(one) == PeerAddress(other)) == isSame)
    }

    @Test func gateCounts() {
        let gate = ConnectionGate(limit: 3, fromOne: 2)
        let (one, other) = (PeerAddress("192.0.2.1"), PeerAddress("192.0.2.2"))
        #expect([one, one, one, other, other].map(gate.enter) == [true, true, false, true, false])
        gate.leave(one)
        #expect(gate.count == 2)
        #expect(gate.enter(other))
    }

    @Test func budgetIsGivenBack() {
        let budget = ByteBudget(10)
        #expect(budget.take(6))
        #expect(!budget.take(5))
        #expect(budget.take(4))
        budget.giveBack(10)
        #expect(budget.take(10))
    }

    @Test func ringFindsItsKeys() throws {
        let ring = APIKeyRing([try .of("a", key: "one"), try .of("b", key: "two")])
        #expect(ring.key(presented: Array("one".utf8))?.name == "a")
        #expect(ring.key(presented: Array("two".utf8))?.name == "b")
        for wrong in ["", "on", "onee", "ONE", "one\0"] {
            #expect(ring.key(presented: Array(wrong.utf8)) == nil)
        }
        #expect(APIKey(name: "short", digest: [1, 2, 3]) == nil)
    }

    @Test(arguments: [
        ("plain é", #""plain é""#), ("\"\\\n", #""\"\\\n""#), ("\u{0}\u{1B}[31m", #""\u0000\u001b[31m""#),
        ("\u{202E}x\u{FEFF}", #""\u202ex\ufeff""#),
    ])
    func writesJSON(text: String, json: String) {
        #expect(PostureAnswers.json(text) == json)
    }

    /// Steps of a connection (head, body, end, answer; numbers are seconds that pass), and whether it is still open.
    @Test(arguments: [
        ("9", true), ("11", false), ("9 head 4", true), ("9 head 6", false), ("head 4 body 2", false),
        ("head 4 end 19", true), ("head 4 end 21", false), ("head end 19 answer 9", true),
        ("head end answer 11", false),
        ("head end answer 9 head 4 end 19 answer 9", true),
        // An answer that comes before the body's end does not give the body more time.
        ("head 3 answer 3", false), ("head 3 answer 1 end 9", true), ("head 3 answer 1 end 11", false),
        // Two requests in one breath.
        ("head end head end 19 answer 19 answer 9", true), ("head end head end 19 answer 21", false),
    ])
    func deadlines(steps: String, isOpen: Bool) throws {
        let patience = DeadlineHandler.Patience(
            idle: .seconds(10), request: .seconds(5), answer: .seconds(20))
        let channel = EmbeddedChannel(handler: DeadlineHandler(patience))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        let request = HTTPRequest(method: .post, scheme: "https", authority: "x", path: "/")
        for step in steps.split(separator: " ") {
            switch step {
            case "head": try channel.writeInbound(HTTPRequestPart.head(request))
            case "body": try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
            case "end": try channel.writeInbound(HTTPRequestPart.end(nil))
            case "answer":
                try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
                try channel.writeOutbound(HTTPResponsePart.end(nil))
            default: channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(step) ?? 0))
            }
        }
        #expect(channel.isActive == isOpen)
        _ = try? channel.finish()
    }
}
