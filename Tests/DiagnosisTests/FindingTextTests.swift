import Diagnosis
import Foundation
import Testing

/// The table that people read, to the letter. `GATEHOUSE_REGENERATE=1 swift test` writes what is written now; review the
/// difference.
struct FindingTextTests {
    private static let findings: [Finding] = [
        .ok(.daemon, "the daemon runs and answers"),
        Finding(
            .foreignDrop, "inet firewall forward handle 7", .warning,
            "the rule 'tcp dport 25 drop' may drop packets from tun0 at forward, priority 0",
            why: "what the rules permit does not pass then", remedy: "nft insert rule ..."),
        .unknown(.tracking, "the kernel tracks no connections yet"),
        Finding(
            .guardTable, .problem, "the table inet gatehouse-guard is not there",
            why: "nothing refuses what comes from the tunnels", remedy: "gatehouse guard"),
        .ok(.tunnel, "tun0", "the interface is there"),
        // A name that another program chose.
        .ok(.foreignLink, "bridge \u{1B}[2Jred\u{202E}", "sees frames that are bridged"),
    ]

    private func expect(_ text: String, _ name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    @Test func plain() throws { try expect(FindingText.render(Self.findings), "plain.txt") }

    @Test func coloured() throws {
        try expect(FindingText.render(Self.findings, isColoured: true), "coloured.txt")
    }

    @Test func nothingWrong() {
        let text = FindingText.render([Self.findings[0]])
        #expect(text.hasSuffix("no problem, no warning, 0 not known, 1 ok"))
    }

    /// Other programs ask for them.
    @Test func everyCheckHasOneIdentifier() {
        #expect(Set(Check.allCases.map(\.rawValue)).count == Check.allCases.count)
        let letters = Set("abcdefghijklmnopqrstuvwxyz.-")
        #expect(Check.allCases.allSatisfy { $0.rawValue.allSatisfy { letters.contains($0) } })
    }
}
