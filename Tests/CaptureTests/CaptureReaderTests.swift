import Capture
import PacketPath
import PacketSamples
import TestSupport
import Testing

/// A capture in code, and what a reader finds in it.
struct CaptureCase: Sendable, CustomStringConvertible {
    var description: String
    var file: [UInt8]
    /// What `CaptureReaderTests.found` says of each frame.
    var frames: [String]
    var error: CaptureError?
}

@Suite struct CaptureReaderTests {
    private static let small = CaptureText()
    private static let big = CaptureText(bigEndian: true)
    private static let packet = Bytes.ipv4(17, Bytes.udp(5353, 53))
    private static let six = Bytes.ipv6(17, Bytes.udp(5353, 53))

    private static let whole =
        [small, big].flatMap { text in
            let order = text.bigEndian ? "big" : "little"
            return [
                CaptureCase(
                    description: "pcap, \(order)-endian",
                    file: text.pcapHeader(link: 101) + text.record(packet) + text.record(seconds: 3, six),
                    frames: ["1 1000002000 raw 32/32 udp 53", "2 3000002000 raw 52/52 udp 53"]),
                CaptureCase(
                    description: "pcap with nanoseconds, \(order)-endian",
                    file: text.pcapHeader(magic: 0xa1b2_3c4d, link: 228) + text.record(packet),
                    frames: ["1 1000000002 ipv4 32/32 udp 53"]),
                CaptureCase(
                    description: "NFLOG is written in the file's order: \(order)-endian",
                    file: text.pcapHeader(link: 239)
                        + text.record(Bytes.nflog(family: 2, bigEndian: text.bigEndian, packet)),
                    frames: ["1 1000002000 nflog\(text.bigEndian ? "Big" : "Little")Endian 52/52 udp 53"]),
                CaptureCase(
                    description: "pcapng, \(order)-endian: interfaces, units, and blocks to skip",
                    file: text.sectionHeader() + text.interface(link: 101)
                        + text.block(5, text.long(0)) + text.enhanced(packet)
                        + text.interface(
                            link: 1,
                            options: text.option(2, Array("eth0".utf8)) + text.option(9, [9])
                                + text.option(14, text.long(7)) + text.option(0, []))
                        + text.enhanced(interface: 1, time: 1 << 33, Bytes.ethernet(0x86dd) + six)
                        + text.block(0x0bad, [1, 2, 3, 4]) + text.obsolete(packet) + text.simple(six),
                    frames: [
                        "1 1000002000 raw 32/32 udp 53", "2 15589934592 ethernet 66/66 udp 53",
                        "3 1000002000 raw 32/32 udp 53", "4 0 raw 52/52 udp 53",
                    ]),
            ]
        } + [
            CaptureCase(
                description: "sections of unlike order, each with its own interfaces",
                file: small.sectionHeader() + small.interface(link: 101) + small.enhanced(packet)
                    + big.sectionHeader() + big.interface(link: 229) + big.enhanced(six),
                frames: ["1 1000002000 raw 32/32 udp 53", "2 1000002000 ipv6 52/52 udp 53"]),
            CaptureCase(
                description: "a simple packet is cut at the interface's snapshot length",
                file: small.sectionHeader() + small.interface(link: 101, snapLength: 28)
                    + small.simple(Array(packet.prefix(28)), original: 32),
                frames: ["1 0 raw 28/32 udp 53"]),
            CaptureCase(
                description: "times in units of 2^-10 s, of 10^-12 s, and of a unit too small to count",
                file: small.sectionHeader()
                    + [0x8a, 12, 0x7f].flatMap {
                        small.interface(link: 101, options: small.option(9, [$0]))
                    } + small.enhanced(time: 1536, packet) + small.enhanced(interface: 1, time: 2999, packet)
                    + small.enhanced(interface: 2, time: 1 << 40, packet),
                frames: [
                    "1 1500000000 raw 32/32 udp 53", "2 2 raw 32/32 udp 53", "3 0 raw 32/32 udp 53",
                ]),
            CaptureCase(
                description: "a cut record",
                file: small.pcapHeader(link: 101) + small.record(Array(packet.prefix(21)), original: 32),
                frames: ["1 1000002000 raw 21/32 udp truncated-capture"]),
            CaptureCase(
                description: "modified pcap, which libpcap reads",
                file: small.pcapHeader(magic: 0xa1b2_cd34, link: 101) + small.modifiedRecord(packet)
                    + small.modifiedRecord(six),
                frames: ["1 1000002000 raw 32/32 udp 53", "2 1000002000 raw 52/52 udp 53"]),
            CaptureCase(
                description: "pcap 2.2, whose lengths stand the other way round",
                file: big.pcapHeader(link: 101, version: (2, 2))
                    + big.record(Array(packet.prefix(29)), original: 32, swapped: true),
                frames: ["1 1000002000 raw 29/32 udp 53"]),
            CaptureCase(
                description: "NFLOG that libpcap turns round",
                file: big.pcapHeader(magic: 0xa1b2_cd34, link: 239)
                    + big.modifiedRecord(Bytes.nflog(family: 2, bigEndian: true, packet)),
                frames: ["1 1000002000 nflogLittleEndian 52/52 udp 53"]),
            CaptureCase(
                description: "no records", file: small.pcapHeader(link: 101), frames: []),
        ]

    private static let broken = [
        CaptureCase(
            description: "empty", file: [], frames: [],
            error: CaptureError(offset: 0, reason: .endsInside("the file's magic number"))),
        CaptureCase(
            description: "text", file: Array("hello, world".utf8), frames: [],
            error: CaptureError(offset: 0, reason: .notACapture)),
        CaptureCase(
            description: "pcap of a version that nobody reads",
            file: small.pcapHeader(link: 1, version: (1, 2)),
            frames: [], error: CaptureError(offset: 0, reason: .notACapture)),
        CaptureCase(
            description: "modified pcap that ends in a record",
            file: small.pcapHeader(magic: 0xa1b2_cd34, link: 101) + small.modifiedRecord(packet)
                + small.modifiedRecord(packet).dropLast(), frames: ["1 1000002000 raw 32/32 udp 53"],
            error: CaptureError(offset: 24 + 56, reason: .endsInside("a record"))),
        CaptureCase(
            description: "a block longer than any",
            file: small.sectionHeader() + small.word(6) + small.word(1 << 24 + 4) + small.word(0), frames: [],
            error: CaptureError(offset: 40, reason: .blockTooLong(1 << 24 + 4))),
        CaptureCase(
            description: "a record that is longer than any",
            file: small.pcapHeader(link: 101) + small.record(packet) + small.word(1) + small.word(2)
                + small.word(262_145) + small.word(262_145), frames: ["1 1000002000 raw 32/32 udp 53"],
            error: CaptureError(offset: 24 + 48 + 8, reason: .frameTooLong(262_145))),
        CaptureCase(
            description: "a block of ten bytes",
            file: small.sectionHeader() + small.word(6) + small.word(10) + small.word(10), frames: [],
            error: CaptureError(offset: 40, reason: .badBlockLength(10))),
        CaptureCase(
            description: "an enhanced packet block without room for its own fields",
            file: small.sectionHeader() + small.interface(link: 101) + small.block(6, small.word(0)),
            frames: [], error: CaptureError(offset: 36 + 20 + 4, reason: .badBlockLength(16))),
        CaptureCase(
            description: "lengths that differ",
            file: small.sectionHeader() + small.word(5) + small.word(12) + small.word(16), frames: [],
            error: CaptureError(offset: 36 + 8, reason: .blockLengthsDiffer(12, 16))),
        CaptureCase(
            description: "a packet before any interface",
            file: small.sectionHeader() + small.enhanced(packet), frames: [],
            error: CaptureError(offset: 36 + 8, reason: .unknownInterface(0))),
        CaptureCase(
            description: "a simple packet before any interface",
            file: small.sectionHeader() + small.simple(packet), frames: [],
            error: CaptureError(offset: 36, reason: .unknownInterface(0))),
        CaptureCase(
            description: "a simple packet that is longer than its block",
            file: small.sectionHeader() + small.interface(link: 101) + small.simple(packet, original: 40),
            frames: [],
            error: CaptureError(offset: 36 + 20 + 8, reason: .leavesBlock("a captured length of 40"))),
        CaptureCase(
            description: "an option that is longer than its block",
            file: small.sectionHeader()
                + small.interface(link: 101, options: small.short(2) + small.short(9)),
            frames: [], error: CaptureError(offset: 36 + 16, reason: .leavesBlock("option 2"))),
        CaptureCase(
            description: "an order that is none",
            file: small.block(0x0a0d_0d0a, small.word(0x1111_1111) + small.long(0) + small.long(0)),
            frames: [],
            error: CaptureError(offset: 8, reason: .badByteOrder)),
        CaptureCase(
            description: "pcapng of the future",
            file: small.block(0x0a0d_0d0a, small.word(0x1a2b_3c4d) + small.word(2) + small.long(-1)),
            frames: [],
            error: CaptureError(offset: 12, reason: .unsupportedVersion(major: 2, minor: 0))),
    ]

    @Test(arguments: whole + broken)
    func reads(_ sample: CaptureCase) {
        let (frames, error) = Self.read(sample.file)
        #expect(frames == sample.frames)
        #expect(error == sample.error)
    }

    @Test(arguments: whole)
    func cutAnywhere(_ sample: CaptureCase) {
        var clean = 0
        for length in 0..<sample.file.count {
            let (frames, error) = Self.read(Array(sample.file.prefix(length)))
            #expect(frames.elementsEqual(sample.frames.prefix(frames.count)))
            if let error {
                #expect((0...length).contains(error.offset))
            } else {
                clean += 1
            }
        }
        // A cut between two records or blocks leaves a whole, shorter file; no sample has more than ten.
        #expect(clean < 10)
    }

    @Test func mutatedFiles() {
        let seed: UInt64 = 0x7063_6170
        var random = Seeded(seed)
        for _ in 0..<20_000 {
            let sample = Self.whole[Int.random(in: 0..<Self.whole.count, using: &random)]
            var file = sample.file
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<file.count, using: &random)
                file[place] =
                    Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : 0xff
            }
            let (frames, error) = Self.read(file)
            #expect(frames.count <= file.count / 12, "seed \(seed)")
            if let error { #expect((0...file.count).contains(error.offset), "seed \(seed)") }
        }
    }

    @Test func aFailureIsSaidOnce() throws {
        var reader = CaptureFile(Array("hello".utf8)).makeReader()
        #expect(throws: CaptureError(offset: 0, reason: .notACapture)) { try reader.next() }
        #expect(try reader.next() == nil)
    }

    @Test func aFrameOfAnotherFile() {
        let reader = CaptureFile([1, 2, 3]).makeReader()
        for (offset, length) in [(0, 9), (2, 1), (3, 1), (9, 9), (-1, 2), (1, -5), (Int.max, Int.max)] {
            let frame = CaptureFrame(
                number: 1, timestamp: 0, link: .raw, offset: offset, capturedLength: length,
                originalLength: length)
            _ = reader.decode(frame)
        }
    }

    static func read(_ bytes: [UInt8]) -> (frames: [String], error: CaptureError?) {
        let file = CaptureFile(bytes)
        var reader = file.makeReader()
        var frames: [String] = []
        do {
            while let frame = try reader.next() { frames.append(found(reader.decode(frame), frame)) }
            return (frames, nil)
        } catch {
            return (frames, error)
        }
    }

    private static func found(_ packet: DecodedPacket, _ frame: CaptureFrame) -> String {
        let protocolName = packet.ipProtocol == 17 ? "udp" : "\(packet.ipProtocol)"
        let answer = packet.drop.map(\.description) ?? "\(packet.destinationPort)"
        return "\(frame.number) \(frame.timestamp) \(frame.link) "
            + "\(frame.capturedLength)/\(frame.originalLength) \(protocolName) \(answer)"
    }
}
