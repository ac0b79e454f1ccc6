import Foundation
import PolicyLanguage

/// Reads the files of a pack from disk. What they mean is the compiler's affair.
///
/// Links are followed, wherever they lead: packs are put together of mounted files. Only plain files are read: a pipe or a
/// device in their place would hold up the daemon or never end.
struct PackDirectory {
    let path: String

    /// So many files, and so many bytes in all, are more than any pack has.
    static let fileLimit = 10_000
    static let sizeLimit = 256 << 20

    /// The pack's files, as bytes, by path inside the pack. Names that begin with a dot are not looked at. Of a file that
    /// is too large only the beginning is there, which is too large all the same.
    func files() throws -> [(path: String, bytes: [UInt8])] {
        var isDirectory = ObjCBool(false)
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
            isDirectory.boolValue
        else { throw PackUnreadable(path: path, reason: "no such directory") }
        var left = Self.sizeLimit
        let names = try list(path) + Self.subfolders.flatMap { try list("\(path)/\($0)", prefix: "\($0)/") }
        guard names.count <= Self.fileLimit else {
            throw PackUnreadable(path: path, reason: "more than \(Self.fileLimit) files")
        }
        return try names.map { name in
            let bytes = try PlainFile.read("\(path)/\(name)", limit: PackFile.sizeLimit(of: name))
            left -= bytes.count
            guard left >= 0 else {
                throw PackUnreadable(path: path, reason: "more than \(Self.sizeLimit >> 20) MiB")
            }
            return (name, bytes)
        }
    }

    private static let subfolders = ["vendors", "tests"]

    private func list(_ folder: String, prefix: String = "") throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            // A pack need not have every folder; one that is there and cannot be looked into is another matter.
            guard FileManager.default.fileExists(atPath: folder) else { return [] }
            throw PackUnreadable(path: folder, reason: "cannot be read")
        }
        return names.filter { name in
            !name.hasPrefix(".") && [".yaml", ".yml", ".csv"].contains { name.hasSuffix($0) }
        }.sorted().map { prefix + $0 }
    }
}

struct PackUnreadable: Error, CustomStringConvertible {
    var path: String
    var reason: String
    var description: String { "\(path): \(reason)" }
}
