import PacketPath

/// What the 24 bytes at the head of a pcap file say (draft-ietf-opsawg-pcap).
struct PcapHeader {
    static let length = 24
    static let recordHeader = 16

    let bigEndian: Bool
    /// Nanoseconds in a unit of the record's fraction.
    let fraction: UInt64
    let link: LinkType
}

extension CaptureReader {
    mutating func readPcapHeader() throws(CaptureError) -> PcapHeader {
        let (bigEndian, fraction) = try readMagic()
        guard file.holds(0, PcapHeader.length) else { throw failure(at: 0, .endsInside("the pcap header")) }
        let major = short(4, bigEndian: bigEndian)
        let minor = short(6, bigEndian: bigEndian)
        // Before 2.3 the record's two lengths stood the other way round.
        guard major == 2, minor == 4 else {
            throw failure(at: 4, .unsupportedVersion(major: major, minor: minor))
        }
        offset = PcapHeader.length
        // The upper bits tell of a frame check sequence, which follows the packet and is never looked at.
        let link = word(20, bigEndian: bigEndian) & 0x03ff_ffff
        return PcapHeader(
            bigEndian: bigEndian, fraction: fraction, link: LinkType(number: link, bigEndian: bigEndian))
    }

    private func readMagic() throws(CaptureError) -> (bigEndian: Bool, fraction: UInt64) {
        switch file.word(0) {
        case 0xa1b2_c3d4: return (false, 1000)
        case 0xd4c3_b2a1: return (true, 1000)
        case 0xa1b2_3c4d: return (false, 1)
        case 0x4d3c_b2a1: return (true, 1)
        case 0xa1b2_cd34, 0x34cd_b2a1: throw failure(at: 0, .modifiedPcap)
        default: throw failure(at: 0, .notACapture)
        }
    }

    mutating func nextRecord(_ header: PcapHeader) throws(CaptureError) -> CaptureFrame? {
        let start = offset
        if start == file.count { return nil }
        guard file.holds(start, PcapHeader.recordHeader) else {
            throw failure(at: start, .endsInside("a record header"))
        }
        let captured = word(start + 8, bigEndian: header.bigEndian)
        try checkFrameLength(captured, at: start + 8)
        let data = start + PcapHeader.recordHeader
        guard file.holds(data, Int(captured)) else {
            throw failure(at: start, .endsInside("a record of \(captured) bytes"))
        }
        offset = data + Int(captured)
        let seconds = UInt64(word(start, bigEndian: header.bigEndian))
        let fraction = UInt64(word(start + 4, bigEndian: header.bigEndian))
        return CaptureFrame(
            number: delivered + 1, timestamp: seconds * 1_000_000_000 + fraction * header.fraction,
            link: header.link, offset: data, capturedLength: Int(captured),
            originalLength: Int(word(start + 12, bigEndian: header.bigEndian)))
    }
}
