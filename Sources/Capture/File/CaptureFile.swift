import Glibc

/// An open capture: a regular file, a pipe, or bytes in memory.
///
/// Opening costs no reading; a ``CaptureReader`` finds the frames. A regular file may be shortened, appended to or
/// written over meanwhile: its readers see what they read, once, and never more than the length that it had when it
/// was opened. A pipe has one reader.
package final class CaptureFile: Sendable {
    /// The longest frame that is believed: what libpcap and Wireshark accept (MAXIMUM_SNAPLEN). A longer one is
    /// a sign of corruption, better named at once than after a jump into nowhere.
    package static let maximumFrameLength = 262_144
    /// The longest pcapng block that is believed, and for the same reason (MAX_BLOCKSIZE).
    package static let maximumBlockLength = 16 << 20

    /// Large enough for few system calls, small enough for the cache: 128 KiB to 4 MiB cost the same.
    package static let defaultWindowSize = 256 << 10

    let contents: Contents

    enum Contents: Sendable {
        case memory([UInt8])
        case regular(descriptor: Int32, length: Int)
        case pipe(descriptor: Int32)
    }

    /// Opens the file at `path`; `-` is the standard input.
    ///
    /// - Throws: ``CaptureUnreadable`` with the system's error.
    package init(path: String) throws(CaptureUnreadable) {
        let descriptor = unsafe path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CaptureUnreadable(path: path, errno: errno) }
        do throws(SystemFailure) {
            contents = try Self.contents(of: descriptor)
        } catch {
            close(descriptor)
            throw CaptureUnreadable(path: path, errno: error.errno)
        }
    }

    /// A capture that is in memory already. Each reader copies it.
    package init(_ bytes: [UInt8]) { contents = .memory(bytes) }

    deinit {
        switch contents {
        case .memory: break
        case .regular(let descriptor, _), .pipe(let descriptor): close(descriptor)
        }
    }

    /// The length in bytes when it was opened; nil for a pipe.
    package var length: Int? {
        switch contents {
        case .memory(let bytes): bytes.count
        case .regular(_, let length): length
        case .pipe: nil
        }
    }

    /// A reader at the first frame. It has that many bytes in memory at a time; more, when a record is longer.
    package func makeReader(windowSize: Int = CaptureFile.defaultWindowSize) -> CaptureReader {
        CaptureReader(self, windowSize: windowSize)
    }

    private static func contents(of descriptor: Int32) throws(SystemFailure) -> Contents {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw SystemFailure(errno: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .regular(descriptor: descriptor, length: Int(status.st_size))
        case S_IFDIR: throw SystemFailure(errno: EISDIR)
        default: return .pipe(descriptor: descriptor)
        }
    }
}

/// A capture file that could not be opened.
package struct CaptureUnreadable: Error, Sendable, Hashable, CustomStringConvertible {
    package let path: String
    package let errno: Int32

    package var description: String { "\(path): \(systemMessage(errno))" }
}
