import Glibc

/// The directory that the store lives in, and what must hold of it: ours, and nobody else's business.
///
/// All calls that need a C pointer are here; every path is passed to the call alone and kept by none.
struct StateDirectory {
    let path: String

    var database: String { path + "/gatehouse.sqlite" }
    /// Where a new database is made, before it gets its name complete.
    var draft: String { path + "/gatehouse.sqlite.new" }
    /// What takes the place of a damaged database. It is whole, and while it is there the change of places is under
    /// way.
    var successor: String { path + "/gatehouse.sqlite.next" }

    /// What SQLite keeps beside a database (sqlite.org/tempfiles.html). The database comes last: while it is under its
    /// own name, nothing that belongs to it is taken for another's.
    static let companions = ["-wal", "-shm", "-journal"]

    /// Makes the directory (mode 0700, the parent must exist) or checks it.
    func prepare() throws(StoreError) {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("cannot make it") }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure("cannot look at it") }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw problem("not a directory") }
        guard status.st_uid == geteuid() else { throw problem("owned by uid \(status.st_uid)") }
        guard status.st_mode & 0o077 == 0 else {
            throw problem("open to others (mode \(String(status.st_mode & 0o777, radix: 8))); expected 700")
        }
    }

    /// Keeps every other process out, until the lock is let go of: SQLite's own locks are on a file that may be
    /// damaged, and go with it when it is renamed.
    func lock() throws(StoreError) -> DirectoryLock {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open it") }
        let lock = DirectoryLock(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .inUse(path: database) : failure("cannot lock it")
        }
        return lock
    }

    /// Whether there is a database; tightens its mode to 0600. Never opens it: closing a second descriptor of a file
    /// drops the locks that SQLite has on it (fcntl(2), "record locks").
    func hasDatabase() throws(StoreError) -> Bool {
        var status = stat()
        if unsafe lstat(database, &status) != 0 {
            guard errno == ENOENT else { throw failure("cannot look at gatehouse.sqlite") }
            // SQLite would take what it says for the new database's.
            if size(of: database + "-wal") ?? 0 > 0 {
                throw .corrupt(path: database, detail: "the file is gone, its log is there")
            }
            return false
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw problem("gatehouse.sqlite is not a file") }
        guard status.st_uid == geteuid() else {
            throw problem("gatehouse.sqlite is owned by uid \(status.st_uid)")
        }
        // SQLite takes an empty file for a new database, and one that is shorter than any page for next to one: the
        // orders in it would be gone without a word.
        guard status.st_size >= 512 else {
            throw .corrupt(path: database, detail: "the file has \(status.st_size) bytes, less than a page")
        }
        if status.st_mode & 0o077 != 0, unsafe chmod(database, 0o600) != 0 {
            throw failure("cannot change the mode of gatehouse.sqlite")
        }
        // SQLite would open it for reading, and then complain of its locks.
        if unsafe access(database, W_OK) != 0 { throw .readOnly(path: database, operation: "open the store") }
        return true
    }

    /// Makes an empty draft of mode 0600; what an interrupted start left is removed.
    func makeDraft() throws(StoreError) {
        for leftover in [""] + Self.companions {
            if unsafe unlink(draft + leftover) != 0, errno != ENOENT {
                throw failure("cannot remove an old draft")
            }
        }
        let descriptor = unsafe open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot make gatehouse.sqlite") }
        close(descriptor)
    }

    /// Gives the finished draft its name, durably.
    func publishDraft() throws(StoreError) { try move(draft, to: database) }

    /// Renames, durably. Takes the place of what has the name.
    func move(_ old: String, to new: String) throws(StoreError) {
        guard unsafe rename(old, new) == 0 else { throw failure("cannot rename \(old)") }
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open it") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot sync it") }
    }

    /// Nil for what is not there.
    func size(of file: String) -> Int? {
        var status = stat()
        return unsafe lstat(file, &status) == 0 ? Int(status.st_size) : nil
    }

    func problem(_ text: String) -> StoreError { .directory(path: path, problem: text) }

    private func failure(_ text: String) -> StoreError {
        let code = errno
        return problem("\(text): \(unsafe String(cString: strerror(code)))")
    }
}

/// That this process alone uses a directory, for as long as the value lives (flock(2)). Not handed to children.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Unlocks before it closes: a child that was forked and has not yet called exec shares the lock, and would keep it
    /// (flock(2)).
    deinit {
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
