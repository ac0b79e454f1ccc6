import Sessions

/// Collects the diagnostics of one run over some files: reading goes on after an error, so that all are reported.
///
/// A reference, handed down to every reader; it belongs to one task and never leaves the run.
package final class DiagnosticLog {
    /// In the order in which they were found; with a last one that says so where there were too many to keep.
    package var diagnostics: [Diagnostic] { kept + [unkept].compactMap(\.self) }
    private var kept: [Diagnostic] = []
    /// Lets a caller see whether something it called has reported an error.
    package private(set) var errorCount = 0
    private var warningCount = 0
    /// The first that was not kept, where more begins, and how many there are.
    private var firstUnkept: SourceRange?
    private var unkeptCount = 0
    private var sources: [String: SourceText] = [:]
    /// Looking for the nearest name costs (names × candidates): after these many, errors come without.
    private var suggestionsLeft = 500
    private var candidatesLeft = 500_000
    /// The line that was quoted last. Long lines have many mistakes, and one copy of the text will do.
    private var excerpt = (place: SourceLocation(file: "", line: 0, column: 0), text: "")

    /// More than anybody reads; a file of something else entirely can have millions. Warnings are counted apart, so that
    /// they never keep an error from being told.
    package static let errorLimit = 50_000
    package static let warningLimit = 10_000

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
        guard keeps(message.id.severity, at: range) else { return }
        kept.append(
            Diagnostic(
                id: message.id, range: range, message: message.text, notes: notes, suggestion: suggestion,
                excerpt: line(of: range)))
    }

    /// Takes over what was found before there was a log.
    func add(_ diagnostic: Diagnostic) {
        if keeps(diagnostic.severity, at: diagnostic.range) { kept.append(diagnostic) }
    }

    private func keeps(_ severity: Diagnostic.Severity, at range: SourceRange) -> Bool {
        let isKept: Bool
        switch severity {
        case .error:
            errorCount += 1
            isKept = errorCount <= Self.errorLimit
        case .warning:
            warningCount += 1
            isKept = warningCount <= Self.warningLimit
        }
        guard isKept else {
            unkeptCount += 1
            if firstUnkept == nil { firstUnkept = range }
            return false
        }
        return true
    }

    private var unkept: Diagnostic? {
        guard let firstUnkept else { return nil }
        let message = DiagnosticMessage.andMore(unkeptCount)
        return Diagnostic(id: message.id, range: firstUnkept, message: message.text)
    }

    private func line(of range: SourceRange) -> String {
        let place = SourceLocation(file: range.start.file, line: range.start.line, column: 1)
        if excerpt.place != place {
            let line = sources[place.file]?.line(place.line) ?? ""
            // A line that is refused for its length would be all of a file of something else.
            let isLong = line.utf8.count > RegisterReader.tableLineLimit
            excerpt = (place, isLong ? String(line.unicodeScalars.prefix(1000)) : String(line))
        }
        return excerpt.text
    }

    /// Reports a name that is not defined, with the nearest one that is, which is returned.
    @discardableResult
    package func addUnknown(
        _ message: DiagnosticMessage, _ name: String, at range: SourceRange,
        among places: [String: SourceLocation?]
    ) -> String? {
        let (notes, suggestion) = nearest(name, places)
        add(message, at: range, notes: notes, suggestion: suggestion)
        return suggestion
    }

    /// Reports a value of the wrong kind, with what was probably meant.
    func addWrongType(expected: String, found: String, at range: SourceRange, suggestion: String?) {
        let notes = suggestion.map { [Diagnostic.Note("did you mean \(quoted($0))?")] } ?? []
        add(.wrongType(expected: expected, found: found), at: range, notes: notes, suggestion: suggestion)
    }

    /// How many diagnostics were kept so far.
    var mark: Int { kept.count }

    /// Takes back what was said again of the same place, from a mark on.
    func dropRepeats(since mark: Int) {
        var seen: Set<String> = []
        let told = kept[mark...].filter {
            seen.insert("\($0.range.start) \($0.id) \($0.message)").inserted
        }
        kept.replaceSubrange(mark..., with: told)
    }

    /// What was written at a range, as far as the file is known.
    func written(at range: SourceRange) -> String {
        let line = sources[range.start.file]?.line(range.start.line) ?? ""
        return String(line.dropFirst(range.start.column - 1).prefix(range.length))
    }

    private func nearest(_ name: String, _ places: [String: SourceLocation?]) -> ([Diagnostic.Note], String?)
    {
        guard suggestionsLeft > 0, candidatesLeft >= places.count else { return ([], nil) }
        suggestionsLeft -= 1
        candidatesLeft -= places.count
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

/// Puts U+FFFD in place of characters that would move the cursor, colour the screen or turn the direction of text, and
/// of those that are made of very many marks.
func printable(_ text: some StringProtocol, limit: Int = .max) -> String {
    var result = ""
    for (count, character) in text.enumerated() {
        if count == limit { return result + "..." }
        let isPlain =
            character.unicodeScalars.allSatisfy { !PlainText.isControl($0) }
            && character.utf8.count <= 128
        result.append(isPlain ? character : "\u{FFFD}")
    }
    return result
}
