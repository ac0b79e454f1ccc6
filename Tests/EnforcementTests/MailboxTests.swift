import Testing

@testable import Enforcement

@Suite struct MailboxTests {
    @Test func whatWaitsTogetherIsReceivedTogether() async {
        let mailbox = Mailbox<Int>()
        for value in 1...3 { mailbox.send(value) }
        #expect(await mailbox.receive() == [1, 2, 3])
        mailbox.send(4)
        #expect(await mailbox.receive() == [4])
    }

    @Test func closedMailboxHandsOutWhatWaitsAndThenNothing() async {
        let mailbox = Mailbox<Int>()
        mailbox.send(1)
        mailbox.close()
        mailbox.send(2)
        #expect(await mailbox.receive() == [1])
        #expect(await mailbox.receive() == [])
    }

    /// A flood is handed out in parts, in its order; what is urgent does not wait for it.
    @Test func burstsAreBounded() async {
        let mailbox = Mailbox<Int>(burst: 3) { $0 < 0 ? .urgent : .ordinary }
        for value in 1...7 { mailbox.send(value) }
        #expect(await mailbox.receive() == [1, 2, 3])
        mailbox.send(-1)
        mailbox.send(8)
        #expect(await mailbox.receive() == [-1, 4, 5, 6])
        #expect(await mailbox.receive() == [7, 8])
        mailbox.send(-2)
        #expect(await mailbox.receive() == [-2])
        mailbox.close()
        #expect(await mailbox.receive() == [])
    }

    /// Where all that waits fits into a burst it keeps its order; in a flood those that may go first, with a few of the
    /// others, so that nobody waits for ever.
    @Test func someFloodsArePassed() async {
        let mailbox = Mailbox<Int>(burst: 32) { $0 < 0 ? .passesFloods : .ordinary }
        for value in [1, -1, 2] { mailbox.send(value) }
        #expect(await mailbox.receive() == [1, -1, 2])
        for value in 1...40 { mailbox.send(value % 20 == 0 ? -value : value) }
        #expect(await mailbox.receive() == [-20, -40, 1, 2])
        mailbox.send(-41)
        #expect(await mailbox.receive() == [-41, 3, 4])
        #expect(await mailbox.receive() == Array(5...19) + Array(21...37))
        #expect(await mailbox.receive() == [38, 39])
    }

    @Test func receiverThatWaitsIsWoken() async {
        let mailbox = Mailbox<Int>()
        async let first = mailbox.receive()
        mailbox.send(7)
        #expect(await first == [7])
    }

    @Test func nothingIsLostBetweenManySenders() async {
        let mailbox = Mailbox<Int>()
        await withTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask { for value in 0..<500 { mailbox.send(sender * 500 + value) } }
            }
        }
        mailbox.close()
        var seen: [Int] = []
        while case let burst = await mailbox.receive(), !burst.isEmpty { seen += burst }
        #expect(Set(seen).count == 4_000 && seen.count == 4_000)
    }
}
