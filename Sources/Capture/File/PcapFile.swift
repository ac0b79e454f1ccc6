import CLinux
import CPcap
import Glibc
import PacketPath

/// A capture that libpcap reads, since its format is none of ours: pcap with the longer record headers of Alexey
/// Kuznetsov's patches, pcap of versions before 2.4, and whatever else libpcap learns.
final class PcapFile {
    let handle: PcapHandle
    let stream: PcapStream
    let link: LinkType
    let fraction: UInt64
    /// Bytes in front of each packet.
    let recordHeader: Int

    /// - Parameter window: Four bytes or more at the file's beginning.
    /// - Throws: ``PcapMessage`` when libpcap does not know the format either.
    init(_ window: consuming CaptureWindow) throws(PcapMessage) {
        let isModified = [0xa1b2_cd34, 0x34cd_b2a1].contains(window.word(0))
        stream = PcapStream(window)
        let file = unsafe stream.open()
        guard let file = unsafe file else { throw PcapMessage(text: systemMessage(errno)) }
        do {
            handle = try unsafe PcapHandle.open {
                unsafe pcap_fopen_offline_with_tstamp_precision(
                    file, UInt32(PCAP_TSTAMP_PRECISION_NANO), $0)
            }
        } catch {
            // libpcap closes what it could open, and nothing else.
            unsafe fclose(file)
            throw error
        }
        // What libpcap reads of a file of the other order it turns round, NFLOG's headers too.
        link = LinkType(
            number: UInt32(bitPattern: handle.linkNumber), bigEndian: UInt16(bigEndian: 1) == 1)
        fraction = handle.fraction
        recordHeader = isModified ? 24 : PcapHeader.recordHeader
    }
}

/// The bytes of a capture as a stream for libpcap, which knows at any time how many were read.
final class PcapStream {
    private var window: CaptureWindow
    /// The offset of the next byte.
    private(set) var position = 0

    init(_ window: consuming CaptureWindow) { self.window = window }

    /// Why the stream ended before its time.
    var fault: CaptureError.Reason? { window.fault }

    /// True when all has been read.
    func isAtEnd() -> Bool { !window.holds(position, 1) }

    /// A stream of the C library's that reads this one. It must be closed before this is gone. Without a buffer: the
    /// window is one, and what has been read is what was asked for.
    func open() -> UnsafeMutablePointer<FILE>? {
        unsafe gh_open_stream(Unmanaged.passUnretained(self).toOpaque()) { stream, buffer, count in
            guard let stream = unsafe stream, let buffer = unsafe buffer else { return -1 }
            return unsafe Unmanaged<PcapStream>.fromOpaque(stream).takeUnretainedValue().read(
                UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard window.holds(position, 1) else { return window.fault == nil ? 0 : -1 }
        let bytes = unsafe window.bytes(position, buffer.count)
        unsafe buffer.copyMemory(from: bytes)
        position += bytes.count
        return bytes.count
    }
}

extension CaptureReader {
    /// Lets libpcap try; nobody knows the format when it fails.
    mutating func openWithLibpcap() throws(CaptureError) -> PcapFile {
        do throws(PcapMessage) {
            return try PcapFile(giveWindow())
        } catch {
            throw CaptureError(offset: 0, reason: .notACapture)
        }
    }

    /// Takes the next packet: one, since libpcap keeps no more.
    mutating func takePacket(_ file: PcapFile) throws(CaptureError) {
        let start = file.stream.position
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var bytes: UnsafePointer<UInt8>?
        let result = unsafe pcap_next_ex(file.handle.pointer, &header, &bytes)
        if result == PCAP_ERROR_BREAK { return finish() }
        guard result == 1, let header = unsafe header?.pointee, let bytes = unsafe bytes else {
            throw CaptureError(offset: start, reason: reason(file))
        }
        try checkFrameLength(header.caplen, at: start)
        // What the file has beyond its own snapshot length, libpcap reads and throws away.
        let offset = min(start + file.recordHeader, file.stream.position - Int(header.caplen))
        unsafe window.hold(UnsafeRawBufferPointer(start: bytes, count: Int(header.caplen)), at: offset)
        let seconds = UInt64(bitPattern: Int64(header.ts.tv_sec)) &* 1_000_000_000
        append(
            CaptureFrame(
                number: nextNumber,
                timestamp: seconds &+ UInt64(bitPattern: Int64(header.ts.tv_usec)) &* file.fraction,
                link: file.link, offset: offset, capturedLength: Int(header.caplen),
                originalLength: Int(header.len)))
    }

    /// libpcap has one error for everything, and words for people.
    private func reason(_ file: PcapFile) -> CaptureError.Reason {
        if let fault = file.stream.fault { return fault }
        return file.stream.isAtEnd() ? .endsInside("a record") : .libpcap(file.handle.message)
    }
}
