import ArgumentParser
import Foundation
import PolicyLanguage

/// What editors need to complete and check rule files while they are typed.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schemas of rule files, or write them into a folder.",
        discussion: """
            An editor that knows the schema of a file completes its keys and marks what is misspelt. It finds the schema \
            by a comment in the first line of the file, such as

              # yaml-language-server: $schema=../.schema/policy.json

            A schema sees one file by itself: 'gatehouse check' finds more, and has the last word.

            Without a kind, and without --output, the kinds are listed.
            """)

    @Argument(help: "The kind of file: \(RuleFileSchema.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: RuleFileSchema?

    @Option(help: "Write the schemas into this folder, one file each; it is made where it is missing.")
    var output: String?

    func run() throws {
        let kinds = kind.map { [$0] } ?? RuleFileSchema.allCases
        if let output { return try write(kinds, into: output) }
        if let kind { return print(kind.text, terminator: "") }
        for kind in kinds {
            let padding = String(repeating: " ", count: 13 - kind.rawValue.count)
            print("\(kind.rawValue)\(padding)\(kind.files)")
        }
    }

    private func write(_ kinds: [RuleFileSchema], into folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for kind in kinds {
                let path = "\(folder)/\(kind.fileName)"
                if FileManager.default.fileExists(atPath: path) {
                    try FileReplacement.replace(path, with: Array(kind.text.utf8))
                } else {
                    try FileReplacement.create(path, with: Array(kind.text.utf8))
                }
            }
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }
}

extension RuleFileSchema: ExpressibleByArgument {}
