import Foundation
import PolicyLanguage

/// Puts files where none are: all of them, or none.
enum NewFiles {
    /// Folders are made as they are needed. When a file is there already, or cannot be written, those that were are
    /// removed again. An interrupt in between waits.
    ///
    /// - Parameter files: paths below the folder.
    static func write(_ files: [PackFile], in folder: String) throws {
        let root = URL(fileURLWithPath: folder, isDirectory: true)
        var made: [URL] = []
        var (held, before) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&held)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&held, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &held, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        do {
            for file in files {
                let place = root.appendingPathComponent(file.path)
                made += try folders(down: place.deletingLastPathComponent())
                try FileReplacement.create(place.path, with: Array(file.text.utf8))
                made.append(place)
            }
        } catch {
            // A folder goes only when it is empty: what somebody else has put there stays.
            for place in made.reversed() { unsafe remove(place.path) }
            throw error
        }
    }

    /// Makes a folder and those above it, and says which were not there.
    private static func folders(down folder: URL) throws -> [URL] {
        if FileManager.default.fileExists(atPath: folder.path) { return [] }
        let above = try folders(down: folder.deletingLastPathComponent())
        guard unsafe mkdir(folder.path, 0o755) == 0 else { throw FileNotWritten(folder.path, errno) }
        return above + [folder]
    }
}
