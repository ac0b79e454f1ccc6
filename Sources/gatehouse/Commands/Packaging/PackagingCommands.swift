import ArgumentParser
import Foundation

/// `gatehouse completions bash`
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print what a shell needs to complete this command line.",
        discussion: """
            A package puts it into /usr/share/bash-completion/completions/gatehouse, \
            /usr/share/zsh/vendor-completions/_gatehouse and /usr/share/fish/vendor_completions.d/gatehouse.fish.
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() { print(Gatehouse.completionScript(for: shell.shell)) }
}

/// `gatehouse manual`
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Print the manual page, gatehouse(8).",
        discussion:
            "A package puts it into /usr/share/man/man8/gatehouse.8. To read it: gatehouse manual | man -l -")

    func run() throws { print(try ManualPage.text(), terminator: "") }
}
