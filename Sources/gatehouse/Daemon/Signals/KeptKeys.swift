import Foundation

/// The file of a transmitter's keys that were fetched last, in the folder of state: a gateway that starts without the
/// network knows them.
struct KeptKeys: Sendable {
    private let path: String
    /// The first line. Keys of one address are none of another's.
    private let head: [UInt8]

    init(of transmitter: String, from url: String, in state: String) {
        path = "\(state)/signal-keys/\(transmitter).json"
        head = Array((url + "\n").utf8)
    }

    /// Nil where nothing was kept from there.
    var bytes: [UInt8]? {
        guard let all = FileManager.default.contents(atPath: path), all.starts(with: head) else { return nil }
        return Array(all.dropFirst(head.count))
    }

    /// On the disk when it returns, whole or not at all.
    func keep(_ bytes: [UInt8]) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if FileManager.default.fileExists(atPath: path) {
            try FileReplacement.replace(path, with: head + bytes)
        } else {
            try FileReplacement.create(path, with: head + bytes)
        }
    }
}
