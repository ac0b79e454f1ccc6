import Classification
import Coverage
import Foundation
import PolicyLanguage
import Sessions

/// Packs on disk, compiled and reported on as of one moment.
struct GoldenPack {
    /// Monday, 23 November 2026, 10:00 UTC.
    static let now = Instant(secondsSince1970: 1_795_428_000)

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let rules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "rules")

    var name: String
    var files: [(path: String, bytes: [UInt8])]

    init(_ folder: URL) throws {
        name = folder.lastPathComponent
        files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }

    static func harbour() throws -> GoldenPack { try GoldenPack(folder.appending(path: "harbour")) }

    mutating func replace(_ path: String, _ change: (String) -> String?) {
        guard let index = files.firstIndex(where: { $0.path == path }) else { return }
        if let text = change(String(decoding: files[index].bytes, as: UTF8.self)) {
            files[index].bytes = Array(text.utf8)
        } else {
            files.remove(at: index)
        }
    }

    func policy() throws -> Policy {
        let texts = files.map { PackFile(path: $0.path, text: String(decoding: $0.bytes, as: UTF8.self)) }
        let (policy, diagnostics) = PolicyCompiler.compile(texts, now: Self.now)
        guard let policy else { throw Mistaken(diagnostics: DiagnosticRenderer.text(diagnostics)) }
        return policy
    }

    func report(_ evidence: (any ClauseEvidence)? = nil) throws -> CoverageReport {
        let policy = try policy()
        return CoverageReport(
            policy, pack: CoveredPack(name: name, at: Self.now, digest: PackDigest(files)),
            results: PolicyTestRunner.run(policy), evidence: evidence)
    }

    struct Mistaken: Error {
        var diagnostics: String
    }
}
