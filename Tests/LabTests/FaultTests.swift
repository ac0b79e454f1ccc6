import Foundation
import Testing

@testable import Lab

struct FaultTests {
    private func outcome(
        _ fault: Fault = .tableDeleted, passed: Int = 0, lost: Int = 0, overflowed: Int = 0,
        pause: Double = 5, whole: Double? = 3
    ) -> FaultOutcome {
        FaultOutcome(
            fault: fault, wronglyPassed: ["internet, IPv4": passed], refusedSent: 1000, allowedSent: 500,
            allowedLost: lost, overflowed: overflowed, longestPause: pause, wholeAfter: whole)
    }

    /// One packet that must not pass spoils a fault, whatever it is; what the VPN server keeps from us does not.
    @Test func whatIsAsExpected() {
        #expect(outcome().isAsExpected)
        #expect(!outcome(passed: 1).isAsExpected)
        var complaining = outcome()
        complaining.complaint = "the daemon grew"
        #expect(!complaining.isAsExpected && FaultReport.line(complaining).hasSuffix("  !! the daemon grew"))
        #expect(!outcome(whole: nil).isAsExpected)
        #expect(outcome(.diskFull, lost: 5).isAsExpected)
        #expect(!outcome(.diskFull, lost: 6).isAsExpected)
        #expect(outcome(.diskFull, lost: 25, overflowed: 20).isAsExpected, "full queues ask for no rule")
        #expect(!outcome(.diskFull, lost: 26, overflowed: 20).isAsExpected)
        #expect(!outcome(passed: 1, overflowed: 20).isAsExpected)
        #expect(FaultReport.line(outcome(overflowed: 7)).hasSuffix("  7 packets found a queue full"))
        #expect(outcome(.tableDeleted, lost: 20).isAsExpected, "until the table is back")
        #expect(!outcome(pause: 1000).isAsExpected)
        #expect(outcome(.serverKilled, lost: 400, pause: 20_000).isAsExpected)
        #expect(!outcome(.serverKilled, passed: 1, lost: 400, pause: 20_000).isAsExpected)
        let silent = FaultOutcome(fault: .reloads, refusedSent: 0, allowedSent: 0, wholeAfter: 1)
        #expect(!silent.isAsExpected, "nothing was sent")
    }

    /// As Linux 6.1 writes them.
    @Test func fullQueuesAreCounted() {
        let datagrams = """
            Tcp: 1 200 120000 -1 0 0 0 0 0 0 0 0 0 0 0
            Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
            Udp: 34051 0 957 9964 950 3 7
            UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
            UdpLite: 1 1 1 1 1 1 1

            """
        let of6 = "Udp6InErrors                    \t9\nUdp6RcvbufErrors                \t5\n"
        let devices = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo
                lo:       1       2    3    4    5     6          7         8        9      10   11   12    13   14    15 16
              tun0:       1       2    3    4    5     6          7         8        9      10   11  344    13   14    15 16
            """
        #expect(QueueOverflows.count(datagrams: datagrams, of6: of6, devices: devices) == 950 + 5 + 344)
        #expect(QueueOverflows.count(datagrams: "", of6: "", devices: "") == 0)
    }

    @Test func theReportSaysHowManyPassed() throws {
        var report = FaultReport()
        #expect(!report.allAsExpected)
        report.add(outcome())
        #expect(report.allAsExpected)
        #expect(report.summary == "1 faults, 0 of 1000 refused packets passed, all as expected")
        report.add(outcome(passed: 2))
        #expect(report.summary == "2 faults, 2 of 2000 refused packets passed, 1 not as expected")
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect((json["outcomes"] as? [Any])?.count == 2)
    }

    @Test func columnsAlign() {
        for fault in Fault.allCases {
            let line = FaultReport.line(outcome(fault))
            #expect(line.count == FaultReport.header.count, "\(fault.title)")
        }
    }

    @Test func countsWhatIsNotAnswered() throws {
        let stream = Stream("a", .allowed, number: 3)
        stream.open()
        var sent: [ArraySlice<UInt8>] = []
        for _ in 0..<5 {
            stream.send { payload in
                sent.append(payload[...])
                return true
            }
        }
        stream.send { _ in false }
        let read = try sent.map { try #require(Stream.read($0)) }
        #expect(read.allSatisfy { $0.stream == 3 })
        stream.answered(read[0].sequence)
        stream.answered(read[4].sequence)
        stream.answered(read[4].sequence)
        let tally = stream.tally(through: read[3].sequence)
        #expect(tally.sent == 5 && tally.lost == 3)
        // Answers to packets of an earlier window say nothing.
        stream.open()
        stream.answered(read[1].sequence)
        #expect(stream.tally(through: .max).lost == 0)
        #expect(Stream.read([1, 2, 3][...]) == nil)
    }

    /// A machine that is too busy to send for two seconds pauses nobody; packets that are sent and not answered do.
    @Test func onlyWhatIsSentCanPause() throws {
        let second: UInt64 = 1_000_000_000
        let stream = Stream("a", .allowed, number: 1)
        stream.open(at: second)
        var last: ArraySlice<UInt8> = []
        let send = { (now: UInt64) in
            stream.send(at: now) { payload in
                last = payload[...]
                return true
            }
        }
        send(second + 2_000_000)
        stream.answered(try #require(Stream.read(last)).sequence, at: second + 3_000_000)
        send(3 * second)
        stream.answered(try #require(Stream.read(last)).sequence, at: 3 * second + 5_000_000)
        #expect(stream.tally(through: .max, at: 3 * second + 6_000_000).longestPause < .milliseconds(10))
        for millisecond in stride(from: UInt64(10), to: 1500, by: 10) {
            send(3 * second + millisecond * 1_000_000)
        }
        let pause = stream.tally(through: .max, at: 3 * second + 1_500_000_000).longestPause
        #expect(pause > .milliseconds(1490) && pause < .milliseconds(1500))
    }

    /// What is started in between does not count; the growth is that of the process that lived longest.
    @Test func resourcesAreOfTheProcessThatLivedLongest() throws {
        #expect(FaultReport.Resources(hours: 1, restarts: 3).text.contains("not known"))
        let text = FaultReport.Resources(
            hours: 2, restarts: 3, processHours: 1.5, descriptorsAtFirst: 30, descriptorsAtLast: 31,
            residentGrowthPerHour: 12, residentAtFirst: 80_000, residentAtLast: 80_020
        ).text
        for words in [
            "2.00 hours, 3 starts of the daemon", "lived 1.50 hours", "descriptors 30 to 31",
            "memory 80000 to 80020 KiB, 12 KiB an hour",
        ] { #expect(text.contains(words), "\(text)") }
    }

    @Test func growthIsTheSlope() throws {
        #expect(ProcessLooks.slope([(0, 10), (1, 12), (2, 14)]) == 2)
        #expect(ProcessLooks.slope([(0, 10), (1, 12)]) == nil)
        #expect(ProcessLooks.slope([(1, 1), (1, 2), (1, 3)]) == nil)
        let own = try #require(ProcessLooks.status("VmRSS", of: getpid()))
        #expect(own > 1000)
        #expect(ProcessLooks.status("VmRSS", of: -1) == nil)
    }

    @Test(arguments: [("10.8.0.2", 16), ("fd08::2", 28)])
    func addressesAreTheSystems(_ text: String, _ length: Int) throws {
        let address = try #require(SocketAddress(text, port: 0x1b58))
        #expect(address.bytes.count == length && Array(address.bytes[2...3]) == [0x1b, 0x58])
        #expect(SocketAddress("somewhere", port: 1) == nil)
    }
}
