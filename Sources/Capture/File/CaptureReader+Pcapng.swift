import PacketPath

/// A section of a pcapng file (draft-ietf-opsawg-pcapng): its byte order and the interfaces described so far.
struct PcapngSection {
    /// The type of a section header block: the same in both byte orders.
    static let headerBlock: UInt32 = 0x0a0d_0d0a

    struct Interface {
        let link: LinkType
        let snapLength: UInt32
        var unit = TimestampUnit.microseconds
        /// Seconds to add to every timestamp.
        var secondsOffset: UInt64 = 0

        /// Nanoseconds since the Unix epoch; what does not fit 64 bits wraps.
        func nanoseconds(_ count: UInt64) -> UInt64 {
            unit.nanoseconds(count) &+ secondsOffset &* 1_000_000_000
        }

        fileprivate func frame(of packet: EnhancedPacket, number: Int, at offset: Int) -> CaptureFrame {
            CaptureFrame(
                number: number, timestamp: nanoseconds(UInt64(packet.high) << 32 | UInt64(packet.low)),
                link: link, offset: offset, capturedLength: Int(packet.captured),
                originalLength: Int(packet.original))
        }
    }

    var bigEndian = false
    var interfaces: [Interface] = []
}

/// A pcapng block whose two lengths agree and which the file holds.
private struct Block {
    let type: UInt32
    let start: Int
    /// The block's whole length: at least 12, and a multiple of four.
    let length: Int

    var body: Int { start + 8 }
    /// Where the length's repetition begins.
    var bodyEnd: Int { start + length - 4 }
    var bodyLength: Int { length - 12 }
}

/// The head of an enhanced packet block as it lies in the file.
private struct EnhancedPacket: BitwiseCopyable {
    static let length = 28

    var type, blockLength, interface, high, low, captured, original: UInt32

    func inOrder(bigEndian: Bool) -> EnhancedPacket {
        guard bigEndian != (UInt16(bigEndian: 1) == 1) else { return self }
        return EnhancedPacket(
            type: type.byteSwapped, blockLength: blockLength.byteSwapped, interface: interface.byteSwapped,
            high: high.byteSwapped, low: low.byteSwapped, captured: captured.byteSwapped,
            original: original.byteSwapped)
    }
}

extension CaptureReader {
    /// Takes the next block, and then every further one that is in memory, while the batch has room. Blocks of
    /// unknown types are skipped, as the format asks.
    mutating func takeBlocks() throws(CaptureError) {
        repeat {
            if window.endsCleanly(at: offset) { return finish() }
            let block = try readBlock()
            switch block.type {
            case PcapngSection.headerBlock: try checkVersion(block)
            case 1: section.interfaces.append(try readInterface(block))
            case 2: append(try readPacket(block, isObsolete: true))
            case 3: append(try readSimplePacket(block))
            case 6: append(try readPacket(block, isObsolete: false))
            default: break
            }
            offset = block.start + block.length
            takePackets()
        } while hasRoom && isNextBlockAtHand
    }

    /// Takes enhanced packet blocks as long as they are in memory and nothing is wrong with them: what most files
    /// consist of, at a third of the cost.
    private mutating func takePackets() {
        let base = unsafe window.base
        let start = window.start
        let interfaces = section.interfaces
        let bigEndian = section.bigEndian
        var place = offset &- start
        // The block's end is compared with the window's before anything behind its first 28 bytes is used.
        while hasRoom, window.end &- start &- place >= EnhancedPacket.length {
            let packet = unsafe base.loadUnaligned(fromByteOffset: place, as: EnhancedPacket.self)
                .inOrder(bigEndian: bigEndian)
            let length = Int(packet.blockLength)
            guard packet.type == 6, length & 3 == 0, length <= CaptureFile.maximumBlockLength,
                length <= window.end &- start &- place,
                Int(packet.captured) <= min(length &- 32, CaptureFile.maximumFrameLength),
                Int(packet.interface) < interfaces.count,
                word(start &+ place &+ length &- 4, bigEndian: bigEndian) == packet.blockLength
            else { break }
            append(
                interfaces[Int(packet.interface)].frame(
                    of: packet, number: nextNumber, at: start &+ place &+ EnhancedPacket.length))
            place &+= length
        }
        offset = start &+ place
    }

    /// True when the next block can be read without moving the window. Whether it is one is seen when it is read.
    /// A section header is not: its length may be in the other order.
    private var isNextBlockAtHand: Bool {
        window.contains(offset, 12) && window.word(offset) != PcapngSection.headerBlock
            && window.contains(offset, Int(word(offset + 4, bigEndian: section.bigEndian)))
    }

    private mutating func readBlock() throws(CaptureError) -> Block {
        guard window.holds(offset, 12) else { throw failure(at: offset, .endsInside("a block header")) }
        if window.word(offset) == PcapngSection.headerBlock {
            section = PcapngSection(bigEndian: try readByteOrder())
        }
        let type = word(offset, bigEndian: section.bigEndian)
        let length = word(offset + 4, bigEndian: section.bigEndian)
        guard length >= 12, length % 4 == 0 else {
            throw failure(at: offset + 4, .badBlockLength(length))
        }
        guard length <= UInt32(CaptureFile.maximumBlockLength) else {
            throw failure(at: offset + 4, .blockTooLong(length))
        }
        guard window.holds(offset, Int(length)) else {
            throw failure(at: offset, .endsInside("a block of \(length) bytes"))
        }
        let block = Block(type: type, start: offset, length: Int(length))
        let repeated = word(block.bodyEnd, bigEndian: section.bigEndian)
        guard repeated == length else {
            throw failure(at: block.bodyEnd, .blockLengthsDiffer(length, repeated))
        }
        return block
    }

    private func readByteOrder() throws(CaptureError) -> Bool {
        switch window.word(offset + 8) {
        case 0x1a2b_3c4d: return false
        case 0x4d3c_2b1a: return true
        default: throw failure(at: offset + 8, .badByteOrder)
        }
    }

    private func checkVersion(_ block: Block) throws(CaptureError) {
        try need(16, in: block)
        let major = short(block.body + 4, bigEndian: section.bigEndian)
        let minor = short(block.body + 6, bigEndian: section.bigEndian)
        // Minor version 2 is read alike (draft-ietf-opsawg-pcapng section 4.1).
        guard major == 1 else {
            throw failure(at: block.body + 4, .unsupportedVersion(major: major, minor: minor))
        }
    }

    private func readInterface(
        _ block: Block
    ) throws(CaptureError) -> PcapngSection.Interface {
        try need(8, in: block)
        let number = UInt32(short(block.body, bigEndian: section.bigEndian))
        var interface = PcapngSection.Interface(
            link: LinkType(number: number, bigEndian: section.bigEndian),
            snapLength: word(block.body + 4, bigEndian: section.bigEndian))
        var place = block.body + 8
        while place + 4 <= block.bodyEnd {
            let code = short(place, bigEndian: section.bigEndian)
            let length = Int(short(place + 2, bigEndian: section.bigEndian))
            if code == 0 { break }
            guard place + 4 + length <= block.bodyEnd else {
                throw failure(at: place, .leavesBlock("option \(code)"))
            }
            apply(option: code, at: place + 4, length, to: &interface)
            place += 4 + (length + 3) & ~3
        }
        return interface
    }

    private func apply(
        option code: UInt16, at place: Int, _ length: Int, to interface: inout PcapngSection.Interface
    ) {
        switch (code, length) {
        case (9, 1):
            interface.unit = TimestampUnit(option: window.byte(place))
        case (14, 8):
            let first = UInt64(word(place, bigEndian: section.bigEndian))
            let second = UInt64(word(place + 4, bigEndian: section.bigEndian))
            interface.secondsOffset = section.bigEndian ? first << 32 | second : second << 32 | first
        default:
            break
        }
    }

    /// An enhanced packet block, or the obsolete packet block, which differs in how it writes the interface.
    private func readPacket(
        _ block: Block, isObsolete: Bool
    ) throws(CaptureError) -> CaptureFrame {
        try need(20, in: block)
        let bigEndian = section.bigEndian
        let number =
            isObsolete
            ? UInt32(short(block.body, bigEndian: bigEndian)) : word(block.body, bigEndian: bigEndian)
        guard number < UInt32(clamping: section.interfaces.count) else {
            throw failure(at: block.body, .unknownInterface(number))
        }
        let interface = section.interfaces[Int(number)]
        let captured = word(block.body + 12, bigEndian: bigEndian)
        try check(captured, at: block.body + 12, fits: block.bodyLength - 20)
        let high = UInt64(word(block.body + 4, bigEndian: bigEndian))
        let low = UInt64(word(block.body + 8, bigEndian: bigEndian))
        return CaptureFrame(
            number: nextNumber, timestamp: interface.nanoseconds(high << 32 | low),
            link: interface.link, offset: block.body + 20, capturedLength: Int(captured),
            originalLength: Int(word(block.body + 16, bigEndian: bigEndian)))
    }

    /// A simple packet block: of the first interface, without a time, cut at that interface's snapshot length.
    private func readSimplePacket(
        _ block: Block
    ) throws(CaptureError) -> CaptureFrame {
        try need(4, in: block)
        guard let interface = section.interfaces.first else {
            throw failure(at: block.start, .unknownInterface(0))
        }
        let original = word(block.body, bigEndian: section.bigEndian)
        let captured = interface.snapLength == 0 ? original : min(original, interface.snapLength)
        try check(captured, at: block.body, fits: block.bodyLength - 4)
        return CaptureFrame(
            number: nextNumber, timestamp: 0, link: interface.link, offset: block.body + 4,
            capturedLength: Int(captured), originalLength: Int(original))
    }

    private func need(_ length: Int, in block: Block) throws(CaptureError) {
        guard block.bodyLength >= length else {
            throw failure(at: block.start + 4, .badBlockLength(UInt32(clamping: block.length)))
        }
    }

    private func check(_ captured: UInt32, at place: Int, fits room: Int) throws(CaptureError) {
        try checkFrameLength(captured, at: place)
        guard Int(captured) <= room else {
            throw failure(at: place, .leavesBlock("a captured length of \(captured)"))
        }
    }
}
