import Foundation

/// Files of the tests, which the properties are held against and the fuzzers begin with.
enum FuzzFixtures {
    struct File: Sendable {
        /// Relative to the folder that was asked for.
        let name: String
        let bytes: [UInt8]
    }

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The bytes of a file under Tests; a fixture that is missing is a broken checkout.
    static func file(_ path: String) -> [UInt8] {
        guard let data = try? Data(contentsOf: tests.appending(path: path)) else {
            preconditionFailure("no fixture Tests/\(path)")
        }
        return [UInt8](data)
    }

    /// The files of a folder under Tests and below, by name.
    static func files(in folder: String, withSuffix suffix: String = "") -> [File] {
        let root = tests.appending(path: folder)
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: root.path)) ?? []
        precondition(!names.isEmpty, "no fixtures in Tests/\(folder)")
        return names.sorted().filter { $0.hasSuffix(suffix) }.compactMap { name in
            guard let data = try? Data(contentsOf: root.appending(path: name)) else { return nil }
            return File(name: name, bytes: [UInt8](data))
        }
    }

    /// The folders directly in a folder under Tests, by name.
    static func folders(in folder: String) -> [String] {
        let root = tests.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().filter {
            (try? root.appending(path: $0).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
        }
    }

    /// The texts between `"""` and `"""` in the source of a test, as they stand there.
    static func literals(in source: String) -> [[UInt8]] {
        let parts = String(decoding: file(source), as: UTF8.self).components(separatedBy: "\"\"\"")
        return parts.enumerated().filter { $0.offset % 2 == 1 }.map { Array($0.element.utf8) }
    }
}
