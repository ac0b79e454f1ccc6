import Sessions

/// Collects the diagnostics of one run over some files: reading goes on after an error, so that all are reported.
///
/// A reference, handed down to every reader; it belongs to one task and never leaves the run.
package final class DiagnosticLog {
    package private(set) var diagnostics: [Diagnostic] = []
    /// Lets a caller see whether something it called has reported an error.
    package private(set) var errorCount = 0
    private var sources: [String: SourceText] = [:]
    /// Looking for the nearest name costs (names × candidates): after this many, errors come without.
    private var suggestionsLeft = 500

    /// Hears of every mapping that is taken apart: what it is, which keys it may have, and which it has. For tests that
    /// hold the documentation against the readers.
    var onMapping: ((_ what: String, _ keys: [String], _ written: [String]) -> Void)?

    package init() {}

    /// Makes a file's lines known, for excerpts.
    package func register(_ source: SourceText) { sources[source.path] = source }

    package func add(
        _ message: DiagnosticMessage, at range: SourceRange, notes: [Diagnostic.Note] = [],
        suggestion: String? = nil
    ) {
        let line = sources[range.start.file]?.line(range.start.line) ?? ""
        if message.id.severity == .error { errorCount += 1 }
        diagnostics.append(
            Diagnostic(
                id: message.id, range: range, message: message.text, notes: notes, suggestion: suggestion,
                excerpt: String(line)))
    }

    /// Reports a name that is not defined, with the nearest one that is.
    package func addUnknown(
        _ message: DiagnosticMessage, _ name: String, at range: SourceRange,
        among places: [String: SourceLocation?]
    ) {
        let (notes, suggestion) = nearest(name, places)
        add(message, at: range, notes: notes, suggestion: suggestion)
    }

    /// Reports a value of the wrong kind, with what was probably meant.
    func addWrongType(expected: String, found: String, at range: SourceRange, suggestion: String?) {
        let notes = suggestion.map { [Diagnostic.Note("did you mean \(quoted($0))?")] } ?? []
        add(.wrongType(expected: expected, found: found), at: range, notes: notes, suggestion: suggestion)
    }

    /// Takes back what was said again of the same place, from a count of diagnostics on.
    func dropRepeats(since count: Int) {
        var seen: Set<String> = []
        let kept = diagnostics[count...].filter {
            seen.insert("\($0.range.start) \($0.id) \($0.message)").inserted
        }
        diagnostics.replaceSubrange(count..., with: kept)
    }

    /// What was written at a range, as far as the file is known.
    func written(at range: SourceRange) -> String {
        let line = sources[range.start.file]?.line(range.start.line) ?? ""
        return String(line.dropFirst(range.start.column - 1).prefix(range.length))
    }

    private func nearest(_ name: String, _ places: [String: SourceLocation?]) -> ([Diagnostic.Note], String?)
    {
        guard suggestionsLeft > 0 else { return ([], nil) }
        suggestionsLeft -= 1
        guard let best = NearestName.find(name, among: places.keys) else { return ([], nil) }
        guard let place = places[best] ?? nil else {
            return ([Diagnostic.Note("did you mean \(quoted(best))?")], best)
        }
        return ([Diagnostic.Note("did you mean \(quoted(best)), defined at \(place)?", at: place)], best)
    }

    package var hasErrors: Bool { errorCount > 0 }
}

/// A name from a file as a message shows it: in quotes, in one line, of bounded length, and unable to steer a
/// terminal.
func quoted(_ text: String) -> String { "'\(printable(text, limit: 60))'" }

/// Puts U+FFFD in place of characters that would move the cursor, colour the screen or turn the direction of text.
func printable(_ text: some StringProtocol, limit: Int = .max) -> String {
    var result = ""
    for (count, character) in text.enumerated() {
        if count == limit { return result + "..." }
        let isPlain = character.unicodeScalars.allSatisfy { !PlainText.isControl($0) }
        result.append(isPlain ? character : "\u{FFFD}")
    }
    return result
}
