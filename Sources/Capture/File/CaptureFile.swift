import Glibc
package import PacketPath

/// A capture file in memory: mapped when it is a regular file, read whole when it is a pipe.
///
/// Opening costs no reading; frames are found by a ``CaptureReader`` and their bytes are never copied. The file
/// must not be shortened while it is mapped: the kernel then ends the process with SIGBUS (mmap(2)). What is
/// appended after opening is not seen.
///
/// `@unchecked`: the bytes are mapped read-only and nothing is changed until `deinit`, which no reader outlives.
@safe
package final class CaptureFile: @unchecked Sendable {
    /// The longest frame that is believed: what libpcap and Wireshark accept (MAXIMUM_SNAPLEN). A longer one is
    /// a sign of corruption, better named at once than after a jump into nowhere.
    package static let maximumFrameLength = 262_144

    private let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Opens the file at `path`.
    ///
    /// - Throws: ``CaptureUnreadable`` with the system's error.
    package init(path: String) throws(CaptureUnreadable) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CaptureUnreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw CaptureUnreadable(path: path, errno: errno)
        }
        if status.st_mode & S_IFMT == S_IFREG {
            unsafe bytes = try Self.map(descriptor, Int(status.st_size), path)
            isMapped = true
        } else {
            unsafe bytes = try Self.readAll(descriptor, path)
            isMapped = false
        }
    }

    /// A capture that is in memory already; the bytes are copied.
    package init(_ contents: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 1)
        unsafe copy.copyBytes(from: contents)
        unsafe bytes = UnsafeRawBufferPointer(copy)
        isMapped = false
    }

    deinit {
        if isMapped {
            if let base = unsafe bytes.baseAddress {
                unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
            }
        } else {
            unsafe bytes.deallocate()
        }
    }

    /// The file's length in bytes.
    package var count: Int { unsafe bytes.count }

    /// A reader at the first frame.
    package func makeReader() -> CaptureReader { CaptureReader(self) }

    /// Runs `body` with a frame's captured bytes, which are valid only during the call.
    ///
    /// A frame of another file is met with the part of its range that this file has.
    package func withBytes<Result>(
        of frame: CaptureFrame, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let start = min(max(frame.offset, 0), count)
        let end = min(max(start, start &+ frame.capturedLength), count)
        return unsafe try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    /// Decodes a frame.
    package func decode(_ frame: CaptureFrame) -> DecodedPacket {
        unsafe withBytes(of: frame) { bytes in
            unsafe PacketDecoder.decode(bytes, link: frame.link, wireLength: frame.originalLength)
        }
    }

    /// True when `length` bytes can be read at `offset`.
    func holds(_ offset: Int, _ length: Int) -> Bool { length <= count - offset }

    /// The 32 bits at `offset`, least significant byte first. The caller has asked ``holds(_:_:)``.
    func word(_ offset: Int) -> UInt32 {
        unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The byte at `offset`. The caller has asked ``holds(_:_:)``.
    func byte(_ offset: Int) -> UInt8 { unsafe bytes[offset] }

    private static func map(
        _ descriptor: Int32, _ size: Int, _ path: String
    ) throws(CaptureUnreadable) -> UnsafeRawBufferPointer {
        // mmap(2) refuses a length of zero.
        guard size > 0 else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            throw CaptureUnreadable(path: path, errno: errno)
        }
        // Advice only: its failure costs speed, nothing else.
        _ = unsafe madvise(base, size, MADV_SEQUENTIAL)
        return unsafe UnsafeRawBufferPointer(start: base, count: size)
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String
    ) throws(CaptureUnreadable) -> UnsafeRawBufferPointer {
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = unsafe chunk.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw CaptureUnreadable(path: path, errno: errno) }
            if got == 0 { break }
            contents += chunk[..<got]
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 1)
        unsafe copy.copyBytes(from: contents)
        return UnsafeRawBufferPointer(copy)
    }
}

/// A capture file that could not be opened, mapped or read.
package struct CaptureUnreadable: Error, Sendable, Hashable, CustomStringConvertible {
    package let path: String
    package let errno: Int32

    package var description: String { "\(path): \(unsafe String(cString: strerror(errno)))" }
}
