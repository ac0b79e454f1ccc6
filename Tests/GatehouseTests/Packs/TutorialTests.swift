import Foundation
import TestSupport
import Testing

/// What the tutorial shows is what happens: its commands are run, in its order, in one folder.
///
/// `GATEHOUSE_REGENERATE=1 swift test --filter TutorialTests` writes what they print now; review the difference.
struct TutorialTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/gatehouse/Gatehouse.docc/FirstPack.md")

    /// One line after a `$`, and what follows until the next.
    private struct Step {
        let command: String
        var output: [Substring] = []
    }

    /// The page in parts: text as it is, and blocks of steps.
    private enum Part {
        case text(Substring)
        case steps([Step])
    }

    private static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var steps: [Step]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = steps {
                if line == "```" {
                    parts.append(.steps(open))
                    steps = nil
                } else if line.hasPrefix("$ ") {
                    steps?.append(Step(command: String(line.dropFirst(2))))
                } else {
                    steps?[open.count - 1].output.append(line)
                }
            } else if line == "```console" {
                steps = []
            } else {
                parts.append(.text(line))
            }
        }
        return parts
    }

    /// What is otherwise at every run: days, times and digests.
    private static func settled(_ text: String) -> String {
        text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+Z)?/, with: "DATE").replacing(
            /[0-9a-f]{64}/, with: "DIGEST")
    }

    private static func run(_ command: String, in folder: String) throws -> String {
        let programs = URL(fileURLWithPath: Executable.path).deletingLastPathComponent().path
        return try shell("cd '\(folder)'; PATH=\(programs):$PATH; { \(command)\n} || true")
    }

    @Test func commandsPrintWhatIsShown() throws {
        let parts = Self.parts(of: try Executable.text(Self.page.path))
        let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"
        var (commands, lines): ([String], [String]) = ([], [])
        try Executable.inFolder { folder throws in
            for part in parts {
                switch part {
                case .text(let line): lines.append(String(line))
                case .steps(let steps):
                    lines.append("```console")
                    for step in steps {
                        let printed = try Self.run(step.command, in: folder)
                        let shown = step.output.map { $0 + "\n" }.joined()
                        if !isRegenerating {
                            #expect(Self.settled(printed) == Self.settled(shown), "\(step.command)")
                        }
                        commands.append(step.command)
                        lines.append("$ \(step.command)")
                        if !printed.isEmpty {
                            lines += printed.dropLast().split(
                                separator: "\n", omittingEmptySubsequences: false
                            )
                            .map(String.init)
                        }
                    }
                    lines.append("```")
                }
            }
            // It ends well, too.
            #expect(try Executable.run("check rules", in: folder).status == 0)
            #expect(try Executable.run("fmt --check rules", in: folder) == .init(status: 0, output: ""))
        }
        for name in ["init", "vendor add", "check", "prove", "plan", "coverage"] {
            #expect(commands.contains { $0.hasPrefix("gatehouse \(name)") }, "\(name)")
        }
        if isRegenerating { try Data(lines.joined(separator: "\n").utf8).write(to: Self.page) }
    }
}
