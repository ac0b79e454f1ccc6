import Foundation

/// Writes diagnostics for programs: an array of objects, by place, each on the keys below.
package enum DiagnosticJSON {
    package static func text(_ diagnostics: some Sequence<Diagnostic>) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(diagnostics.sortedByPlace().map(Record.init))
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// One diagnostic, for a document of which diagnostics are a part.
    package struct Record: Encodable {
        let id: String
        let severity: Diagnostic.Severity
        let file: String
        let line: Int
        let column: Int
        let length: Int
        let message: String
        let notes: [Note]
        let suggestion: String?

        package init(_ diagnostic: Diagnostic) {
            id = diagnostic.id.rawValue
            severity = diagnostic.severity
            file = diagnostic.range.start.file
            line = diagnostic.range.start.line
            column = diagnostic.range.start.column
            length = diagnostic.range.length
            message = diagnostic.message
            notes = diagnostic.notes.map(Note.init)
            suggestion = diagnostic.suggestion
        }
    }

    struct Note: Encodable {
        let message: String
        let file: String?
        let line: Int?
        let column: Int?

        init(_ note: Diagnostic.Note) {
            message = note.message
            file = note.location?.file
            line = note.location?.line
            column = note.location?.column
        }
    }
}
