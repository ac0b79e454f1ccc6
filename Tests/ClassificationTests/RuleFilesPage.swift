import Foundation

/// The reference of the rule language, as tests read it.
struct RuleFilesPage {
    /// What a section is about, in lower case, and the keys in the first column of its table.
    struct Section {
        let title: String
        var keys: Set<String> = []
    }

    struct Example: CustomStringConvertible {
        let section: String
        let path: String
        let text: String

        var description: String { "\(path), under '\(section)'" }
    }

    private(set) var sections: [Section] = []
    private(set) var examples: [Example] = []
    /// Blocks of YAML without the name of a file.
    private(set) var unnamed: [String] = []

    init() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/gatehouse/Gatehouse.docc/RuleFiles.md")
        var block: [Substring]?
        let text = String(decoding: try Data(contentsOf: page), as: UTF8.self)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = block, line == "```" {
                add(lines)
                block = nil
            } else if block != nil {
                block?.append(line)
            } else if line == "```yaml" {
                block = []
            } else if line.hasPrefix("##") {
                sections.append(Section(title: line.drop { $0 == "#" || $0 == " " }.lowercased()))
            } else if line.hasPrefix("| `"), let end = line.dropFirst(3).firstIndex(of: "`") {
                sections[sections.count - 1].keys.insert(
                    String(line[line.index(line.startIndex, offsetBy: 3)..<end]))
            }
        }
    }

    private mutating func add(_ lines: [Substring]) {
        guard let first = lines.first, first.hasPrefix("# "), first.hasSuffix(".yaml") else {
            unnamed.append(lines.joined(separator: "\n"))
            return
        }
        examples.append(
            Example(
                section: sections.last?.title ?? "", path: String(first.dropFirst(2)),
                text: lines.joined(separator: "\n") + "\n"))
    }
}
