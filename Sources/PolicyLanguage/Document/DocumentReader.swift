import Sessions
import Yams

/// Reads one YAML file strictly, into nodes with places.
///
/// Refused, each with its place: anchors and aliases (a few lines of them stand for gigabytes), tags, keys written
/// twice or that are no text, several documents, nesting beyond ``depthLimit``, control characters, and files or
/// lines out of all proportion. Scalars keep the text that was written; what it means is the reader's business.
///
/// A byte order mark at the beginning is accepted, since Windows programs write one; anywhere else it is a character
/// that nobody sees, and refused. Lines may end in LF, CR or both. Time and memory are linear in the length of the text,
/// whatever it says.
///
/// Any part that reads YAML written by administrators may use this, so that all mistakes look alike:
///
///     let log = DiagnosticLog()
///     let source = SourceText(path: "gatehouse.yaml", text: text)
///     if let root = DocumentReader.read(source, log: log),
///         let file = MappingReader(root, "the configuration", keys: ["socket", "sources"], log: log)
///     {
///         let socket = file.require("socket", .text)
///         for item in file.node("sources").map(log.items) ?? [] { ... }
///     }
///     print(DiagnosticRenderer.text(log.diagnostics))
///
/// Values of other kinds need a `TextForm` only: what was expected, and a function from the text.
package enum DocumentReader {
    /// In UTF-8 bytes.
    package static let sizeLimit = 4 << 20
    package static let lineLimit = 4096
    package static let depthLimit = 32

    /// The root of the file; nil when anything was refused, and then the log has at least one error about it.
    package static func read(_ source: SourceText, log: DiagnosticLog) -> DocumentNode? {
        log.register(source)
        guard passesLimits(source, sizeLimit: sizeLimit, lineLimit: lineLimit, log: log),
            let composed = DocumentComposer(source: source, log: log).compose()
        else { return nil }
        var converter = DocumentConverter(source: source, log: log, masks: composed.masks)
        // Anchors are referenced weakly by their nodes: the parser is what keeps them.
        return withExtendedLifetime(composed.parser) { converter.convertRoot(composed.root) }
    }

    /// Refuses files out of proportion and characters that mislead; for every kind of rule file.
    static func passesLimits(
        _ source: SourceText, sizeLimit: Int, lineLimit: Int, log: DiagnosticLog
    ) -> Bool {
        guard source.text.utf8.count <= sizeLimit else {
            log.add(.fileTooLarge(limit: sizeLimit), at: source.start)
            return false
        }
        return hasNoForbiddenCharacter(source, log) && passesLineLimit(source, lineLimit, log)
    }

    /// More lines than these are a file of another kind.
    private static let badLineLimit = 10

    private static func hasNoForbiddenCharacter(_ source: SourceText, _ log: DiagnosticLog) -> Bool {
        guard source.text.utf8.contains(where: mayBeForbidden),
            source.text.unicodeScalars.contains(where: isForbidden)
        else { return true }
        var left = badLineLimit
        for (index, line) in source.lines.enumerated() where left > 0 {
            guard let bad = line.unicodeScalars.firstIndex(where: isForbidden) else { continue }
            left -= 1
            // A forbidden character is never part of another one.
            let column = line[..<bad].count + 1
            let notes = left == 0 ? [Diagnostic.Note("what follows was not looked at")] : []
            log.add(
                .badCharacter(line.unicodeScalars[bad]), at: source.range(line: index + 1, column: column),
                notes: notes)
        }
        return false
    }

    /// The bytes that forbidden characters begin with, and others.
    private static func mayBeForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 ? byte != 0x0A : byte == 0x7F || byte == 0xC2 || byte == 0xE2 || byte == 0xEF
    }

    /// Line ends and tabs are the only control characters that a rule file needs. U+FFFE and U+FFFF are what
    /// libyaml refuses besides.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029: false
        case 0xFFFE, 0xFFFF: true
        default: PlainText.isControl(scalar)
        }
    }

    private static func passesLineLimit(_ source: SourceText, _ limit: Int, _ log: DiagnosticLog) -> Bool {
        guard let index = source.lines.firstIndex(where: { $0.utf8.count > limit }) else { return true }
        log.add(.lineTooLong(limit: limit), at: source.range(line: index + 1, column: 1))
        return false
    }
}
