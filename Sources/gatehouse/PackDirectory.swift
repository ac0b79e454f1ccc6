import Foundation
import PolicyLanguage

/// Reads the files of a pack from disk. What they mean is the compiler's affair.
struct PackDirectory {
    let path: String

    /// The pack's files, as bytes, by path inside the pack. Names that begin with a dot are not looked at.
    func files() throws -> [(path: String, bytes: [UInt8])] {
        let root = URL(fileURLWithPath: path, isDirectory: true)
        guard (try? root.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
            throw PackUnreadable(path: path, reason: "no such directory")
        }
        return try (["."] + Self.subfolders).flatMap { folder in
            try list(folder == "." ? root : root.appendingPathComponent(folder), prefix: folder)
        }
    }

    private static let subfolders = ["vendors", "tests"]

    private func list(_ folder: URL, prefix: String) throws -> [(path: String, bytes: [UInt8])] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return [] }
        let wanted = names.filter { name in
            !name.hasPrefix(".") && [".yaml", ".yml", ".csv"].contains { name.hasSuffix($0) }
        }
        return try wanted.sorted().map { name in
            let file = folder.appendingPathComponent(name)
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw PackUnreadable(path: file.path, reason: "cannot be read")
            }
            return (prefix == "." ? name : "\(prefix)/\(name)", Array(data))
        }
    }
}

struct PackUnreadable: Error, CustomStringConvertible {
    var path: String
    var reason: String
    var description: String { "\(path): \(reason)" }
}
