import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import TestSupport
import Testing

@testable import Netfilter

/// Bytes as the kernel's headers lay them out, one line a struct or attribute. On a little-endian machine.
@Suite struct WireTests {
    /// linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
    static let onePut: [UInt8] = [
        // nlmsghdr: length 28, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, sequence 5, port 0
        28, 0, 0, 0, 0x10, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0,
        // nfgenmsg: AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
        0, 0, 0, 10,
        // NFNL_BATCH_GENID: 258
        8, 0, 1, 0, 0, 0, 1, 2,

        // nlmsghdr: length 72, nf_tables | NFT_MSG_DESTROYSETELEM, NLM_F_REQUEST, sequence 6
        72, 0, 0, 0, 30, 10, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0,
        // nfgenmsg: NFPROTO_INET
        1, 0, 0, 0,
        // NFTA_SET_ELEM_LIST_TABLE: "gate"
        9, 0, 1, 0, 0x67, 0x61, 0x74, 0x65, 0, 0, 0, 0,
        // NFTA_SET_ELEM_LIST_SET: "scope_of_4"
        15, 0, 2, 0, 0x73, 0x63, 0x6f, 0x70, 0x65, 0x5f, 0x6f, 0x66, 0x5f, 0x34, 0, 0,
        // NFTA_SET_ELEM_LIST_ELEMENTS, nested
        24, 0, 3, 0x80,
        // NFTA_LIST_ELEM, nested
        20, 0, 1, 0x80,
        // NFTA_SET_ELEM_KEY, nested
        16, 0, 1, 0x80,
        // NFTA_DATA_VALUE: interface 7 in host order, 10.8.0.2 in network order
        12, 0, 1, 0, 7, 0, 0, 0, 10, 8, 0, 2,
    ]

    static let rest: [UInt8] = [
        // nlmsghdr: length 96, nf_tables | NFT_MSG_NEWSETELEM, NLM_F_REQUEST | ACK | CREATE, sequence 7
        96, 0, 0, 0, 12, 10, 0x05, 0x04, 7, 0, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0,
        9, 0, 1, 0, 0x67, 0x61, 0x74, 0x65, 0, 0, 0, 0,
        15, 0, 2, 0, 0x73, 0x63, 0x6f, 0x70, 0x65, 0x5f, 0x6f, 0x66, 0x5f, 0x34, 0, 0,
        // NFTA_SET_ELEM_LIST_ELEMENTS > NFTA_LIST_ELEM > NFTA_SET_ELEM_KEY > NFTA_DATA_VALUE
        48, 0, 3, 0x80,
        44, 0, 1, 0x80,
        16, 0, 1, 0x80,
        12, 0, 1, 0, 7, 0, 0, 0, 10, 8, 0, 2,
        // NFTA_SET_ELEM_TIMEOUT: 60,000 ms
        12, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xea, 0x60,
        // NFTA_SET_ELEM_DATA, nested > NFTA_DATA_VALUE: mark 0x67000003 in host order
        12, 0, 2, 0x80,
        8, 0, 1, 0, 3, 0, 0, 0x67,
        // nlmsghdr: length 20, NFNL_MSG_BATCH_END, sequence 8; nfgenmsg
        20, 0, 0, 0, 0x11, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 10,
    ]

    /// Any bytes whatever: nothing traps, and a change is told at the end of a transaction alone.
    @Test(arguments: [UInt64(1), 2, 3]) func wordsOfOthersMayBeAnything(seed: UInt64) {
        var random = Seeded(seed)
        var reader = ForeignChangeReader(tables: ["gate"])
        let now = Samples.now
        for round in 0..<20_000 {
            // Half of them begin as a deletion of our table's elements does.
            var payload = Bool.random(using: &random) ? Self.onePut.dropFirst(28 + 16).prefix(56) : []
            if !payload.isEmpty {
                let place = payload.indices.randomElement(using: &random) ?? payload.startIndex
                payload[place] = UInt8.random(in: 0...255, using: &random)
            }
            let tail = (0..<Int.random(in: 0..<64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let type = UInt16(0x0a00) | UInt16.random(in: 0..<40, using: &random)
            let message = ReceivedMessage(
                type: type, sequence: 1, port: 7, payload: ArraySlice(Array(payload) + tail))
            let told = reader.take(message, at: now)
            #expect(told == nil || type == 0x0a0f, "seed \(seed), round \(round)")
            if let told { #expect(told.tables == ["gate"] && !told.description.isEmpty) }
        }
    }

    @Test func aPutIsTheseBytes() throws {
        let key = try Samples.key(7, "10.8.0.2")
        let element = Ruleset.Element(scope: try Samples.scope(3), expires: Samples.now + .seconds(60))
        let layout = RulesetLayout(table: "gate", tunnels: [])
        let transaction = Transaction([.put(key, element)], in: layout, at: Samples.now)
        let bytes = NetlinkConnection.batch("gate", transaction.operations, from: 5, generation: 258)
        #expect(bytes == Self.onePut + Self.rest)
    }

    /// Every message of every sample is whole: lengths add up, attributes too, and nothing reaches the 64 KiB at
    /// which an attribute's length would wrap.
    @Test func messagesAddUp() throws {
        for (name, ruleset) in try Samples.rulesets() {
            let operations = Transaction(replacing: ruleset, at: Samples.now).operations
            let bytes = NetlinkConnection.batch("t", operations, from: 1, generation: nil)
            let messages = ReceivedMessage.all(in: bytes[...])
            #expect(messages.count == operations.count + 2, "\(name)")
            for message in messages {
                let sizes = message.attributes.map { ($0.value.count + 4 + 3) & ~3 }
                #expect(sizes.reduce(4, +) == message.payload.count)
            }
        }
    }

    @Test func theLargestElementsFitOneMessage() throws {
        let top = IPAddress(ipv6: .max)
        let parts: [KeyPart] = [.address(top), .ipProtocol(255), .port(.max)]
        let elements = Array(repeating: SetElement(parts, to: parts), count: Operation.elementsPerMessage)
        let bytes = NetlinkConnection.batch("t", [.addElements(set: "s", elements)], from: 1, generation: nil)
        #expect(bytes.count < 65_535)
    }

    @Test func answersAreRead() throws {
        // nlmsgerr with NETLINK_CAP_ACK: errno -2, the request's header (sequence 77), NLMSGERR_ATTR_MSG "no"
        let error: [UInt8] = [
            44, 0, 0, 0, 2, 0, 0, 3, 77, 0, 0, 0, 0, 0, 0, 0,
            0xfe, 0xff, 0xff, 0xff,
            28, 0, 0, 0, 12, 10, 5, 4, 77, 0, 0, 0, 0, 0, 0, 0,
            7, 0, 1, 0, 0x6e, 0x6f, 0, 0,
        ]
        let answer = try #require(ReceivedMessage.all(in: error[...]).first?.answer)
        #expect(answer.errno == 2 && answer.sequence == 77 && answer.detail == "no")
    }

    /// It has no positive: as an error it stays one.
    @Test func theLowestErrorIsRead() throws {
        let error: [UInt8] = [
            36, 0, 0, 0, 2, 0, 0, 3, 77, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0x80,
            28, 0, 0, 0, 12, 10, 5, 4, 77, 0, 0, 0, 0, 0, 0, 0,
        ]
        let answer = try #require(ReceivedMessage.all(in: error[...]).first?.answer)
        #expect(answer.errno != 0 && answer.sequence == 77)
    }

    /// Whatever comes in, reading ends and never traps.
    @Test func readingNeverTraps() throws {
        var random = Seeded(0x6761_7465)
        let good = Self.onePut + Self.rest
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            for message in ReceivedMessage.all(in: bytes[...]) {
                _ = message.answer
                _ = DumpedElement.all(in: message).map { $0.session(readAt: Samples.now) }
            }
        }
    }
}
