import Capture
import Foundation
import NetworkTypes
import PacketPath
import PacketSamples
import TestSupport
import Testing

/// Another reader's opinion of the same frames.
@Suite(.enabled(if: Tshark.path != nil, "needs tshark"), .serialized)
struct TsharkTests {
    private static let captures = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Captures")

    private static let links = Set(PacketSample.all.map(\.link)).subtracting([143]).sorted()

    /// Recorded by tcpdump and dumpcap from veth and tun interfaces, all interfaces at once, and NFLOG groups.
    static let recordings = [
        "cooked.pcap", "cooked2.pcap", "fragments.pcap", "nflog.pcap", "nflog6.pcap", "tun.pcap",
        "two.pcapng", "vlan.pcap",
    ]

    @Test func everyRecordingIsCompared() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.captures.path)
        #expect(files.sorted() == Self.recordings)
    }

    @Test(arguments: recordings)
    func recorded(_ name: String) throws {
        let differences = try compare(Self.captures.appending(path: name).path)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test(arguments: links)
    func samples(_ link: UInt32) throws {
        try check(PacketSample.all.filter { $0.link == link }.map(\.bytes), link)
    }

    /// Frames that nobody would send. Wherever the decoder gives an answer, it is tshark's.
    @Test(arguments: links)
    func mutated(_ link: UInt32) throws {
        let samples = PacketSample.all.filter { $0.link == link && !$0.bytes.isEmpty }.map(\.bytes)
        var random = Seeded(UInt64(link))
        let frames = (0..<1000).map { index in
            var frame = samples[index % samples.count]
            let place = Int.random(in: 0..<min(frame.count, 64), using: &random)
            frame[place] = UInt8.random(in: 0...255, using: &random)
            return frame
        }
        try check(frames, link)
    }

    /// What a capture or a network cut.
    @Test(arguments: links)
    func cut(_ link: UInt32) throws {
        let whole = PacketSample.all.filter { $0.link == link }.map(\.bytes)
        let frames = whole.flatMap { frame in (0...frame.count).map { Array(frame.prefix($0)) } }
        try check(frames, link)
        // An NFLOG attribute that a capture cut is no attribute to tshark; the packet in it is one to us.
        if link != 239 { try check(frames, link, original: 300) }
    }

    private func check(_ frames: [[UInt8]], _ link: UInt32, original: Int? = nil) throws {
        let text = CaptureText()
        let file = FileManager.default.temporaryDirectory
            .appending(path: "gatehouse-tshark-\(UUID().uuidString).pcap")
        let records = frames.flatMap { text.record($0, original: original) }
        try Data(text.pcapHeader(link: Int(link)) + records).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let differences = try compare(file.path)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    private func compare(_ path: String) throws -> [String] {
        let theirs = try Tshark.frames(of: path)
        var reader = try CaptureFile(path: path).makeReader()
        var differences: [String] = []
        while let frame = try reader.next() {
            guard frame.number <= theirs.count else {
                return differences + ["frame \(frame.number): tshark has \(theirs.count)"]
            }
            let packet = reader.decode(frame)
            let other = theirs[frame.number - 1]
            if !Self.agree(packet, other) {
                let bytes = unsafe reader.bytes(of: frame).map {
                    String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
                }.joined()
                let reason = packet.drop?.description ?? ""
                differences.append("\(frame.number): \(Self.ours(packet)) \(reason)\n  \(other)\n  \(bytes)")
            }
        }
        return differences
    }

    private static func ours(_ packet: DecodedPacket) -> Tshark.Frame {
        Tshark.Frame(
            source: packet.source?.description ?? "", destination: packet.destination?.description ?? "",
            ipProtocol: packet.family == 0 ? "" : "\(packet.ipProtocol)",
            sourcePort: packet.hasPorts ? "\(packet.sourcePort)" : "",
            destinationPort: packet.hasPorts ? "\(packet.destinationPort)" : "",
            fragment: ["-", "first", "later"][Int(packet.fragment.rawValue)])
    }

    /// A frame that was decoded agrees in all; of a dropped one, what the line says does.
    private static func agree(_ packet: DecodedPacket, _ other: Tshark.Frame) -> Bool {
        var mine = ours(packet)
        mine.isMalformed = other.isMalformed
        // The options inside an extension header are the destination's affair; tshark reads them, and no further
        // when they are wrong.
        let stopped = other.isMalformed && ["0", "43", "44", "51", "60"].contains(other.ipProtocol)
        if stopped && (mine.source, mine.destination) == (other.source, other.destination) { return true }
        guard packet.drop != nil else {
            return mine == other
        }
        return (mine.source.isEmpty || (mine.source, mine.destination) == (other.source, other.destination))
            && (mine.sourcePort.isEmpty
                || (mine.sourcePort, mine.destinationPort) == (other.sourcePort, other.destinationPort))
    }
}
