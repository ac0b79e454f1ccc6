import Yams

/// Has Yams compose a file, and turns its errors into diagnostics.
///
/// Yams gives up at the first mapping that has a key twice. To find the other errors too, the first letter of the
/// earlier key is masked by one of private use, of which no name has any, and the text is composed again. Columns
/// stay as they are, and the converter puts the letter back before it reports the double.
///
/// Stars are masked too. A few lines of aliases stand for more nodes than memory holds, and Yams looks into all of them
/// when one is a key; behind a mask they are words, which the converter refuses.
struct DocumentComposer {
    /// Where Yams says a node begins; columns count Unicode scalars.
    struct Place: Hashable {
        let line: Int
        let column: Int
    }

    /// What stands in the text for something else.
    struct Masks {
        /// The letter to put back for each masked key.
        fileprivate(set) var letters: [Place: Character] = [:]
        /// In place of every star; nil when there are none.
        fileprivate(set) var star: Unicode.Scalar?
    }

    let source: SourceText
    let log: DiagnosticLog

    private(set) var masks = Masks()

    /// Every masked key costs a pass over the file: so many, and so many bytes in all.
    private static let keyLimit = 32
    private static let passLimit = 8 << 20
    /// Yams compares keys by what is in them, at every level anew. Nobody writes more keys with a question mark than these.
    private static let longKeyLimit = 20

    init(source: SourceText, log: DiagnosticLog) {
        self.source = source
        self.log = log
    }

    /// The parser is handed out because it owns the anchors, which the nodes only refer to.
    consuming func compose() -> (root: Node, parser: Parser, masks: Masks)? {
        guard !hasManyLongKeys() else { return nil }
        var text = Array(source.text.unicodeScalars)
        guard maskStars(in: &text) else { return nil }
        while true {
            do {
                var masked = String.UnicodeScalarView()
                masked.append(contentsOf: text)
                let parser = try Parser(yaml: String(masked), resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    log.add(.emptyFile, at: source.start)
                    return nil
                }
                return (root, parser, masks)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                if mask(Place(line: context.mark.line, column: context.mark.column), in: &text) { continue }
                log.add(.duplicateKey(masks.withStars(keys.first ?? "")), at: range(context.mark))
            } catch let error as YamlError {
                report(error)
            } catch {
                log.add(.badYAML("\(error)"), at: source.start)
            }
            return nil
        }
    }

    private mutating func mask(_ place: Place, in text: inout [Unicode.Scalar]) -> Bool {
        let count = masks.letters.count
        guard count < Self.keyLimit, (count + 2) * text.count <= Self.passLimit,
            var index = index(of: place, in: text)
        else { return false }
        if text[index] == "\"" || text[index] == "'" { index += 1 }
        guard index < text.count, text[index].isASCII, Character(text[index]).isLetter,
            let replacement = Unicode.Scalar(0xE000 + UInt32(count))
        else { return false }
        masks.letters[place] = Character(text[index])
        text[index] = replacement
        return true
    }

    private func index(of place: Place, in text: [Unicode.Scalar]) -> Int? {
        var line = 1
        var index = 0
        while line < place.line, index < text.count {
            let isPair = text[index] == "\r" && index + 1 < text.count && text[index + 1] == "\n"
            switch text[index] {
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": line += 1
            default: break
            }
            index += isPair ? 2 : 1
        }
        let result = index + place.column - 1
        return line == place.line && result < text.count ? result : nil
    }

    private mutating func maskStars(in text: inout [Unicode.Scalar]) -> Bool {
        guard text.contains("*") else { return true }
        // Of those that Unicode keeps for such use, one that the text does not have.
        let used = Set(text.filter { Self.standIns.contains($0.value) })
        guard
            let mask = Self.standIns.lazy.compactMap(Unicode.Scalar.init).first(where: { !used.contains($0) })
        else {
            log.add(.badYAML("it has every character that Unicode keeps for programs"), at: source.start)
            return false
        }
        masks.star = mask
        for index in text.indices where text[index] == "*" { text[index] = mask }
        return true
    }

    private static let standIns: ClosedRange<UInt32> = 0xFDD0...0xFDEF

    /// Looks for `?` where YAML may take it for the beginning of a key of any length. Prose can look the same, so a few
    /// pass.
    private func hasManyLongKeys() -> Bool {
        var first: SourceRange?
        var count = 0
        for (number, line) in source.lines.enumerated() where line.utf8.contains(UInt8(ascii: "?")) {
            let bytes = Array(line.utf8)
            var mayBegin = true
            for index in bytes.indices {
                if mayBegin, bytes[index] == UInt8(ascii: "?"),
                    index + 1 == bytes.count || Self.isBlank(bytes[index + 1])
                {
                    count += 1
                    let column = String(decoding: bytes[..<index], as: UTF8.self).count + 1
                    first = first ?? source.range(line: number + 1, column: column)
                }
                mayBegin = Self.mayPrecede.contains(bytes[index]) || mayBegin && Self.isBlank(bytes[index])
            }
        }
        guard let first, count > Self.longKeyLimit else { return false }
        log.add(.wrongType(expected: "a key", found: "many that begin with '?'"), at: first)
        return true
    }

    private static let mayPrecede = Array("[{,:?-".utf8)

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension DocumentComposer.Masks {
    /// A text as it was written.
    func withStars(_ text: String) -> String {
        guard let star, text.unicodeScalars.contains(star) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == star ? "*" : $0 }))
    }

    /// Whether a word that is in no quotes would have been an alias.
    func beginsAsAlias(_ text: String) -> Bool { star != nil && text.unicodeScalars.first == star }
}

extension DocumentComposer {
    private func report(_ error: YamlError) {
        switch error {
        case .composer(_, "but found another document", let mark, _):
            log.add(.severalDocuments, at: range(mark))
        case .parser(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting level"):
            log.add(.nestingTooDeep(limit: DocumentReader.depthLimit), at: range(mark))
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            report(problem: problem, at: mark, context: context)
        case .reader(let problem, _, _, _): log.add(.badYAML(problem), at: source.start)
        default: log.add(.badYAML("\(error)"), at: source.start)
        }
    }

    private func report(problem: String, at mark: Mark, context: YamlError.Context?) {
        let place = range(mark)
        let character = source.line(place.start.line).dropFirst(place.start.column - 1).first
        let text = character == "\t" ? "a tab cannot begin a value; use spaces" : problem
        log.add(.badYAML(text), at: place, notes: context.map { [note($0)] } ?? [])
    }

    private func note(_ context: YamlError.Context) -> Diagnostic.Note {
        let place = range(context.mark).start
        return Diagnostic.Note("\(context.text.trimmingTrailingSpace) that begins at \(place)", at: place)
    }

    private func range(_ mark: Mark) -> SourceRange {
        let line = min(max(1, mark.line), source.lines.count)
        // An error at the end of the file is often placed on a line that is not there.
        let column = line < mark.line ? Int.max : source.column(line: line, scalarColumn: mark.column)
        return source.range(line: line, column: column)
    }
}

extension StringProtocol {
    /// Without spaces and tabs at its end.
    var trimmingTrailingSpace: SubSequence {
        var end = endIndex
        while end > startIndex, " \t".contains(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
