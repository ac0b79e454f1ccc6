import Coverage
import Foundation
import Testing

/// What is written of a small pack, to the letter. `GATEHOUSE_REGENERATE=1 swift test` writes what is written now;
/// review the difference.
struct GoldenTests {
    private static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"

    private func expect(_ text: String, _ name: String) throws {
        let file = GoldenPack.folder.appending(path: name)
        if Self.isRegenerating { try Data(text.utf8).write(to: file) }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    @Test func json() throws { try expect(try GoldenPack.harbour().report().json(), "harbour.json") }
    @Test func csv() throws { try expect(try GoldenPack.harbour().report().csv(), "harbour.csv") }
    @Test func html() throws {
        try expect(CoveragePage(try GoldenPack.harbour().report()).text, "harbour.html")
    }
}
