import Glibc

/// Reads a file that an administrator named, if it is one: a pipe or a device in its place would hold us up, or never end.
enum PlainFile {
    /// A byte more than the limit at most, so that whoever looks at them sees that there are too many.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        // Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PackUnreadable(path: path, reason: reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw PackUnreadable(path: path, reason: "is no plain file")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while bytes.count <= limit {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw PackUnreadable(path: path, reason: "cannot be read") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        return Array(bytes.prefix(limit + 1))
    }

    private static func reason(_ number: Int32) -> String {
        switch number {
        case ELOOP: "its links go round in a circle"
        case ENOENT: "there is no such file"
        case EACCES: "permission denied"
        default: "cannot be read"
        }
    }
}
