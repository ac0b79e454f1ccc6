/// Writes diagnostics as text for people, in the manner of a compiler.
package enum DiagnosticRenderer {
    /// Longer lines are cut around the place.
    private static let widest = 160

    /// Every diagnostic by its place, and a line that counts them. Empty when there are none.
    package static func text(_ diagnostics: some Sequence<Diagnostic>) -> String {
        let sorted = diagnostics.sortedByPlace()
        guard !sorted.isEmpty else { return "" }
        var line = Line()
        return sorted.map { text($0, &line) }.joined() + summary(sorted) + "\n"
    }

    /// One diagnostic, ending in a line end.
    package static func text(_ diagnostic: Diagnostic) -> String {
        var line = Line()
        return text(diagnostic, &line)
    }

    /// The line that was cut last: a long one can have many mistakes, and is taken apart once.
    private struct Line {
        private var text = ""
        private var characters: [Character] = []

        mutating func characters(of text: String) -> [Character] {
            if text != self.text { (self.text, characters) = (text, Array(text)) }
            return characters
        }
    }

    private static func text(_ diagnostic: Diagnostic, _ line: inout Line) -> String {
        let place = printable(diagnostic.range.start.description)
        var lines = ["\(place): \(diagnostic.severity): \(diagnostic.message) [\(diagnostic.id)]"]
        let gutter = String(diagnostic.range.start.line)
        let margin = String(repeating: " ", count: gutter.count)
        if !diagnostic.excerpt.isEmpty {
            let (excerpt, marks) = excerpt(diagnostic, line.characters(of: diagnostic.excerpt))
            lines.append("\(gutter) | \(excerpt)")
            lines.append("\(margin) | \(marks)")
        }
        lines += diagnostic.notes.map { "\(margin) = note: \(printable($0.message))" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `2 errors, 1 warning`; `no errors` when there is nothing.
    package static func summary(_ diagnostics: some Sequence<Diagnostic>) -> String {
        var errors = 0
        var warnings = 0
        for diagnostic in diagnostics {
            switch diagnostic.severity {
            case .error: errors += 1
            case .warning: warnings += 1
            }
        }
        let parts = [plural(errors, "error"), plural(warnings, "warning")].compactMap(\.self)
        return parts.isEmpty ? "no errors" : parts.joined(separator: ", ")
    }

    private static func plural(_ count: Int, _ word: String) -> String? {
        switch count {
        case 0: nil
        case 1: "1 \(word)"
        default: "\(count) \(word)s"
        }
    }

    private static func excerpt(
        _ diagnostic: Diagnostic, _ characters: [Character]
    ) -> (line: String, marks: String) {
        let column = diagnostic.range.start.column
        let dropped = characters.count <= widest ? 0 : max(0, column - widest / 2)
        let window = characters.dropFirst(dropped).prefix(widest)
        let lead = window.prefix(column - 1 - dropped)
        // A tab stays one, in both lines, so that the caret stands below whatever width the terminal gives it.
        let indent = lead.map { $0 == "\t" ? "\t" : " " }.joined()
        let tildes = max(0, min(diagnostic.range.length, widest - lead.count) - 1)
        let line = window.map { $0 == "\t" ? "\t" : printable(String($0)) }.joined()
        return (line, indent + "^" + String(repeating: "~", count: tildes))
    }
}

extension DiagnosticID: CustomStringConvertible {
    package var description: String { rawValue }
}
