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
        let mailbox = Mailbox<Int>(burst: 3) { $0 < 0 }
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
