import Foundation
import Glibc

/// Puts new contents in a file's place at once: whoever looks sees the old file or the new one, also after a crash.
enum FileReplacement {
    /// Replaces a file that is there, and keeps its mode and owner. A link stays one, and its target is replaced.
    static func replace(_ path: String, with bytes: [UInt8]) throws(FileNotWritten) {
        guard let resolved = unsafe realpath(path, nil) else { throw FileNotWritten(path, errno) }
        defer { unsafe free(resolved) }
        let target = unsafe String(cString: resolved)
        var status = stat()
        guard unsafe stat(target, &status) == 0 else { throw FileNotWritten(path, errno) }
        try write(bytes, draft(of: target), mode: status.st_mode & 0o7777, owner: status) { draft in
            unsafe rename(draft, target) == 0
        }
    }

    /// Makes a file that is not there, with 0644 less what the process masks; fails when there is one.
    static func create(_ path: String, with bytes: [UInt8]) throws(FileNotWritten) {
        try write(bytes, draft(of: path), mode: nil, owner: nil) { draft in
            // Unlike renaming, linking takes nobody's place.
            guard unsafe link(draft, path) == 0 else { return false }
            unsafe unlink(draft)
            return true
        }
    }

    /// Beside the file, since no name is moved from one file system to another; hidden, so that no pack has it.
    private static func draft(of path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let name = ".\(url.lastPathComponent).\(UUID().uuidString)"
        return url.deletingLastPathComponent().appendingPathComponent(name).path
    }

    private static func write(
        _ bytes: [UInt8], _ draft: String, mode: mode_t?, owner: stat?, finish: (String) -> Bool
    ) throws(FileNotWritten) {
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o644)
        guard descriptor >= 0 else { throw FileNotWritten(draft, errno) }
        defer { close(descriptor) }
        do throws(FileNotWritten) {
            try write(bytes, to: descriptor, draft)
            if let owner, owner.st_uid != geteuid() || owner.st_gid != getegid() {
                guard fchown(descriptor, owner.st_uid, owner.st_gid) == 0 else {
                    throw FileNotWritten(draft, errno)
                }
            }
            // After the owner, since changing that drops bits; and the mask of the process is not the file's.
            if let mode {
                guard fchmod(descriptor, mode) == 0 else { throw FileNotWritten(draft, errno) }
            }
            guard fsync(descriptor) == 0, finish(draft) else { throw FileNotWritten(draft, errno) }
        } catch {
            unsafe unlink(draft)
            throw error
        }
        syncFolder(of: draft)
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(FileNotWritten) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileNotWritten(path, errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// What was renamed is in the folder after a crash only when that was written too. Not every file system can.
    private static func syncFolder(of path: String) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

struct FileNotWritten: Error, CustomStringConvertible {
    let path: String
    let number: Int32

    init(_ path: String, _ number: Int32) {
        self.path = path
        self.number = number
    }

    var description: String { "\(path): cannot be written: \(unsafe String(cString: strerror(number)))" }
}
