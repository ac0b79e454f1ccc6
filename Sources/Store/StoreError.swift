/// Why the store cannot be opened, read or written. Nothing on the disk was changed by the call that threw it.
package enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The state directory, or the file in it, is not ours alone or cannot be made.
    case directory(path: String, problem: String)
    /// Another process has the database open.
    case inUse(path: String)
    /// The file is a database, but of some other program.
    case foreign(path: String)
    /// A newer gatehouse has written it; this one would not keep what it does not know.
    case newerSchema(path: String, found: Int, known: Int)
    /// The file is damaged, or no database at all. Restore it, or move it away to begin without holds, device
    /// statuses and used codes.
    case corrupt(path: String, detail: String)
    /// The disk or SQLite refused.
    case failed(operation: String, detail: String)

    package var description: String {
        switch self {
        case .directory(let path, let problem): "\(path): \(problem)"
        case .inUse(let path): "\(path): another process has it open"
        case .foreign(let path): "\(path): not a gatehouse database"
        case .newerSchema(let path, let found, let known):
            "\(path): schema version \(found), this gatehouse knows up to \(known); use the newer gatehouse"
        case .corrupt(let path, let detail):
            "\(path): damaged (\(detail)); restore it, or move it away to begin without what it held"
        case .failed(let operation, let detail): "cannot \(operation): \(detail)"
        }
    }
}
