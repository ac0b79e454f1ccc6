import NetworkTypes
import PacketPath
import PacketSamples
import TestSupport
import Testing

@Suite struct PacketDecoderTests {
    @Test func ethernetByHand() {
        let frame = Bytes.hex(
            """
            02 00 00 00 00 02  02 00 00 00 00 01  08 00
            45 00 00 2c  00 01 40 00  40 06 00 00
            c0 00 02 01
            c6 33 64 02
            30 39 01 bb  00 00 00 01  00 00 00 02  50 18 ff ff  00 00 00 00
            61 62 63 64
            ff ff
            """)
        let packet = PacketDecoder.decode(frame, link: .ethernet)
        var expected = DecodedPacket()
        expected.family = 4
        expected.ipProtocol = 6
        expected.sourceLow = 0xc000_0201
        expected.destinationLow = 0xc633_6402
        expected.sourcePort = 12345
        expected.destinationPort = 443
        expected.hasPorts = true
        expected.tcpFlags = 0x18
        expected.hopLimit = 64
        expected.length = 44
        expected.payloadLength = 24
        #expect(packet == expected)
        #expect(packet.source?.description == "192.0.2.1")
        #expect(packet.destination?.description == "198.51.100.2")
    }

    @Test func ipv6ByHand() {
        // Hop-by-hop, then a first fragment of UDP.
        let packet = PacketDecoder.decode(
            Bytes.hex(
                """
                60 00 00 00  00 18 00 40
                20 01 0d b8 00 00 00 00  00 00 00 00 00 00 00 01
                20 01 0d b8 00 00 00 00  00 00 00 00 00 00 00 02
                2c 00 05 02 00 00 01 00
                11 00 00 01 12 34 56 78
                00 35 ff 00 00 10 00 00
                """), link: .raw)
        var expected = DecodedPacket()
        expected.family = 6
        expected.ipProtocol = 17
        expected.sourceHigh = 0x2001_0db8_0000_0000
        expected.sourceLow = 1
        expected.destinationHigh = 0x2001_0db8_0000_0000
        expected.destinationLow = 2
        expected.sourcePort = 53
        expected.destinationPort = 0xff00
        expected.hasPorts = true
        expected.length = 64
        expected.payloadLength = 8
        expected.fragment = .first
        expected.hopLimit = 64
        #expect(packet == expected)
    }

    /// The struct travels through batches by value: a cache line is its bound.
    @Test func fitsACacheLine() {
        #expect(MemoryLayout<DecodedPacket>.stride <= 64)
    }

    @Test(arguments: PacketSample.all)
    func agreesWithTheSlowDecoder(_ sample: PacketSample) {
        for bigEndian in [false, true] {
            let link = LinkType(number: sample.link, bigEndian: bigEndian)
            compare(sample.bytes, link, 0)
        }
    }

    @Test func bigEndianNFLOG() {
        let frame = Bytes.nflog(family: 2, bigEndian: true, Bytes.ipv4(6, Bytes.tcp(46998, 443)))
        let packet = PacketDecoder.decode(frame, link: .nflogBigEndian)
        #expect(packet.drop == nil)
        #expect(packet.destinationPort == 443)
        #expect(PacketDecoder.decode(frame, link: .nflogLittleEndian).drop == .badLinkHeader)
    }

    @Test func everyReasonHasASample() {
        let seen = Set(
            PacketSample.all.map {
                PacketDecoder.decode($0.bytes, link: LinkType(number: $0.link, bigEndian: false)).drop
            })
        // A sample is a whole frame; cut ones are `everyLength`'s.
        for reason in DropReason.allCases where reason != .truncatedCapture {
            #expect(seen.contains(reason), "\(reason)")
        }
        #expect(Set(DropReason.allCases.map(\.description)).count == DropReason.allCases.count)
    }

    @Test(arguments: PacketSample.all)
    func everyLength(_ sample: PacketSample) {
        let link = LinkType(number: sample.link, bigEndian: false)
        let whole = PacketDecoder.decode(sample.bytes, link: link)
        for length in 0..<sample.bytes.count {
            let cut = Array(sample.bytes.prefix(length))
            let bySnapLength = PacketDecoder.decode(cut, link: link, wireLength: sample.bytes.count)
            let byNetwork = PacketDecoder.decode(cut, link: link)
            for packet in [bySnapLength, byNetwork] {
                #expect(!packet.hasPorts || whole.hasPorts)
                if packet.hasPorts {
                    #expect(packet.sourcePort == whole.sourcePort)
                    #expect(packet.destinationPort == whole.destinationPort)
                } else {
                    #expect(packet.sourcePort == 0 && packet.destinationPort == 0)
                }
            }
            // What the capture left out changes no reason to another, and no answer.
            #expect([whole.drop, .truncatedCapture].contains(bySnapLength.drop), "\(length)")
            compare(cut, link, sample.bytes.count)
            compare(cut, link, 0)
        }
    }

    @Test func truncatedCapture() {
        let frame = Bytes.ipv4(6, Bytes.tcp(46998, 443))
        let cut = PacketDecoder.decode(Array(frame.prefix(39)), link: .raw, wireLength: frame.count)
        #expect(cut.drop == .truncatedCapture)
        let headers = PacketDecoder.decode(Array(frame.prefix(40)), link: .raw, wireLength: frame.count)
        #expect(headers.drop == nil)
        #expect(headers.payloadLength == 24)
    }

    /// Any bytes: mutated samples, against the slow decoder.
    @Test func mutatedFrames() {
        let seed: UInt64 = 0x6761_7465
        var random = Seeded(seed)
        for round in 0..<200_000 {
            let sample = PacketSample.all[Int.random(in: 0..<PacketSample.all.count, using: &random)]
            var bytes = sample.bytes
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                // Small numbers and single bits: what length fields and next headers are made of.
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                default: bytes[place] = [0, 6, 17, 43, 44, 51, 58, 60].randomElement(using: &random) ?? 0
                }
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
            }
            let link =
                Int.random(in: 0..<8, using: &random) == 0
                ? LinkType.allCases.randomElement(using: &random) ?? .raw
                : LinkType(number: sample.link, bigEndian: false)
            let wire = Int.random(in: 0..<4, using: &random) == 0 ? sample.bytes.count : 0
            if !agrees(bytes, link, wire) {
                Issue.record("seed \(seed), round \(round)")
                compare(bytes, link, wire)
                return
            }
        }
    }

    private func agrees(_ bytes: [UInt8], _ link: LinkType, _ wire: Int) -> Bool {
        let slow = SlowDecoder.decode(bytes, link: link, wireLength: wire)
        let fast = PacketDecoder.decode(bytes, link: link, wireLength: wire)
        return plain(fast) == slow.packet
            && PacketDecoder.decodeQuote(of: fast, in: bytes) == slow.quote.map(SlowDecoder.decodeQuote)
    }

    private func compare(_ bytes: [UInt8], _ link: LinkType, _ wire: Int) {
        let slow = SlowDecoder.decode(bytes, link: link, wireLength: wire)
        let fast = PacketDecoder.decode(bytes, link: link, wireLength: wire)
        #expect(plain(fast) == slow.packet, "\(link) \(bytes)")
        #expect(
            PacketDecoder.decodeQuote(of: fast, in: bytes) == slow.quote.map(SlowDecoder.decodeQuote),
            "\(link) \(bytes)")
    }

    /// Without the place of the quote, which the slow decoder gives as bytes.
    private func plain(_ packet: DecodedPacket) -> DecodedPacket {
        var plain = packet
        plain.quoteOffset = 0
        plain.quoteLength = 0
        return plain
    }
}
