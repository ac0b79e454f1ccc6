import Control
import ControlAPI
import Foundation
import PolicyLanguage
import Sessions
import Testing

@testable import gatehouse

/// What the rules in force ask of a change, and what a pack looks like on its way.
@Suite struct ChangeTermsTests {
    private static func terms(_ changes: String?) throws -> ChangeTerms {
        let settings = changes.map { "changes: \($0)" } ?? ""
        let files = Gateway.pack(settings).map { PackFile(path: $0.key, text: $0.value) }
        let policy = try #require(PolicyCompiler.compile(files, now: Instant(secondsSince1970: 0)).policy)
        return ChangeTerms(policy.settings.changes)
    }

    /// In force, asked for, seconds that it waits; nil for at once. A refusal says -1.
    @Test(
        arguments: [
            (nil, nil, nil),
            (nil, "5m", 300),
            (nil, "10s", 10),
            (nil, "1d", 86_400),
            // Nobody can answer so fast, or waits so long.
            (nil, "9s", -1),
            (nil, "2d", -1),
            (nil, "five minutes", -1),
            (nil, "", -1),
            ("{ confirm-within: 10m }", nil, 600),
            ("{ confirm-within: 10m }", "5m", 300),
            ("{ confirm-within: 10m }", "10m", 600),
            // What the rules ask for is not got round with a longer wait.
            ("{ confirm-within: 10m }", "11m", -1),
            ("{ reference: required }", nil, nil),
        ] as [(String?, String?, Int64?)])
    func wait(rules: String?, asked: String?, seconds: Int64?) throws {
        let terms = try Self.terms(rules)
        if seconds == -1 {
            #expect(throws: ControlFailure.self) { try terms.wait(asked: asked) }
        } else {
            #expect(try terms.wait(asked: asked) == seconds.map { .seconds($0) })
        }
    }

    @Test(
        arguments: [
            (nil, true), ("{ reference: optional }", true), ("{ confirm-within: 10m }", true),
            ("{ reference: required }", false),
        ] as [(String?, Bool)])
    func reload(rules: String?, isAllowed: Bool) throws {
        let terms = try Self.terms(rules)
        if isAllowed {
            try terms.checkReload()
        } else {
            let failure = #expect(throws: ControlFailure.self) { try terms.checkReload() }
            #expect(failure?.message.contains("gatehouse apply DIRECTORY --change REFERENCE") == true)
        }
    }

    @Test(
        arguments: [
            ("RFC-123", true), ("CHG 0042/b", true), ("ÄND-7", true),
            (String(repeating: "x", count: 256), true),
            (nil, false), ("", false), (" RFC-1", false), ("RFC-1\n", false), ("a\u{202E}b", false),
            (String(repeating: "x", count: 257), false),
        ] as [(String?, Bool)])
    func reference(text: String?, isGood: Bool) {
        if isGood {
            #expect(throws: Never.self) { try ChangeTerms.check(reference: text) }
        } else {
            #expect(throws: ControlFailure.self) { try ChangeTerms.check(reference: text) }
        }
    }

    // MARK: Packs on their way

    /// By how much text the files have, in bytes; with characters of one to four bytes, so that pieces end anywhere.
    @Test(arguments: [
        [], [0], [1, 40 << 10, (40 << 10) + 1], [3 << 20, 0, 7], Array(repeating: 9_000, count: 90),
    ])
    func whatIsTakenApartComesTogether(sizes: [Int]) async throws {
        let letters = ["a", "é", "☃", "𝛑", "\u{1}"]
        let files = sizes.enumerated().map { index, size in
            var (text, length, turn) = ("", 0, index)
            while length < size {
                let letter = letters[turn % letters.count]
                text += letter
                length += letter.utf8.count
                turn += 1
            }
            return PackFile(path: "vendors/v\(index).yaml", text: text)
        }
        let requests = PackRequests(files)
        let parts = RequestParts<ControlMessages.PackPiece>(limit: ControlHandlers.packBytes) {
            $0.text.utf8.count
        }
        let (root, now) = (Peer(uid: 0), Instant(secondsSince1970: 0))
        for part in requests.parts {
            #expect(try JSONEncoder().encode(part).count + 1_024 <= ControlProtocol.requestBytes)
            try await parts.keep(part.pieces, part.batch, of: root, at: now)
        }
        let last = ControlMessages.ApplyArguments(
            name: "new", pieces: requests.pieces, batch: requests.batch)
        #expect(try JSONEncoder().encode(last).count + 1_024 <= ControlProtocol.requestBytes)
        let together = (try await parts.take(requests.batch, of: root, at: now) + requests.pieces).files
        #expect(together.map(\.path) == files.map(\.path))
        #expect(together.map { Array($0.text.utf8) } == files.map { Array($0.text.utf8) })
    }

    @Test(arguments: [
        (["policy.yaml", "vendors/civica.yaml"], true), ([], true), (["policy.yaml", "policy.yaml"], false),
        (["../policy.yaml"], false), (["/etc/passwd"], false), (["vendors//a.yaml"], false),
        (["vendors/./a.yaml"], false), ([""], false), (["a\nb.yaml"], false), (["a\u{0}.yaml"], false),
        // Swift takes these for equal, and so would a folder be read as one file.
        (["\u{e9}.yaml", "e\u{301}.yaml"], false),
    ])
    func paths(paths: [String], areGood: Bool) {
        if areGood {
            #expect(throws: Never.self) { try ControlHandlers.check(paths) }
        } else {
            #expect(throws: ControlFailure.self) { try ControlHandlers.check(paths) }
        }
    }

    @Test func tooMuchIsRefused() async throws {
        let parts = RequestParts<ControlMessages.PackPiece>(limit: 10) { $0.text.utf8.count }
        let piece = ControlMessages.PackPiece(path: "policy.yaml", text: "123456")
        let (root, now) = (Peer(uid: 0), Instant(secondsSince1970: 0))
        try await parts.keep([piece], .init(id: "a", part: 1), of: root, at: now)
        await #expect(throws: ControlFailure.self) {
            try await parts.keep([piece], .init(id: "a", part: 2), of: root, at: now)
        }
    }
}
