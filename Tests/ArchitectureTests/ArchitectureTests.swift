import Foundation
import Synchronization
import Testing

/// Holds the source to the table of ``Floor``.
@Suite struct ArchitectureTests {
    @Test func everyTargetIsInTheTable() throws {
        let known = Set(Floor.all.map(\.name))
        let folders = try Self.folders()
        #expect(
            folders.contains("NetworkTypes"),
            "no sources at \(Self.sources.path): this test would see nothing")
        for folder in folders where !known.contains(folder) {
            Issue.record(
                "Sources/\(folder) is not in the table of Floor.swift: say there what it may import, and why")
        }
    }

    /// So that no cycle can be written down.
    @Test func theTableStandsFromTheGroundUp() {
        for (index, floor) in Floor.all.enumerated() {
            let earlier = Floor.all[..<index].map(\.name)
            for name in floor.below {
                #expect(earlier.contains(name), "\(floor) imports \(name), which is not below it")
            }
        }
        #expect(Set(Floor.all.map(\.name)).count == Floor.all.count, "a target stands in the table twice")
    }

    @Test(arguments: Floor.all)
    func importsWhatIsBelow(floor: Floor) throws {
        for file in try Self.files(of: floor) {
            for module in file.text.imports {
                guard let objection = floor.objection(toImporting: module.text) else { continue }
                Issue.record("\(file.name):\(module.line): \(objection)")
            }
        }
    }

    @Test(arguments: Floor.all.filter { $0.kind == .pure })
    func reachesForNothing(floor: Floor) throws {
        for file in try Self.files(of: floor) {
            for impurity in Impurity.all {
                for line in file.text.lines(of: impurity.words) {
                    Issue.record(
                        "\(file.name):\(line): \(impurity.words.joined()) in \(floor): \(impurity.why)")
                }
            }
            for line in file.text.linesOfSystemRandomness {
                Issue.record("\(file.name):\(line): random in \(floor): \(Impurity.aboutRandom)")
            }
        }
    }

    @Test(arguments: Floor.all.filter { $0.kind == .c })
    func cTargetsHoldNoSwift(floor: Floor) throws {
        #expect(try Self.files(of: floor).isEmpty, "\(floor) is C: SwiftPM builds no mixed targets")
    }

    private struct File {
        /// Below the package's folder.
        let name: String
        let text: SwiftText
    }

    private static let sources = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources", directoryHint: .isDirectory)

    private static func folders() throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: sources, includingPropertiesForKeys: [.isDirectoryKey]
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent)
        .filter { !$0.hasPrefix(".") }
    }

    private static func files(of floor: Floor) throws -> [File] {
        try read.withLock { read in
            if let files = read[floor.name] { return files }
            let files = try Self.read(floor)
            read[floor.name] = files
            return files
        }
    }

    /// Each target's, once.
    private static let read = Mutex<[String: [File]]>([:])

    /// The Swift files of a target, without those in a documentation catalog; none where the target is not
    /// there.
    private static func read(_ floor: Floor) throws -> [File] {
        guard try folders().contains(floor.name) else { return [] }
        let folder = sources.appending(path: floor.name)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") }
            .filter { !$0.split(separator: "/").contains { $0.hasSuffix(".docc") } }
            .sorted()
            .map { path in
                let source = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
                return File(name: "Sources/\(floor.name)/\(path)", text: SwiftText(source))
            }
    }
}
