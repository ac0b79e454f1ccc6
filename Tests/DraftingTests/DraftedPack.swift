import Classification
import Coverage
import Foundation
import PolicyLanguage
import PolicyProof
import Sessions
import Testing

/// What is asked of every pack that is drafted.
enum DraftedPack {
    /// Saturday, 21 November 2026, 10:00 UTC.
    static let now = Instant(secondsSince1970: 1_795_255_200)

    @discardableResult
    static func expectGood(
        _ files: [PackFile], at now: Instant = now, isWhole: Bool = true, _ why: Comment,
        _ place: SourceLocation = #_sourceLocation
    ) -> Policy? {
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        #expect(DiagnosticRenderer.text(diagnostics) == "", why, sourceLocation: place)
        guard let policy else { return nil }
        let results = PolicyTestRunner.run(policy)
        #expect(
            results.filter { !$0.passed }.map { [$0.name] + $0.failures } == [], why, sourceLocation: place)
        for file in files where file.path.hasSuffix(".yaml") {
            guard case .formatted(let text) = RuleFileFormatter.format(file) else {
                Issue.record("\(file.path) is not formatted: \(why)", sourceLocation: place)
                continue
            }
            #expect(text == file.text, "\(file.path): \(why)", sourceLocation: place)
        }
        guard isWhole else { return policy }
        let proofs = Prover(policy, from: now).prove()
        #expect(proofs.filter { !$0.holds }.map(\.property) == [], why, sourceLocation: place)
        let report = CoverageReport(
            policy, pack: CoveredPack(name: "drafted", at: now, digest: PackDigest([])), results: results)
        #expect(report.isComplete, why, sourceLocation: place)
        #expect(report.tests.untriedClasses.map(\.name) == [], why, sourceLocation: place)
        #expect(report.tests.untriedGrants.isEmpty, why, sourceLocation: place)
        return policy
    }

    /// The packs that come with the program, by name.
    static func files(of pack: String) throws -> [PackFile] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "rules/\(pack)")
        return try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map {
                PackFile(
                    path: $0,
                    text: String(decoding: try Data(contentsOf: root.appending(path: $0)), as: UTF8.self))
            }
    }
}

typealias SourceLocation = Testing.SourceLocation
