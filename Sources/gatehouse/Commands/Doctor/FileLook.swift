import Diagnosis
import Glibc

/// Modes, owners and room of files.
enum FileLook {
    static func permissions(_ path: String) -> Known<GatewayFacts.Permissions> {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return .unknown("\(path): \(words(errno))") }
        return .known(GatewayFacts.Permissions(mode: status.st_mode))
    }

    /// Looks at the database without opening it as one: the daemon may be in it, and a damaged one is the daemon's to judge.
    static func store(_ folder: String) -> GatewayFacts.StoreFile {
        let path = folder + "/gatehouse.sqlite"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return GatewayFacts.StoreFile(path: path, fault: words(errno)) }
        defer { close(descriptor) }
        // The format's first sixteen bytes (sqlite.org/fileformat.html section 1.3).
        let magic = Array("SQLite format 3".utf8) + [0]
        var buffer = [UInt8](repeating: 0, count: magic.count)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { return GatewayFacts.StoreFile(path: path, fault: words(errno)) }
        return GatewayFacts.StoreFile(path: path, fault: buffer == magic ? nil : "is no database")
    }

    static func space(_ path: String) -> Known<GatewayFacts.Space> {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return .unknown("\(path): \(words(errno))") }
        let block = UInt64(status.f_frsize)
        return .known(
            GatewayFacts.Space(
                path: path, freeBytes: UInt64(status.f_bavail) * block,
                totalBytes: UInt64(status.f_blocks) * block))
    }

    static func words(_ number: Int32) -> String {
        switch number {
        case ENOENT: "is not there"
        case EACCES, EPERM: "permission denied"
        default: unsafe String(cString: strerror(number))
        }
    }

    /// The text of a small file of the kernel; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
            guard bytes.count < 1 << 26 else { return nil }
        }
    }

    static func number(_ path: String) -> Int? {
        text(path).flatMap { text in Int(text.prefix { $0 != "\n" }) }
    }
}
