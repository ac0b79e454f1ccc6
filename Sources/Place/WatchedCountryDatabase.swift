import CLinux
package import Evidence
package import NetworkTypes
import Synchronization

/// The country database in force, read anew when its files change.
///
/// It knows nothing until ``refresh()`` has read the files once. Files that are missing or wrong leave the database
/// before them in force; look-ups go on meanwhile and wait for nobody.
package final class WatchedCountryDatabase: CountryLookup, Sendable {
    package enum Refresh: Sendable {
        case unchanged
        /// Somebody is writing to a file. It is looked at again at the next call.
        case changing
        case loaded(CountryDatabase)
        /// The files cannot be used, and why. Said once for each version of the files.
        case refused(CountryDatabaseError)
    }

    private let paths: [String]
    /// Locked only to take or to put the reference.
    private let current = Mutex<CountryDatabase?>(nil)
    /// Locked for as long as a refresh takes.
    private let watch = Mutex(Watch())

    private struct Watch {
        /// The files that were last loaded or refused; nil before the first time.
        var judged: [FileStamp?]?
        /// The files at the last call, when they were not read for being written to.
        var pending: [FileStamp?]?
    }

    package init(paths: [String]) { self.paths = paths }

    /// What is in force; nil when no files could be read yet.
    package var database: CountryDatabase? { current.withLock { $0 } }

    package func country(of address: IPAddress) -> CountryCode? { database?.country(of: address) }

    /// Looks whether a file changed (one system call a file), and if so reads all of them.
    ///
    /// To be called every few seconds, from a thread that may wait for the disk. A file that was replaced (renamed
    /// over) is read at once. One that was written to in place is read when it is found twice in the same state: a text
    /// that ends early at a line's end looks whole.
    package func refresh() -> Refresh {
        watch.withLock { watch in
            let seen = paths.map { FileStamp(path: $0) }
            if seen == watch.judged { return .unchanged }
            if let judged = watch.judged, seen != watch.pending, Self.isWrittenInPlace(judged, seen) {
                watch.pending = seen
                return .changing
            }
            watch.pending = nil
            let outcome = read(seen, &watch)
            // Reading the texts of tor-geoipdb takes some 65 MB for a moment, of which malloc would keep most.
            gh_return_free_memory()
            return outcome
        }
    }

    private func read(_ seen: [FileStamp?], _ watch: inout Watch) -> Refresh {
        var files: [DatabaseBytes] = []
        for path in paths {
            do throws(ReadFault) {
                files.append(try DatabaseBytes(reading: path))
            } catch {
                guard case .unreadable(let fault) = error else { return .changing }
                watch.judged = seen
                return .refused(CountryDatabaseError(path: path, fault))
            }
        }
        guard files.map(\.stamp) == seen else { return .changing }
        watch.judged = seen
        do throws(CountryDatabaseError) {
            let database = try CountryDatabase(files)
            current.withLock { $0 = database }
            return .loaded(database)
        } catch {
            return .refused(error)
        }
    }

    private static func isWrittenInPlace(_ before: [FileStamp?], _ now: [FileStamp?]) -> Bool {
        zip(before, now).contains { before, now in
            guard let before, let now else { return false }
            return before != now && before.isSameFile(as: now)
        }
    }
}
