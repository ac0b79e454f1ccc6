import Glibc

/// What tells one version of a file from another without reading it.
struct FileStamp: Sendable, Hashable {
    let isRegular: Bool
    let isFolder: Bool
    let length: Int
    private let device: UInt64
    private let inode: UInt64
    /// The change time is among them, for a copy can set the modification time to what it was before.
    private let times: [Int]

    init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        length = Int(status.st_size)
        times = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }

    static func of(_ path: String) -> Result<FileStamp, SystemError> {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return .failure(SystemError("stat")) }
        return .success(FileStamp(status))
    }

    /// Whether the other is this very file, written to or not.
    func isSameFile(as other: FileStamp) -> Bool { device == other.device && inode == other.inode }
}

/// A file read whole.
enum FileBytes {
    enum Outcome {
        case bytes([UInt8], FileStamp)
        /// Somebody wrote to it meanwhile.
        case changing
        case unreadable(String)
    }

    static func read(_ path: String, atMost limit: Int) -> Outcome {
        // Non-blocking, so that opening a pipe that nobody writes to comes back.
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { return .unreadable(SystemError.words(errno)) }
        let file = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { return .unreadable(SystemError.words(errno)) }
        let before = FileStamp(status)
        guard before.isRegular else { return .unreadable("not a regular file") }
        guard before.length <= limit else { return .unreadable("longer than \(limit >> 20) MiB") }
        guard let bytes = read(file, count: before.length) else {
            return .unreadable(SystemError.words(errno))
        }
        guard unsafe fstat(file.number, &status) == 0, FileStamp(status) == before,
            bytes.count == before.length
        else { return .changing }
        return .bytes(bytes, before)
    }

    private static func read(_ file: FileDescriptor, count: Int) -> [UInt8]? {
        var failed = false
        // The buffer has `count` bytes, and each read gets no more than are left of them.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = unsafe Glibc.read(
                    file.number, buffer.baseAddress.map { unsafe $0 + done }, count - done)
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                if got <= 0 { return }
                done += got
            }
        }
        return failed ? nil : bytes
    }

    /// The names in a folder, sorted, without those that begin with a dot.
    static func names(inFolder path: String, atMost limit: Int) -> Result<[String], SystemError> {
        guard let folder = unsafe opendir(path) else { return .failure(SystemError("opendir")) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        // The entry is good until the next call, and its name is copied before that.
        while names.count < limit, let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return .success(names.sorted())
    }
}
