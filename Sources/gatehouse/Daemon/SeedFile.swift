import Evidence

/// Reads the seeds of one-time codes, from a file that nobody else can read.
enum SeedFile {
    static func read(_ path: String) throws -> TOTPSeedFile {
        switch TOTPSeedFile.parse(try PrivateFile.read(path, limit: 16 << 20)) {
        case .success(let file): return file
        case .failure(let problems):
            let lines = problems.all.map(\.description).joined(separator: "\n")
            throw PackUnreadable(path: path, reason: lines)
        }
    }
}
