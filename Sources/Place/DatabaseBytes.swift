import Glibc

/// A database file's bytes, read whole, and what the file was when they were read.
///
/// Read, not mapped: a file that somebody shortens while it is mapped ends the process with SIGBUS.
struct DatabaseBytes: Sendable {
    /// The longest file that is read. Country databases have 5 to 30 MB, those with cities up to some 150.
    static let maximumLength = 512 << 20

    let path: String
    /// Nil for bytes that were in memory already.
    let stamp: FileStamp?
    let bytes: [UInt8]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        stamp = nil
    }

    /// - Throws: a fault of the whole file. ``ReadFault/changing`` when somebody wrote to it meanwhile.
    init(reading path: String) throws(ReadFault) {
        // Non-blocking, so that opening a pipe that nobody writes to comes back.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(Self.fault(errno)) }
        defer { close(descriptor) }
        let before = try Self.stamp(of: descriptor)
        guard before.isRegular else { throw .unreadable(DatabaseFault(.file, "not a regular file")) }
        guard before.length <= Self.maximumLength else {
            throw .unreadable(
                DatabaseFault(
                    .file, "longer than \(Self.maximumLength >> 20) MiB, which no country database is"))
        }
        bytes = try Self.read(descriptor, count: before.length)
        guard bytes.count == before.length, try Self.stamp(of: descriptor) == before else { throw .changing }
        self.path = path
        stamp = before
    }

    private static func stamp(of descriptor: Int32) throws(ReadFault) -> FileStamp {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .unreadable(fault(errno)) }
        return FileStamp(status)
    }

    private static func read(_ descriptor: Int32, count: Int) throws(ReadFault) -> [UInt8] {
        var failure: Int32?
        // The buffer has `count` bytes, and each read gets no more than are left of them.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = unsafe Glibc.read(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                done += got
            }
        }
        if let failure { throw .unreadable(fault(failure)) }
        return bytes
    }

    private static func fault(_ number: Int32) -> DatabaseFault {
        DatabaseFault(.file, unsafe String(cString: strerror(number)))
    }
}

enum ReadFault: Error {
    case unreadable(DatabaseFault)
    /// It was written to while it was read. To be tried again.
    case changing
}

/// What tells one version of a file from another without reading it.
struct FileStamp: Sendable, Hashable {
    let isRegular: Bool
    let device: UInt64
    let inode: UInt64
    let length: Int
    private let changes: [Int]

    /// The change time is among it, for a copy can set the modification time to what it was before.
    init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        length = Int(status.st_size)
        changes = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }

    /// Nil when there is no such file, or none that may be looked at.
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether the other is this very file, written to or not.
    func isSameFile(as other: FileStamp) -> Bool { device == other.device && inode == other.inode }
}
