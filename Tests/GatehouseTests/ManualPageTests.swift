import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import gatehouse

/// What packages carry beside the program: the manual page and the completions, made of the commands themselves.
@Suite(.timeLimit(.minutes(30))) struct ManualPageTests {
    private var root: ManualPage.Command {
        get throws {
            try JSONDecoder().decode(ManualPage.Tool.self, from: Data(Gatehouse._dumpHelp().utf8)).command
        }
    }

    /// On a thread of its own: a shell that waits must not have one of the pool's.
    private func run(_ command: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try TestSupport.shell(command) }) }
        }
    }

    @Test func hasEveryCommandAndEveryOption() throws {
        let page = try ManualPage.text().replacingOccurrences(of: "\\-", with: "-")
        let leaves = ManualPage.leaves(try root)
        #expect(leaves.count > 40)
        for (words, command) in leaves {
            let parts = page.components(separatedBy: "\n.SS \(words.joined(separator: " "))\n")
            guard parts.count == 2 else {
                Issue.record("\(words) stands \(parts.count - 1) times")
                continue
            }
            let section = parts[1].components(separatedBy: "\n.SS ")[0]
            for argument in command.arguments ?? [] where argument.shouldDisplay ?? true {
                for name in argument.names ?? [] where name.name != "help" && name.name != "h" {
                    #expect(section.contains(name.text), "\(words) \(name.text)")
                }
            }
        }
    }

    /// groff warns of what it does not understand, and shows what a reader gets.
    @Test func groffUnderstandsIt() async throws {
        try await Gateway.inFolder { folder in
            let path = folder + "/gatehouse.8"
            try Data(try ManualPage.text().utf8).write(to: URL(fileURLWithPath: path))
            let warnings = try await run("groff -man -Tutf8 -ww -z '\(path)' 2>&1")
            #expect(warnings.isEmpty)
            let shown = try await run("groff -man -Tutf8 -P-cbou '\(path)'")
            for words in ["gatehouse device set-status", "--dry-run", "SEE ALSO", "gatehouse step-up"] {
                #expect(shown.replacingOccurrences(of: "\u{2010}", with: "-").contains(words), "\(words)")
            }
        }
    }

    /// Bash reads its own; the others' are only looked at.
    @Test(arguments: CompletionsCommand.Shell.allCases)
    func completionsKnowTheCommands(shell: CompletionsCommand.Shell) async throws {
        try await Gateway.inFolder { folder in
            let script = Gatehouse.completionScript(for: shell.shell)
            #expect(script.contains("set-status") && script.contains("completions"))
            let path = folder + "/completions"
            try Data(script.utf8).write(to: URL(fileURLWithPath: path))
            if shell == .bash {
                let complaints = try await run("bash -n '\(path)'")
                #expect(complaints.isEmpty)
            }
        }
    }
}
