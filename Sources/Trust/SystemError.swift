import Glibc

/// A system call that failed.
struct SystemError: Error, Sendable, CustomStringConvertible {
    let operation: String
    let code: Int32

    /// Reads `errno`: make it before anything else can change that.
    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    var description: String { "\(operation): \(Self.words(code))" }

    static func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// A file descriptor that is closed when nobody holds it any more.
final class FileDescriptor: Sendable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }
}
