import Evidence
import Glibc

/// Reads the seeds of one-time codes, from a file that nobody else can read.
enum SeedFile {
    static func read(_ path: String) throws -> TOTPSeedFile {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PackUnreadable(path: path, reason: "cannot be read") }
        defer { close(descriptor) }
        // The mode of what was opened, not of what the name means a moment later.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw PackUnreadable(path: path, reason: "cannot be read")
        }
        if let problem = TOTPSeedFile.checkMode(
            mode: status.st_mode, owner: status.st_uid, expectedOwner: geteuid())
        {
            throw PackUnreadable(path: path, reason: "\(problem)")
        }
        switch TOTPSeedFile.parse(try bytes(descriptor, path)) {
        case .success(let file): return file
        case .failure(let problems):
            let lines = problems.all.map(\.description).joined(separator: "\n")
            throw PackUnreadable(path: path, reason: lines)
        }
    }

    private static let sizeLimit = 16 << 20

    private static func bytes(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0, bytes.count <= sizeLimit else {
                throw PackUnreadable(path: path, reason: count < 0 ? "cannot be read" : "is too large")
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
