import Evidence
import Glibc

/// Reads a file of secrets, when nobody else can read it.
enum PrivateFile {
    /// Throws ``PackUnreadable`` also for a file that others can read, or that somebody else owns.
    static func read(
        _ path: String, limit: Int, isTrusted: (stat) -> String? = ownAlone
    ) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PackUnreadable(path: path, reason: "cannot be read") }
        defer { close(descriptor) }
        // The mode of what was opened, not of what the name means a moment later.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw PackUnreadable(path: path, reason: "cannot be read")
        }
        if let problem = isTrusted(status) { throw PackUnreadable(path: path, reason: problem) }
        return try bytes(descriptor, path, limit: limit)
    }

    static func ownAlone(_ status: stat) -> String? {
        TOTPSeedFile.checkMode(mode: status.st_mode, owner: status.st_uid, expectedOwner: geteuid())
            .map { "\($0)" }
    }

    private static func bytes(_ descriptor: Int32, _ path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0, bytes.count <= limit else {
                throw PackUnreadable(path: path, reason: count < 0 ? "cannot be read" : "is too large")
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
