import Capture
import NetworkTypes
import PacketPath
import PacketSamples
import PolicyLanguage
import Sessions

@testable import Replay

/// A pcap file in memory, frame by frame, and what becomes of it.
struct Recording {
    /// Monday, 23 November 2026, 10:00 UTC.
    static let start = Instant(secondsSince1970: 1_795_428_000)

    private(set) var bytes: [UInt8]

    init(link: Int = 101) {
        // Version 2.4, times in nanoseconds, as a little-endian machine writes it.
        bytes =
            Self.word(0xa1b2_3c4d) + [2, 0, 4, 0] + Self.word(0) + Self.word(0) + Self.word(262_144)
            + Self.word(link)
    }

    private static func word(_ value: Int) -> [UInt8] { Bytes.word(value).reversed() }

    mutating func add(_ frame: [UInt8], at time: Instant) {
        let (seconds, rest) = time.nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
        bytes +=
            Self.word(Int(seconds)) + Self.word(Int(rest)) + Self.word(frame.count) + Self.word(frame.count)
            + frame
    }

    mutating func add(_ frame: [UInt8], after seconds: Int64 = 0) {
        add(frame, at: Self.start + .seconds(seconds))
    }

    mutating func truncate(by count: Int) { bytes.removeLast(count) }

    func replay(
        _ sessions: [RecordedSession], under policy: Policy, at: Instant? = nil, flowLimit: Int = 1_000_000
    ) throws -> ReplayReport {
        try Self.replay([self], sessions, under: policy, at: at, flowLimit: flowLimit).report
    }

    /// Replays files one after the other, and says why one could not be read to its end.
    static func replay(
        _ recordings: [Recording], _ sessions: [RecordedSession], under policy: Policy, at: Instant? = nil,
        flowLimit: Int = 1_000_000
    ) throws -> (report: ReplayReport, failure: CaptureError?) {
        var settings = Replayer.Settings(key: (1, 2), at: at)
        settings.flowLimit = flowLimit
        var replayer = try Replayer(sessions, under: policy, settings: settings)
        var failure: CaptureError?
        let files = recordings.map { CaptureFile($0.bytes) }
        for file in files {
            var reader = file.makeReader()
            do throws(CaptureError) {
                var isMore = true
                while isMore {
                    var frames: [RecordedFrame] = []
                    isMore = try reader.nextPathFrames(interface: Replayer.interface, way: .either) {
                        frames.append(RecordedFrame($1, link: $0.link, timestamp: $0.timestamp))
                    }
                    try? replayer.process(frames)
                }
            } catch {
                failure = error
            }
        }
        let report = replayer.report()
        return (report, failure)
    }
}

/// Packets between a session's address and a host inside.
struct Packet {
    var near: IPAddress
    var far: IPAddress
    var kind: UInt8 = 6
    var port: UInt16 = 443
    var isOutward = true
    var flags: UInt8 = 0x10
    var options: [UInt8] = []
    var fragment = 0
    /// Instead of a TCP or UDP header.
    var payload: [UInt8]?

    init(_ near: String, _ far: String) {
        guard let near = IPAddress(near), let far = IPAddress(far), near.family == far.family else {
            preconditionFailure("\(near) and \(far) are no two ends")
        }
        self.near = near
        self.far = far
    }

    init(near: IPAddress, far: IPAddress) {
        self.near = near
        self.far = far
    }

    var bytes: [UInt8] {
        let ports = isOutward ? (40000, Int(port)) : (Int(port), 40000)
        let transport =
            payload
            ?? (kind == 6 ? Bytes.tcp(ports.0, ports.1, flags: flags) : Bytes.udp(ports.0, ports.1))
        let ends = isOutward ? near.bytes + far.bytes : far.bytes + near.bytes
        guard near.family == .ipv4 else {
            return [0x60, 0, 0, 0] + Bytes.short(transport.count) + [kind, 64] + ends + transport
        }
        let header = 20 + options.count
        return [0x40 | UInt8(header / 4), 0] + Bytes.short(header + transport.count) + [0x12, 0x34]
            + Bytes.short(fragment) + [64, kind, 0, 0] + ends + options + transport
    }

    func with(_ change: (inout Packet) -> Void) -> Packet {
        var copy = self
        change(&copy)
        return copy
    }

    var answer: Packet { with { $0.isOutward.toggle() } }
}
