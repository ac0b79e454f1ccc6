import Alerts
import Glibc

/// The files of one sink's queue: one an alert, each there whole or not at all, whatever ends the process.
struct SpoolFolder: Sendable {
    let path: String

    /// Makes the folder, and takes away what a crash left half written.
    func prepare() throws(SpoolError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else { throw SpoolError("make \(made)") }
        }
        for name in try names() where name.hasSuffix(Self.draft) { try remove(name) }
    }

    private static let draft = ".new"
    private static let saved = ".json"

    /// `00000000000000000042-4.json`: number and severity.
    static func name(_ number: UInt64, _ severity: AlertSeverity) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.count) + digits + "-\(severity.rawValue)" + saved
    }

    /// What waits, in the order of numbers. Other files are nobody's.
    func entries() throws(SpoolError) -> [AlertQueue.Entry] {
        var entries: [AlertQueue.Entry] = []
        for name in try names().sorted() {
            let parts = name.dropLast(Self.saved.utf8.count).split(separator: "-")
            guard name.hasSuffix(Self.saved), parts.count == 2, let number = UInt64(parts[0]),
                let severity = Int(parts[1]).flatMap(AlertSeverity.init(rawValue:)),
                name == Self.name(number, severity)
            else { continue }
            var status = stat()
            guard unsafe lstat("\(path)/\(name)", &status) == 0 else { continue }
            entries.append(.init(number: number, severity: severity, bytes: Int(status.st_size)))
        }
        return entries
    }

    /// On the disk when `sync` has returned after it.
    func write(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        let draft = "\(path)/\(name)\(Self.draft)"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError("make \(draft)") }
        defer { close(descriptor) }
        do throws(SpoolError) {
            var rest = bytes[...]
            while !rest.isEmpty {
                // The bounds are the slice's own; nothing keeps the pointer.
                let count = unsafe rest.withUnsafeBytes {
                    unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw SpoolError("write \(draft)") }
                rest = rest.dropFirst(count)
            }
            guard fdatasync(descriptor) == 0 else { throw SpoolError("sync \(draft)") }
            guard unsafe rename(draft, "\(path)/\(name)") == 0 else { throw SpoolError("name \(draft)") }
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }

    /// Makes the names durable.
    func sync() throws(SpoolError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpoolError("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SpoolError("sync \(path)") }
    }

    func read(_ name: String, atMost limit: Int) throws(SpoolError) -> [UInt8] {
        let descriptor = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SpoolError("open \(path)/\(name)") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SpoolError("read \(path)/\(name)") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    func remove(_ name: String) throws(SpoolError) {
        guard unsafe unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
            throw SpoolError("remove \(path)/\(name)")
        }
    }

    private func names() throws(SpoolError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw SpoolError("list \(path)") }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            // The name ends within the entry, which the next call overwrites.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}

/// What could not be done with a file of a queue.
struct SpoolError: Error, Sendable, CustomStringConvertible {
    let description: String

    /// Reads `errno`: make it before anything else can change that.
    init(_ operation: String, code: Int32 = errno) {
        description = "cannot \(operation): \(unsafe String(cString: strerror(code)))"
    }
}
