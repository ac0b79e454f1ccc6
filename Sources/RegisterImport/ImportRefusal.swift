package import PolicyLanguage

/// Why nothing at all was read from a file, each reason with its place.
package struct ImportRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    package let diagnostics: [Diagnostic]

    init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    init(_ id: DiagnosticID, file: String, line: Int = 1, column: Int = 1, _ message: String) {
        let start = SourceLocation(file: file, line: line, column: column)
        self.init([Diagnostic(id: id, range: SourceRange(start: start), message: message)])
    }

    package var description: String { DiagnosticRenderer.text(diagnostics) }
}
