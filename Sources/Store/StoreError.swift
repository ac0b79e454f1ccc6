package import Evidence
import Sessions

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
    /// The file is damaged, or no database at all. ``Store/openOrSetAside(directory:at:schema:)`` begins without it.
    case corrupt(path: String, detail: String)
    /// There is no room for the change. The same call works once there is.
    case diskFull(path: String, operation: String)
    /// The disk, or the file, does not take changes.
    case readOnly(path: String, operation: String)
    /// A sealed seed does not open: the key is another one, or the row was changed.
    case sealed(CodeOwner)
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
        case .diskFull(let path, let operation): "cannot \(operation): the disk of \(path) is full"
        case .readOnly(let path, let operation): "cannot \(operation): \(path) cannot be written"
        case .sealed(let owner):
            "the one-time-code seed of '\(PlainText.shown(owner.user))'"
                + (owner.tenant.map { " for tenant '\(PlainText.shown($0))'" } ?? "")
                + " does not open: it was sealed with another key, "
                + "or the database was changed"
        case .failed(let operation, let detail): "cannot \(operation): \(detail)"
        }
    }
}
