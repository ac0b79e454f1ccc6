import Foundation
import TestSupport

/// The built program, as a shell finds it.
enum Executable {
    static let path: String = {
        let place = Bundle.main.executableURL?.deletingLastPathComponent().path ?? ""
        let candidates = [
            "\(place)/gatehouse", "\(FileManager.default.currentDirectoryPath)/.build/debug/gatehouse",
        ]
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "gatehouse"
    }()

    struct Result: Equatable {
        var status: Int
        /// Standard output, then standard error, as they came.
        var output: String
    }

    /// Words are the shell's: quote what has spaces.
    static func run(_ words: String, in folder: String, input: String = "") throws -> Result {
        let text = try shell(
            "cd '\(folder)'; status=0; '\(path)' \(words) || status=$?; echo \"= $status\"", input: input)
        guard let mark = text.range(of: "= ", options: .backwards),
            let status = Int(text[mark.upperBound...].dropLast())
        else { return Result(status: -1, output: text) }
        return Result(status: status, output: String(text[..<mark.lowerBound]))
    }

    /// A folder for one test, with files by path in it.
    static func inFolder(_ files: [String: String] = [:], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "packs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder.path)
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
