import Foundation
import Testing

struct CoverageCommandTests {
    private static let whole = [
        "policy.yaml": """
        inside: 10.10.0.0/16
        idle: { after: 30m, cites: [log-out] }
        classes:
          - { name: lost, when: { device: lost }, access: none, cites: [loss] }
        """,
        "clauses.yaml": """
        clauses:
          log-out: { title: Nobody stays }
          loss: { title: Cut off }
          paper: { title: Locked, kind: out-of-reach, because: it is paper }
        """,
        "tests/all.yaml": """
        tests:
          - { name: ends, setting: idle, is: 30m, cites: [log-out] }
          - name: cut
            at: 2026-11-23T10:00:00Z
            session: { user: alice }
            class: lost
            cites: [loss]
        """,
    ]

    @Test func endsWellWhenWhole() throws {
        try Executable.inFolder(Self.whole) { folder throws in
            let result = try Executable.run("coverage .", in: folder)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix(URL(fileURLWithPath: folder).lastPathComponent + "\n"))
            #expect(result.output.contains("\n2 of 2 clauses covered (100 %), 1 out of reach\n"))
            #expect(result.output.contains("\nOut of reach\n  paper  it is paper\n"))
        }
    }

    @Test func endsBadlyWhenNot() throws {
        var files = Self.whole
        files["clauses.yaml"]?.append("\n  more: { title: Nobody thought of this }\n")
        try Executable.inFolder(files) { folder throws in
            let result = try Executable.run("coverage .", in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains("2 of 3 clauses covered (66 %)"))
            #expect(result.output.contains("\nCited by no rule or setting\n  more  Nobody thought of this\n"))
        }
        files["clauses.yaml"] = nil
        try Executable.inFolder(files) { folder throws in
            let result = try Executable.run("coverage .", in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains("gatehouse: the pack has no clauses.yaml"))
        }
    }

    @Test(arguments: ["json", "html", "csv"]) func writesFiles(form: String) throws {
        try Executable.inFolder(Self.whole) { folder throws in
            let printed = try Executable.run("coverage . --\(form)", in: folder)
            #expect(printed.status == 0)
            for _ in 0..<2 {
                let written = try Executable.run("coverage . --\(form) --output report", in: folder)
                #expect(written == .init(status: 0, output: ""))
                let text = try Executable.text("\(folder)/report")
                // The time in it may be another, of the same length.
                #expect(text.count == printed.output.count)
            }
            let first = ["json": "{", "html": "<!DOCTYPE html>", "csv": "clause,title,"][form] ?? ""
            #expect(printed.output.hasPrefix(first))
        }
    }

    @Test func whatCannotBeDone() throws {
        try Executable.inFolder(Self.whole) { folder throws in
            #expect(try Executable.run("coverage nowhere", in: folder).status == 2)
            #expect(try Executable.run("coverage . --output no/where", in: folder).status == 2)
            #expect(try Executable.run("coverage . --json --csv", in: folder).status == 64)
        }
        try Executable.inFolder(["policy.yaml": "a: b\n"]) { folder throws in
            let result = try Executable.run("coverage .", in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains("[unknown-key]"))
        }
    }
}
