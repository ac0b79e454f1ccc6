import Audit
import Glibc

/// The folder of a record's files. All calls that need a C pointer are here and in `AppendedFile`; every path is passed to
/// the call alone.
package struct AuditFolder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    package struct Segment: Sendable, Hashable {
        package let name: String
        /// Of its first record.
        package let number: UInt64

        package init(number: UInt64) {
            name = SegmentName.text(number)
            self.number = number
        }
    }

    /// Where it is, below the folder of the daemon's state.
    package static func inState(_ directory: String) -> AuditFolder {
        AuditFolder(path: directory + "/audit")
    }

    func file(_ segment: Segment) -> String { path + "/" + segment.name }

    /// Makes it, for nobody else to read; the folder that it is in must be there.
    func prepare() throws(AuditLogError) {
        guard unsafe mkdir(path, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw AuditLogError("cannot make \(path)")
        }
        try sync()
    }

    /// Makes names durable.
    func sync() throws(AuditLogError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw AuditLogError("cannot open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw AuditLogError("cannot sync \(path)") }
    }

    /// In the order of their records. Other files are none of ours.
    package func segments() throws(AuditLogError) -> [Segment] {
        guard let directory = unsafe opendir(path) else { throw AuditLogError("cannot read \(path)") }
        defer { unsafe closedir(directory) }
        var found: [Segment] = []
        errno = 0
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let number = SegmentName.number(name) { found.append(Segment(number: number)) }
            errno = 0
        }
        guard errno == 0 else { throw AuditLogError("cannot read \(path)") }
        return found.sorted { $0.number < $1.number }
    }

    /// All of a file, or its first bytes.
    package func read(_ segment: Segment, atMost limit: Int = .max) throws(AuditLogError) -> [UInt8] {
        let name = file(segment)
        let descriptor = unsafe open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw AuditLogError("cannot open \(name)") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw AuditLogError(message: "\(name) is not a file")
        }
        let wanted = min(Int(status.st_size), limit)
        var failed = false
        // The bounds are the array's own; nothing keeps the pointer.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            while count < wanted {
                let got = unsafe Glibc.read(
                    descriptor, buffer.baseAddress?.advanced(by: count), wanted - count)
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { break }
                count += got
            }
        }
        if failed { throw AuditLogError("cannot read \(name)") }
        return bytes
    }

    func remove(_ segment: Segment) throws(AuditLogError) {
        guard unsafe unlink(file(segment)) == 0 || errno == ENOENT else {
            throw AuditLogError("cannot remove \(file(segment))")
        }
    }
}

/// Why something cannot be recorded, or read.
package struct AuditLogError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(message: String) { description = message }

    /// With what the system said just now.
    init(_ what: String) {
        let code = errno
        description = "\(what): \(unsafe String(cString: strerror(code)))"
    }
}
