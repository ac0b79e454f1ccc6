import CNetfilter
import Glibc
import NetworkTypes
import TestSupport
import Testing

@testable import Netfilter

/// The real kernel, asked by many packets at once: a batch is written into the tunnels and into `lan0`, then what came
/// out is read until the last packet, which is always let through, has come out on each interface.
///
/// A packet is known by its tag and then compared byte for byte, so that what the kernel says itself (its resets and
/// errors, neighbour discovery) is not taken for it. For the namespace's thread alone.
struct KernelJudge {
    private let tunnels: [TunnelDevice]
    private let lan: TunnelDevice
    private let gateway: RawSockets
    /// By tag: the place in the batch and one, or 0.
    private var placeOfTag = [UInt16](repeating: 0, count: 1 << 16)
    private var buffer = [UInt8](repeating: 0, count: 2048)
    /// Bytes of each trial's transport that came out on the side where they belong; -1 when no packet did.
    private(set) var arrived: [Int] = []
    /// What came out that should not have in any case: changed, or on the wrong side.
    private(set) var strange: [String] = []
    /// Packets that the kernel made itself.
    private(set) var answers = 0
    private var sentinels = 0

    init(_ gateway: Gateway) throws {
        tunnels = gateway.tunnels
        lan = gateway.lan
        self.gateway = try RawSockets()
    }

    struct Silence: Error, CustomStringConvertible {
        let description = "the last packet of a batch did not come through within a minute"
    }

    /// Sends every frame, in order, and waits for what comes of it.
    mutating func judge(_ trials: [Trial], _ writer: TrialWriter) throws {
        arrived = [Int](repeating: -1, count: trials.count)
        strange.removeAll(keepingCapacity: true)
        for (place, trial) in trials.enumerated() { placeOfTag[Int(trial.tag)] = UInt16(place + 1) }
        for frame in writer.frames {
            let trial = trials[frame.trial]
            let bytes = writer.bytes[frame.start..<(frame.start + frame.count)]
            switch (trial.way, trial.isOfGateway) {
            case (.outward, _): try tunnels[trial.tunnel].write(bytes)
            case (.toward, false): try lan.write(bytes)
            case (.toward, true): try gateway.send(bytes, to: trial.near)
            }
        }
        try finish(trials, writer)
        for trial in trials { placeOfTag[Int(trial.tag)] = 0 }
    }

    // MARK: Reading

    private mutating func finish(_ trials: [Trial], _ writer: TrialWriter) throws {
        sentinels += 1
        let mark = UInt8(truncatingIfNeeded: sentinels)
        let server = RandomPolicy.sentinelServer
        for (place, tunnel) in tunnels.enumerated() {
            let session = Ground.near(.ipv4, place, RandomPolicy.sentinelHost)
            try lan.write(
                Packet.tcp(server, 1, session, UInt16(mark) + 1, .ack, payload: [mark]).bytes[...])
            if place == 0 {
                try tunnel.write(
                    Packet.tcp(session, UInt16(mark) + 1, server, 1, .ack, payload: [mark]).bytes[...])
            }
        }
        for (place, tunnel) in tunnels.enumerated() {
            try drain(tunnel, mark) { $0.readTunnel($1, place, trials, writer) }
        }
        try drain(lan, mark) { $0.readLAN($1, trials, writer) }
    }

    /// Reads until the last packet of this batch.
    private mutating func drain(
        _ device: TunnelDevice, _ mark: UInt8, _ take: (inout KernelJudge, Int) -> Void
    ) throws {
        while true {
            let count = device.read(into: &buffer)
            if count <= 0 {
                guard device.waitForPacket(milliseconds: 60_000) else { throw Silence() }
                continue
            }
            let isSentinel =
                count == 41 && buffer[0] == 0x45 && buffer[9] == 6 && buffer[40] == mark
                && (buffer[15] == UInt8(RandomPolicy.sentinelHost)
                    || buffer[19] == UInt8(RandomPolicy.sentinelHost))
            if isSentinel { return }
            take(&self, count)
        }
    }

    private mutating func readTunnel(_ count: Int, _ tunnel: Int, _ trials: [Trial], _ writer: TrialWriter) {
        guard let place = trialOfBuffer(count, trials, writer) else { return answers += 1 }
        let trial = trials[place]
        guard trial.way == .toward, trial.tunnel == tunnel else {
            return strange.append("came out of tun\(tunnel): \(trial)")
        }
        take(count, place, trials, writer)
    }

    private mutating func readLAN(_ count: Int, _ trials: [Trial], _ writer: TrialWriter) {
        guard let place = trialOfBuffer(count, trials, writer) else { return answers += 1 }
        guard trials[place].way == .outward else {
            return strange.append("came out of lan0: \(trials[place])")
        }
        take(count, place, trials, writer)
    }

    /// The trial whose tag and ends the packet in the buffer has.
    private func trialOfBuffer(_ count: Int, _ trials: [Trial], _ writer: TrialWriter) -> Int? {
        let isIPv4 = buffer[0] >> 4 == 4
        guard count >= (isIPv4 ? 20 : 40) else { return nil }
        let tag = isIPv4 ? Int(buffer[4]) << 8 | Int(buffer[5]) : Int(buffer[2]) << 8 | Int(buffer[3])
        let place = Int(placeOfTag[tag]) - 1
        guard place >= 0, (trials[place].family == .ipv4) == isIPv4 else { return nil }
        // All pieces of a trial have the same ends.
        guard let first = writer.firstFrame(of: place) else { return nil }
        let sent = writer.frames[first]
        for offset in isIPv4 ? 12..<20 : 8..<40 where buffer[offset] != writer.bytes[sent.start + offset] {
            return nil
        }
        // An answer to what had the same address at both ends has them too, but another protocol behind it.
        return isIPv4 && buffer[9] != trials[place].ipProtocol ? nil : place
    }

    /// Compares what came with what was sent, whole or in pieces, and counts its bytes.
    private mutating func take(_ count: Int, _ place: Int, _ trials: [Trial], _ writer: TrialWriter) {
        let trial = trials[place]
        var (header, offset) = (0, 0)
        if trial.family == .ipv4 {
            header = Int(buffer[0] & 15) * 4
            offset = (Int(buffer[6] & 0x1f) << 8 | Int(buffer[7])) * 8
        } else {
            (header, offset) = ends(count, trial)
        }
        let sum = TrialWriter.cutLength(trial)
        guard header <= count, offset + count - header <= sum else {
            return note("longer", trial)
        }
        guard let first = writer.firstFrame(of: place) else { return }
        for frame in writer.frames[first...] {
            if frame.trial != place { break }
            let length = frame.count - frame.header
            for byte in 0..<length {
                let at = header + frame.offset + byte - offset
                if at < header || at >= count { continue }
                if buffer[at] != writer.bytes[frame.start + frame.header + byte] {
                    return note("changed", trial)
                }
            }
        }
        // Options that were moved ahead of the fragment header came once for all.
        let moved = trial.cuts.hasOptionsInside && offset == 8 ? 8 : 0
        arrived[place] = max(0, arrived[place]) + count - header + moved
    }

    /// Between the gateway itself and another host the kernel's own packets have the same ends, and now and then the same
    /// tag. One that should have come and did not is noticed all the same.
    private mutating func note(_ what: String, _ trial: Trial) {
        if Ground.isOwn(trial.source) { return answers += 1 }
        strange.append("came out \(what): \(trial)")
    }

    /// Of an IPv6 packet in the buffer: where its extension headers end, and which byte of what was cut is there.
    ///
    /// When the kernel cuts again what it had put together it cuts behind destination options (`ip6_find_1stfragopt`),
    /// also those that were inside.
    private func ends(_ count: Int, _ trial: Trial) -> (header: Int, offset: Int) {
        var (header, offset, before) = (40, 0, 0)
        let own = trial.chainHeaders.count
        var next = buffer[6]
        while before < own || next == 44 || next == 60 && trial.cuts.hasOptionsInside, header + 8 <= count {
            let units = Int(buffer[header + 1])
            switch next {
            case 44:
                offset += (Int(buffer[header + 2]) << 8 | Int(buffer[header + 3])) & ~7
                return (header + 8, offset)
            case 51: header += (units + 2) * 4
            default:
                header += (units + 1) * 8
                if before == own { offset = 8 }
            }
            next = buffer[header - (next == 51 ? (units + 2) * 4 : (units + 1) * 8)]
            before += 1
        }
        return (header, offset)
    }
}

extension TrialWriter {
    /// A trial's frames are together, and trials are in order. Nil when none of them is sent.
    func firstFrame(of trial: Int) -> Int? {
        var (low, high) = (0, frames.count)
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].trial < trial { low = middle + 1 } else { high = middle }
        }
        return low < frames.count && frames[low].trial == trial ? low : nil
    }
}

/// What the gateway's own programs send: packets whole, with their IP headers, by its routes.
final class RawSockets {
    private let sockets: [AddressFamily: Int32]

    init() throws {
        var sockets: [AddressFamily: Int32] = [:]
        for family in AddressFamily.allCases {
            let domain = family == .ipv4 ? AF_INET : AF_INET6
            let made = socket(
                domain, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
            guard made >= 0 else { throw SystemError(call: "socket", number: errno) }
            sockets[family] = made
        }
        self.sockets = sockets
    }

    deinit { for made in sockets.values { _ = close(made) } }

    /// That the rules refused it is no error here: it does not come out.
    func send(_ packet: ArraySlice<UInt8>, to address: IPAddress) throws {
        guard let descriptor = sockets[address.family] else { return }
        let sent: Int
        switch address.family {
        case .ipv4:
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
            sent = unsafe Self.send(descriptor, packet, place)
        case .ipv6:
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            unsafe withUnsafeMutableBytes(of: &place.sin6_addr) { unsafe $0.copyBytes(from: address.bytes) }
            sent = unsafe Self.send(descriptor, packet, place)
        }
        guard sent == packet.count || sent < 0 && errno == EPERM else {
            throw SystemError(call: "sendto", number: errno)
        }
    }

    /// `place` must be one of the kernel's socket addresses. It is read during the call, and its size is its own.
    @unsafe private static func send<Place>(_ descriptor: Int32, _ packet: ArraySlice<UInt8>, _ place: Place)
        -> Int
    {
        unsafe withUnsafeBytes(of: place) { raw in
            unsafe packet.withUnsafeBytes { bytes in
                unsafe sendto(
                    descriptor, bytes.baseAddress, bytes.count, 0,
                    raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
        }
    }
}

/// Forgets every connection that is tracked in the calling thread's network namespace.
func forgetTrackedConnections() throws {
    var socket = try NetlinkSocket()
    var writer = MessageWriter()
    writer.message(
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_DELETE.rawValue), flags: NLM_F_ACK,
        sequence: 1, family: UInt8(AF_UNSPEC))
    try socket.send(writer.bytes)
    while let datagram = try socket.receive() {
        for message in ReceivedMessage.all(in: datagram) {
            if let answer = message.answer, answer.errno != 0 {
                throw SystemError(call: "forget connections", number: answer.errno)
            }
        }
    }
}
