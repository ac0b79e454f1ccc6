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

/// A record's header as it lies in the file.
private struct RecordWords: BitwiseCopyable {
    var seconds, fraction, captured, original: UInt32

    func inOrder(bigEndian: Bool) -> RecordWords {
        guard bigEndian != (UInt16(bigEndian: 1) == 1) else { return self }
        return RecordWords(
            seconds: seconds.byteSwapped, fraction: fraction.byteSwapped, captured: captured.byteSwapped,
            original: original.byteSwapped)
    }
}

extension CaptureReader {
    /// Reads the header; nil when the file is of a kind that is left to libpcap.
    mutating func readPcapHeader() throws(CaptureError) -> PcapHeader? {
        guard let (bigEndian, fraction) = readMagic() else { return nil }
        guard window.holds(0, PcapHeader.length) else { throw failure(at: 0, .endsInside("the pcap header")) }
        // Before 2.3 the record's two lengths stood the other way round.
        guard short(4, bigEndian: bigEndian) == 2, short(6, bigEndian: bigEndian) == 4 else { return nil }
        offset = PcapHeader.length
        // The upper bits tell of a frame check sequence, which follows the packet and is never looked at.
        let link = word(20, bigEndian: bigEndian) & 0x03ff_ffff
        return PcapHeader(
            bigEndian: bigEndian, fraction: fraction, link: LinkType(number: link, bigEndian: bigEndian))
    }

    private func readMagic() -> (bigEndian: Bool, fraction: UInt64)? {
        switch window.word(0) {
        case 0xa1b2_c3d4: (false, 1000)
        case 0xd4c3_b2a1: (true, 1000)
        case 0xa1b2_3c4d: (false, 1)
        case 0x4d3c_b2a1: (true, 1)
        default: nil
        }
    }

    /// Takes the next record, or says what is wrong with it, and then every further one that is in memory.
    mutating func takeRecords(_ header: PcapHeader) throws(CaptureError) {
        try checkRecord(header)
        guard !isFinished else { return }
        let base = unsafe window.base
        let start = window.start
        var place = offset &- start
        let end = window.end &- start
        while hasRoom, place &+ PcapHeader.recordHeader <= end {
            // Both ends of the record are compared with the window's before anything in between is used.
            let words = unsafe base.loadUnaligned(fromByteOffset: place, as: RecordWords.self)
            let record = words.inOrder(bigEndian: header.bigEndian)
            let data = place &+ PcapHeader.recordHeader
            let captured = Int(record.captured)
            guard captured <= CaptureFile.maximumFrameLength, captured <= end &- data else { break }
            append(
                CaptureFrame(
                    number: nextNumber,
                    timestamp: UInt64(record.seconds) &* 1_000_000_000 &+ UInt64(record.fraction)
                        &* header.fraction,
                    link: header.link, offset: start &+ data, capturedLength: captured,
                    originalLength: Int(record.original)))
            place = data &+ captured
        }
        offset = start &+ place
    }

    /// Moves the window to the record at ``offset``.
    private mutating func checkRecord(_ header: PcapHeader) throws(CaptureError) {
        if window.endsCleanly(at: offset) { return finish() }
        guard window.holds(offset, PcapHeader.recordHeader) else {
            throw failure(at: offset, .endsInside("a record header"))
        }
        let captured = word(offset + 8, bigEndian: header.bigEndian)
        try checkFrameLength(captured, at: offset + 8)
        guard window.holds(offset, PcapHeader.recordHeader + Int(captured)) else {
            throw failure(at: offset, .endsInside("a record of \(captured) bytes"))
        }
    }
}
