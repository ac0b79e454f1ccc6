/// Finds the frames of a capture file, one after the other.
///
/// A failure comes after every frame before it was delivered, and once: the next call says that the file ended.
package struct CaptureReader {
    let file: CaptureFile
    /// The offset of the next header, record or block.
    var offset = 0
    /// How many frames were delivered.
    var delivered = 0
    private var format = Format.unknown

    private enum Format {
        case unknown
        case pcap(PcapHeader)
        case pcapng(PcapngSection)
        case finished
    }

    init(_ file: CaptureFile) { self.file = file }

    /// The next frame, or nil at the end of the file.
    package mutating func next() throws(CaptureError) -> CaptureFrame? {
        do throws(CaptureError) {
            let frame = try advance()
            if frame == nil { format = .finished } else { delivered += 1 }
            return frame
        } catch {
            format = .finished
            throw error
        }
    }

    private mutating func advance() throws(CaptureError) -> CaptureFrame? {
        switch format {
        case .finished:
            return nil
        case .pcap(let header):
            return try nextRecord(header)
        case .pcapng(var section):
            // The section moves out of `format` and back, so that its interfaces are not copied.
            format = .finished
            let frame = try nextPacketBlock(&section)
            format = .pcapng(section)
            return frame
        case .unknown:
            format = try recognise()
            return try advance()
        }
    }

    private mutating func recognise() throws(CaptureError) -> Format {
        guard file.holds(0, 4) else { throw failure(at: 0, .endsInside("the file's magic number")) }
        if file.word(0) == PcapngSection.headerBlock { return .pcapng(PcapngSection()) }
        return .pcap(try readPcapHeader())
    }

    func failure(at offset: Int, _ reason: CaptureError.Reason) -> CaptureError {
        CaptureError(offset: offset, reason: reason)
    }

    /// Refuses a captured length that is not to be believed.
    func checkFrameLength(_ length: UInt32, at offset: Int) throws(CaptureError) {
        guard length <= UInt32(CaptureFile.maximumFrameLength) else {
            throw failure(at: offset, .frameTooLong(length))
        }
    }

    /// The 32 bits at `offset` in the given order. The caller has checked that the file holds them.
    func word(_ offset: Int, bigEndian: Bool) -> UInt32 {
        bigEndian ? file.word(offset).byteSwapped : file.word(offset)
    }

    /// The 16 bits at `offset` in the given order. The caller has checked that the file holds them.
    func short(_ offset: Int, bigEndian: Bool) -> UInt16 {
        let low = UInt16(file.byte(offset))
        let high = UInt16(file.byte(offset + 1))
        return bigEndian ? low << 8 | high : high << 8 | low
    }
}
