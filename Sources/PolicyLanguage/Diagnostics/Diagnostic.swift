/// One thing to tell the author of rule files, with the place that it is about.
package struct Diagnostic: Sendable, Hashable {
    /// An error keeps the pack from being loaded; a warning does not.
    package enum Severity: String, Sendable, Hashable, Codable {
        case error, warning
    }

    /// More to know, perhaps about another place.
    package struct Note: Sendable, Hashable {
        package let message: String
        /// The place that the message names, for programs; the message says it in words already.
        package let location: SourceLocation?

        package init(_ message: String, at location: SourceLocation? = nil) {
            self.message = message
            self.location = location
        }
    }

    /// Stable: scripts and pages may rely on it.
    package let id: DiagnosticID
    package let range: SourceRange
    /// One line, lower case, without blame and without control characters.
    package let message: String
    package let notes: [Note]
    /// What to write instead of what the range covers, when there is only one right answer.
    package let suggestion: String?
    /// The line of the file that the range is on.
    package let excerpt: String

    package init(
        id: DiagnosticID, range: SourceRange, message: String, notes: [Note] = [], suggestion: String? = nil,
        excerpt: String = ""
    ) {
        self.id = id
        self.range = range
        self.message = message
        self.notes = notes
        self.suggestion = suggestion
        self.excerpt = excerpt
    }

    package var severity: Severity { id.severity }
}

extension Sequence<Diagnostic> {
    /// By file, line and column; the order of rendering.
    package func sortedByPlace() -> [Diagnostic] {
        sorted { ($0.range, $0.id.rawValue, $0.message) < ($1.range, $1.id.rawValue, $1.message) }
    }

    package var hasErrors: Bool { contains { $0.severity == .error } }
}
