package import Certificates

/// Revocation lists from files and folders, read anew when they change.
///
/// What is in force stays in force until something newer takes its place: a file that is missing, half written, of
/// somebody else or older than before takes nothing back, so that nobody comes in again because a disk was full.
/// Memory: the lists themselves (``RevocationList``).
package struct RevocationFiles: Sendable {
    /// What one look at the files came to.
    package struct Look: Sendable {
        /// Other lists are in force than before.
        package var changed = false
        /// One line each, said once for each version of a file.
        package var warnings: [String] = []
        package var notes: [String] = []
    }

    /// Of PEM: a third more than of DER.
    static let maximumFileBytes = RevocationList.maximumBytes / 3 * 4 + (1 << 20)
    static let maximumFiles = 4096

    private struct File {
        /// The version that was last read or refused.
        var judged: FileStamp?
        /// The version at the last look, when it was not read for being written to.
        var pending: FileStamp?
        /// Why the newest version is not in force; nil when it is.
        var trouble: String?
        var lists: [RevocationList] = []
    }

    private struct Broken: Error, CustomStringConvertible { let description: String }

    private var paths: [String] = []
    private var files: [String: File] = [:]
    /// Why a configured path gives nothing.
    private var missing: [String: String] = [:]
    /// Configured path to the files that were found under it.
    private var found: [String: [String]] = [:]

    package init() {}

    /// Files and folders; what others held is forgotten at the next ``refresh(isSigned:)``.
    ///
    /// What was refused is looked at again: who is an issuer may have changed with the paths.
    package mutating func watch(_ paths: [String]) {
        var seen: Set<String> = []
        for name in files.keys where files[name]?.trouble != nil { files[name]?.judged = nil }
        self.paths = paths.filter { seen.insert($0).inserted }
    }

    package var lists: [RevocationList] { files.keys.sorted().flatMap { files[$0]?.lists ?? [] } }

    /// What keeps lists of these files or folders from being in force; for an administrator.
    package func troubles(of paths: [String]) -> [String] {
        paths.flatMap { path in
            (missing[path].map { [$0] } ?? [])
                + (found[path] ?? []).compactMap { name in files[name]?.trouble.map { "\(name): \($0)" } }
        }
    }

    /// The lists in force under configured paths.
    func lists(of paths: [String]) -> [RevocationList] {
        paths.flatMap { path in (found[path] ?? []).flatMap { name in files[name]?.lists ?? [] } }
    }

    /// Looks at every file (one system call each, and one more for a folder), and reads those that have changed.
    ///
    /// To be called every few seconds from a thread that may wait for the disk. A file that was replaced (renamed over)
    /// is read at once; one that was written to in place when it is found twice in the same state.
    ///
    /// `isSigned` says whether a list is signed by its issuer, nil when the issuer's certificate is not at hand: a list
    /// that somebody else has signed replaces none that the issuer has.
    package mutating func refresh(isSigned: (RevocationList) -> Bool?) -> Look {
        var look = Look()
        var present: [String: [String]] = [:]
        for path in paths { present[path] = namesOfFiles(at: path, &look) }
        let names = Set(present.values.joined())
        for name in names.sorted() { refresh(name, isSigned, &look) }
        for (path, known) in found {
            guard paths.contains(path) else { continue }
            // A file that went away: what it said stays said.
            let gone = Set(known).subtracting(present[path] ?? [])
            present[path, default: []] += gone.sorted()
            for name in gone { vanished(name, &look) }
        }
        found = present
        let wanted = Set(found.values.joined())
        for name in files.keys where !wanted.contains(name) {
            if files.removeValue(forKey: name)?.lists.isEmpty == false { look.changed = true }
        }
        missing = missing.filter { paths.contains($0.key) }
        return look
    }

    private mutating func vanished(_ name: String, _ look: inout Look) {
        guard files[name]?.judged != nil || files[name]?.pending != nil else { return }
        let hasLists = files[name]?.lists.isEmpty == false
        files[name]?.judged = nil
        files[name]?.pending = nil
        files[name]?.trouble = "the file is gone"
        look.warnings.append(
            "\(name): the file is gone" + (hasLists ? "; the lists that it held stay in force" : ""))
    }

    /// The files at a configured path: itself, or those in it.
    private mutating func namesOfFiles(at path: String, _ look: inout Look) -> [String] {
        let problem: String
        switch FileStamp.of(path) {
        case .success(let stamp) where stamp.isFolder:
            switch FileBytes.names(inFolder: path, atMost: Self.maximumFiles) {
            case .success(let names) where names.isEmpty: problem = "the folder is empty"
            case .success(let names):
                missing[path] = nil
                return names.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }.filter(Self.isRegular)
            case .failure(let error): problem = SystemError.words(error.code)
            }
        case .success:
            missing[path] = nil
            return [path]
        case .failure(let error): problem = SystemError.words(error.code)
        }
        let text = "\(path): \(problem)"
        if missing[path] != text { look.warnings.append(text) }
        missing[path] = text
        return []
    }

    private static func isRegular(_ path: String) -> Bool {
        if case .success(let stamp) = FileStamp.of(path) { stamp.isRegular } else { false }
    }

    private mutating func refresh(
        _ name: String, _ isSigned: (RevocationList) -> Bool?, _ look: inout Look
    ) {
        guard case .success(let stamp) = FileStamp.of(name) else { return }
        var file = files[name] ?? File()
        defer { files[name] = file }
        guard stamp != file.judged else { return }
        if let judged = file.judged, stamp != file.pending, stamp.isSameFile(as: judged) {
            file.pending = stamp
            return
        }
        file.pending = nil
        switch FileBytes.read(name, atMost: Self.maximumFileBytes) {
        case .changing: file.pending = stamp
        case .unreadable(let why):
            file.judged = stamp
            refuse(name, why, &file, &look)
        case .bytes(let bytes, let read):
            file.judged = read
            do {
                var fresh: [RevocationList] = []
                for part in try PEMDocument.parts(of: bytes, labels: ["X509 CRL"]) {
                    do {
                        fresh.append(try RevocationList(der: part.der))
                    } catch {
                        throw Broken(description: "\(part.place): \(error)")
                    }
                }
                take(fresh, name, isSigned, &file, &look)
            } catch {
                refuse(name, "\(error)", &file, &look)
            }
        }
    }

    private func refuse(_ name: String, _ why: String, _ file: inout File, _ look: inout Look) {
        file.trouble = why
        look.warnings.append(
            "\(name): \(why)" + (file.lists.isEmpty ? "" : "; the lists before stay in force"))
    }

    private func take(
        _ fresh: [RevocationList], _ name: String, _ isSigned: (RevocationList) -> Bool?, _ file: inout File,
        _ look: inout Look
    ) {
        var troubles: [String] = []
        var accepted: [RevocationList] = []
        for list in fresh {
            let shown = "the list of \(list.thisUpdate) by \(list.shownIssuer)"
            let before = file.lists.filter { $0.hasSameIssuer(as: list) }
            if isSigned(list) == false, before.contains(where: { isSigned($0) == true }) {
                troubles.append("\(shown) is not signed by its issuer; that before it stays in force")
            } else if let newer = before.first(where: { list.isOlder(than: $0) }) {
                troubles.append("\(shown) is older than that of \(newer.thisUpdate), which stays in force")
            } else {
                accepted.append(list)
            }
        }
        // One that is no longer in the file, or whose successor does not count, stays.
        let staying = file.lists.filter { old in
            !accepted.contains { $0.hasSameIssuer(as: old) }
        }
        file.lists = accepted + staying
        file.trouble = troubles.isEmpty ? nil : troubles.joined(separator: "; ")
        look.warnings += troubles.map { "\(name): \($0)" }
        for list in accepted {
            let count = list.count == 1 ? "1 entry" : "\(list.count) entries"
            look.notes.append(
                "\(name): in force: list of \(list.thisUpdate) by \(list.shownIssuer), \(count)")
        }
        if !accepted.isEmpty { look.changed = true }
    }
}
