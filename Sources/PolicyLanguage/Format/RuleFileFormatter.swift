import Yams

/// Formats rule files: two spaces a level, one between the parts of a line, one blank line at most.
///
/// Comments, paragraphs, the order of keys, quotes, and whether a collection is a block or a flow stay the author's.
/// What is given back says the same to YAML as what came in, or nothing is given back.
package enum RuleFileFormatter {
    package enum Outcome: Sendable, Hashable {
        case formatted(String)
        /// The file is no good; left alone.
        case mistaken([Diagnostic])
        /// The file is good, but not of a form that is known here; left alone.
        case refused(FormatRefusal)
    }

    /// Formatting what was formatted changes nothing.
    package static func format(_ file: PackFile) -> Outcome {
        let log = DiagnosticLog()
        let source = SourceText(path: file.path, text: file.text)
        guard DocumentReader.read(source, log: log) != nil, !log.hasErrors else {
            return .mistaken(log.diagnostics.sortedByPlace())
        }
        do throws(FormatRefusal) {
            let layout = try LayoutReader.read(source)
            let text = LayoutWriter.text(layout)
            let result = SourceText(path: file.path, text: text)
            guard isSame(source, result), layout.comments == (try LayoutReader.read(result)).comments else {
                throw FormatRefusal(
                    location: source.start.start, reason: "formatted, it would not say the same")
            }
            return .formatted(text)
        } catch {
            return .refused(error)
        }
    }

    /// The last line of defence: a formatter that changed a rule would be a hole in the wall.
    private static func isSame(_ before: SourceText, _ after: SourceText) -> Bool {
        guard let old = node(before), let new = node(after) else { return false }
        return isSame(old, new)
    }

    private static func node(_ source: SourceText) -> Node? {
        try? Parser(yaml: source.text, resolver: .basic, encoding: .utf8).singleRoot()
    }

    /// Equal in what they say, in what order, and in what style it is written.
    private static func isSame(_ lhs: Node, _ rhs: Node) -> Bool {
        switch (lhs, rhs) {
        case (.scalar(let left), .scalar(let right)):
            left.string == right.string && left.style == right.style && lhs.tag == rhs.tag
        case (.sequence(let left), .sequence(let right)):
            left.style == right.style && left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.mapping(let left), .mapping(let right)):
            left.style == right.style && left.count == right.count
                && zip(left, right).allSatisfy { isSame($0.key, $1.key) && isSame($0.value, $1.value) }
        default: false
        }
    }
}
