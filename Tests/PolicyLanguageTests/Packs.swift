import Foundation
import PolicyLanguage
import Sessions
import Testing

/// Packs on disk, as tests use them.
enum Packs {
    /// Saturday, 21 November 2026, 10:00 UTC: the time at which every pack here is compiled.
    static let now = Instant(secondsSince1970: 1_795_255_200)

    static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static let standard = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "rules/default")

    /// The bytes of every file of a folder, by path within it.
    static func bytes(in folder: URL) throws -> [(path: String, bytes: [UInt8])] {
        let manager = FileManager.default
        return try manager.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }

    /// Decodes and compiles, as a command would.
    static func compile(
        _ files: [(path: String, bytes: [UInt8])]
    ) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        PolicyCompiler.compile(files.map { PackFile(path: $0.path, bytes: $0.bytes) }, now: now)
    }

    /// The default pack with some files put in place of its own, or added.
    static func standard(replacing files: [String: String]) throws -> (
        policy: Policy?, diagnostics: [Diagnostic]
    ) {
        var all = Dictionary(uniqueKeysWithValues: try bytes(in: standard).map { ($0.path, $0.bytes) })
        for (path, text) in files { all[path] = Array(text.utf8) }
        return compile(all.map { ($0.key, $0.value) })
    }
}
