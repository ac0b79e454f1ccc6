import Foundation
import RulesetCompiler
import RulesetSamples
import Testing

/// The texts of whole rulesets, read by people and held against the files in Golden.
/// `GATEHOUSE_UPDATE_GOLDEN=1 swift test --filter Golden` writes them anew: review the difference.
@Suite struct GoldenTests {
    static let names = ["empty", "one-tunnel", "two-scopes", "everything"]
    static let guardName = "guard"

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    @Test(arguments: names) func textIsAsReviewed(name: String) throws {
        let ruleset = try #require(try Samples.rulesets().first { $0.name == name }).ruleset
        try check(ruleset.text(at: Samples.now), name)
    }

    @Test func guardIsAsReviewed() throws {
        try check(Transaction(guarding: Samples.layout).tableText, Self.guardName)
    }

    private func check(_ text: String, _ name: String) throws {
        let file = Self.folder.appending(path: "\(name).nft")
        if ProcessInfo.processInfo.environment["GATEHOUSE_UPDATE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func everyFileHasARuleset() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(files) == Set((Self.names + [Self.guardName]).map { "\($0).nft" }))
        #expect(try Samples.rulesets().map(\.name) == Self.names)
    }
}
