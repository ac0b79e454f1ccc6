package import PacketPath
package import Reference

/// Frames of sessions chosen at random, outward, to destinations of their scopes and a few others.
package final class Traffic {
    package enum Sizes: String {
        /// 64 bytes; an IPv6 frame with a TCP header is 74.
        case small = "64"
        /// 7 : 4 : 1 of 64, 594 and 1518 bytes.
        case mix = "imix"

        func length(_ random: inout Random) -> Int {
            guard self == .mix else { return 64 }
            switch random.below(12) {
            case 0..<7: return 64
            case 7..<11: return 594
            default: return 1518
            }
        }
    }

    package let count: Int
    package let frames: UnsafeMutablePointer<PathFrame>
    package let reference: UnsafeMutablePointer<reference_frame>
    private let bytes: UnsafeMutableRawPointer

    package init(_ scopes: Scopes, family: Family, sessions: Int, sizes: Sizes, count: Int) {
        self.count = count
        var random = Random(17)
        let lengths = (0..<count).map { _ in sizes.length(&random) }
        // No frame is longer than 80 bytes when it is asked to be 64; frames begin at multiples of 16.
        let room = lengths.reduce(0) { $0 + Self.rounded(max(80, $1)) }
        bytes = .allocate(byteCount: room, alignment: 64)
        frames = .allocate(capacity: count)
        reference = .allocate(capacity: count)
        var offset = 0
        for index in 0..<count {
            let session = random.below(sessions)
            let isIPv6 = family.isIPv6(session)
            let wanted = scopes.destination(session % Scopes.count, isIPv6: isIPv6, &random)
            let place = bytes + offset
            let length = Frame.write(at: place, session, isIPv6: isIPv6, wanted, length: lengths[index])
            (frames + index).initialize(
                to: PathFrame(
                    UnsafeRawBufferPointer(start: place, count: length), wireLength: length,
                    interface: Sessions.interface, way: .outward))
            (reference + index).initialize(
                to: reference_frame(
                    bytes: UnsafePointer(place.assumingMemoryBound(to: UInt8.self)), captured: UInt32(length),
                    wire: UInt32(length), interface: Sessions.interface, way: 0))
            offset += Self.rounded(length)
        }
    }

    private static func rounded(_ length: Int) -> Int { (length + 15) & ~15 }

    deinit {
        bytes.deallocate()
        frames.deallocate()
        reference.deallocate()
    }
}

/// Ethernet, IPv4 or IPv6, TCP with ACK or UDP. Checksums are left out: nobody looks at them.
private enum Frame {
    package static func write(
        at place: UnsafeMutableRawPointer, _ session: Int, isIPv6: Bool, _ wanted: Destination, length: Int
    ) -> Int {
        let header = 14 + (isIPv6 ? 40 : 20)
        let length = max(length, header + (wanted.ipProtocol == 6 ? 20 : 8))
        place.initializeMemory(as: UInt8.self, repeating: 0, count: length)
        store(place, 12, UInt16(isIPv6 ? 0x86dd : 0x0800))
        if isIPv6 {
            let source = Sessions.ipv6(session)
            store(place, 14, UInt32(0x6000_0000))
            store(place, 18, UInt16(length - header))
            store(place, 20, wanted.ipProtocol)
            store(place, 21, UInt8(64))
            store(place, 22, source.high)
            store(place, 30, source.low)
            store(place, 38, wanted.address)
        } else {
            store(place, 14, UInt8(0x45))
            store(place, 16, UInt16(length - 14))
            store(place, 22, UInt8(64))
            store(place, 23, wanted.ipProtocol)
            store(place, 26, Sessions.ipv4(session))
            store(place, 30, UInt32(truncatingIfNeeded: wanted.address))
        }
        store(place, header, UInt16(truncatingIfNeeded: 40_000 + session % 20_000))
        store(place, header + 2, wanted.port)
        if wanted.ipProtocol == 6 {
            store(place, header + 12, UInt8(0x50))
            store(place, header + 13, UInt8(0x10))
        } else {
            store(place, header + 4, UInt16(length - header))
        }
        return length
    }

    private static func store<Number: FixedWidthInteger & BitwiseCopyable>(
        _ place: UnsafeMutableRawPointer, _ offset: Int, _ number: Number
    ) {
        place.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
    }
}
