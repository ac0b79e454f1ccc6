package import PacketPath

/// Finds the frames of a capture, in batches or one after the other.
///
/// A failure comes after every frame before it was delivered, and once: the next call says that the file ended.
@safe
package struct CaptureReader: ~Copyable {
    /// Frames in a batch at most: two of the packet path's.
    package static var batch: Int { 64 }

    var window: CaptureWindow
    /// The offset of the next header, record or block.
    var offset = 0
    /// The number of the last frame that was found.
    private(set) var delivered = 0
    private var format = Format.unknown
    /// The section that is read, of a pcapng file.
    var section = PcapngSection()
    /// Why there is nothing after the current batch.
    private var ending: CaptureError?

    /// The current batch: `found` frames, of which `taken` were handed out one by one.
    private let frames: UnsafeMutablePointer<CaptureFrame>
    private var found = 0
    private var taken = 0

    private enum Format {
        case unknown
        case pcap(PcapHeader)
        case pcapng
        case libpcap(PcapFile)
        case finished
    }

    init(_ file: CaptureFile, windowSize: Int) {
        window = CaptureWindow(file, size: windowSize)
        unsafe frames = .allocate(capacity: Self.batch)
    }

    deinit { unsafe frames.deallocate() }

    /// The next frame, or nil at the end of the file.
    package mutating func next() throws(CaptureError) -> CaptureFrame? {
        if taken == found { try findFrames() }
        guard taken < found else { return nil }
        taken &+= 1
        return unsafe frames[taken &- 1]
    }

    /// The frames that follow what was delivered; none at the end of the file. Valid until the next call.
    package mutating func nextBatch() throws(CaptureError) -> UnsafeBufferPointer<CaptureFrame> {
        if taken == found { try findFrames() }
        defer { taken = found }
        return unsafe UnsafeBufferPointer(start: frames + taken, count: found &- taken)
    }

    /// A frame's captured bytes: valid, for the last frame or all of the last batch, until the next is asked for. Of
    /// any other frame there may be nothing.
    package func bytes(of frame: CaptureFrame) -> UnsafeRawBufferPointer {
        unsafe window.bytes(frame.offset, frame.capturedLength)
    }

    /// Decodes the last frame, or one of the last batch.
    package func decode(_ frame: CaptureFrame) -> DecodedPacket {
        unsafe PacketDecoder.decode(bytes(of: frame), link: frame.link, wireLength: frame.originalLength)
    }

    /// Fills a batch. Its frames lie in the window as it is then: the window moves for the first of them alone.
    private mutating func findFrames() throws(CaptureError) {
        (found, taken) = (0, 0)
        do throws(CaptureError) {
            if let ending { throw ending }
            while found == 0, !isFinished { try advance() }
        } catch {
            format = .finished
            // What was found before the failure is delivered first.
            ending = found == 0 ? nil : error
            if found == 0 { throw error }
        }
    }

    /// Reads one header, block or record, and what follows it as far as that is in the window.
    private mutating func advance() throws(CaptureError) {
        switch format {
        case .finished: return
        case .unknown: format = try recognise()
        case .pcap(let header): try takeRecords(header)
        case .pcapng: try takeBlocks()
        case .libpcap(let file): try takePacket(file)
        }
    }

    private mutating func recognise() throws(CaptureError) -> Format {
        guard window.holds(0, 4) else { throw failure(at: 0, .endsInside("the file's magic number")) }
        if window.word(0) == PcapngSection.headerBlock { return .pcapng }
        if let header = try readPcapHeader() { return .pcap(header) }
        return .libpcap(try openWithLibpcap())
    }

    /// Gives the window to libpcap's stream; what libpcap reads is put into an empty one.
    mutating func giveWindow() -> CaptureWindow {
        var other = CaptureWindow(CaptureFile([]), size: 1)
        swap(&window, &other)
        return other
    }

    var isFinished: Bool { if case .finished = format { true } else { false } }

    /// The end of the file, where it should be.
    mutating func finish() { format = .finished }

    /// True while the batch has room.
    var hasRoom: Bool { found < Self.batch }
    var isEmpty: Bool { found == 0 }

    /// The number of the next frame.
    var nextNumber: Int { delivered &+ 1 }

    /// Adds a frame to the batch, which has room.
    mutating func append(_ frame: CaptureFrame) {
        unsafe (frames + found).initialize(to: frame)
        found &+= 1
        delivered &+= 1
    }

    /// What is wrong at `offset`; or with the file, when that is why it seems so.
    func failure(at offset: Int, _ reason: CaptureError.Reason) -> CaptureError {
        CaptureError(offset: offset, reason: window.fault ?? reason)
    }

    /// Refuses a captured length that is not to be believed.
    func checkFrameLength(_ length: UInt32, at offset: Int) throws(CaptureError) {
        guard length <= UInt32(CaptureFile.maximumFrameLength) else {
            throw failure(at: offset, .frameTooLong(length))
        }
    }

    /// The 32 bits at `offset` in the given order. The caller has checked that the window holds them.
    func word(_ offset: Int, bigEndian: Bool) -> UInt32 {
        bigEndian ? window.word(offset).byteSwapped : window.word(offset)
    }

    /// The 16 bits at `offset` in the given order. The caller has checked that the window holds them.
    func short(_ offset: Int, bigEndian: Bool) -> UInt16 {
        let low = UInt16(window.byte(offset))
        let high = UInt16(window.byte(offset + 1))
        return bigEndian ? low << 8 | high : high << 8 | low
    }
}
