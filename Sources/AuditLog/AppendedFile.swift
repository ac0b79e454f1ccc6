import Glibc

/// A file that grows at its end, or stays as it was.
final class AppendedFile: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Opens one that is there, or makes one that is not, for nobody else to read.
    init(_ path: String, isNew: Bool) throws(AuditLogError) {
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
        descriptor = unsafe open(path, flags, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw AuditLogError("cannot \(isNew ? "make" : "open") \(path)") }
    }

    deinit { close(descriptor) }

    func append(_ bytes: [UInt8]) throws(AuditLogError) {
        var written = 0
        while written < bytes.count {
            // The bounds are the array's own; nothing keeps the pointer.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw AuditLogError("cannot write to \(path)") }
            written += count
        }
    }

    /// On the disk when it returns.
    func sync() throws(AuditLogError) {
        guard fdatasync(descriptor) == 0 else { throw AuditLogError("cannot sync \(path)") }
    }

    /// False when it could not be done.
    func cut(to size: Int) -> Bool { ftruncate(descriptor, off_t(size)) == 0 && fdatasync(descriptor) == 0 }
}
