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

extension CaptureReader {
    /// Reads blocks up to the next one with a packet. Blocks of unknown types are skipped, as the format asks.
    mutating func nextPacketBlock(_ section: inout PcapngSection) throws(CaptureError) -> CaptureFrame? {
        while offset != file.count {
            let block = try readBlock(&section)
            var frame: CaptureFrame?
            switch block.type {
            case PcapngSection.headerBlock: try checkVersion(block, section)
            case 1: section.interfaces.append(try readInterface(block, section))
            case 2: frame = try readPacket(block, section, isObsolete: true)
            case 3: frame = try readSimplePacket(block, section)
            case 6: frame = try readPacket(block, section, isObsolete: false)
            default: break
            }
            offset = block.start + block.length
            if let frame { return frame }
        }
        return nil
    }

    private func readBlock(_ section: inout PcapngSection) throws(CaptureError) -> Block {
        guard file.holds(offset, 12) else { throw failure(at: offset, .endsInside("a block header")) }
        if file.word(offset) == PcapngSection.headerBlock {
            section = PcapngSection(bigEndian: try readByteOrder())
        }
        let type = word(offset, bigEndian: section.bigEndian)
        let length = word(offset + 4, bigEndian: section.bigEndian)
        guard length >= 12, length % 4 == 0 else {
            throw failure(at: offset + 4, .badBlockLength(length))
        }
        guard file.holds(offset, Int(length)) else {
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
        switch file.word(offset + 8) {
        case 0x1a2b_3c4d: return false
        case 0x4d3c_2b1a: return true
        default: throw failure(at: offset + 8, .badByteOrder)
        }
    }

    private func checkVersion(_ block: Block, _ section: PcapngSection) throws(CaptureError) {
        try need(16, in: block)
        let major = short(block.body + 4, bigEndian: section.bigEndian)
        let minor = short(block.body + 6, bigEndian: section.bigEndian)
        // Minor version 2 is read alike (draft-ietf-opsawg-pcapng section 4.1).
        guard major == 1 else {
            throw failure(at: block.body + 4, .unsupportedVersion(major: major, minor: minor))
        }
    }

    private func readInterface(
        _ block: Block, _ section: PcapngSection
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
            apply(option: code, at: place + 4, length, to: &interface, section)
            place += 4 + (length + 3) & ~3
        }
        return interface
    }

    private func apply(
        option code: UInt16, at place: Int, _ length: Int, to interface: inout PcapngSection.Interface,
        _ section: PcapngSection
    ) {
        switch (code, length) {
        case (9, 1):
            interface.unit = TimestampUnit(option: file.byte(place))
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
        _ block: Block, _ section: PcapngSection, isObsolete: Bool
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
        let nanoseconds = interface.unit.nanoseconds(high << 32 | low)
        return CaptureFrame(
            number: delivered + 1, timestamp: nanoseconds &+ interface.secondsOffset &* 1_000_000_000,
            link: interface.link, offset: block.body + 20, capturedLength: Int(captured),
            originalLength: Int(word(block.body + 16, bigEndian: bigEndian)))
    }

    /// A simple packet block: of the first interface, without a time, cut at that interface's snapshot length.
    private func readSimplePacket(
        _ block: Block, _ section: PcapngSection
    ) throws(CaptureError) -> CaptureFrame {
        try need(4, in: block)
        guard let interface = section.interfaces.first else {
            throw failure(at: block.start, .unknownInterface(0))
        }
        let original = word(block.body, bigEndian: section.bigEndian)
        let captured = interface.snapLength == 0 ? original : min(original, interface.snapLength)
        try check(captured, at: block.body, fits: block.bodyLength - 4)
        return CaptureFrame(
            number: delivered + 1, timestamp: 0, link: interface.link, offset: block.body + 4,
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
