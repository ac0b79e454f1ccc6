import Yams

/// Has Yams compose a file, and turns its errors into diagnostics.
///
/// Yams gives up at the first mapping that has a key twice. To find the other errors too, the first letter of the
/// earlier key is masked by one of private use, of which no name has any, and the text is composed again. Columns
/// stay as they are, and the converter puts the letter back before it reports the double.
struct DocumentComposer {
    /// Where Yams says a node begins; columns count Unicode scalars.
    struct Place: Hashable {
        let line: Int
        let column: Int
    }

    let source: SourceText
    let log: DiagnosticLog

    /// The letter to put back for each masked key.
    private(set) var masks: [Place: Character] = [:]

    /// Every mask costs a pass over the file.
    private static let maskLimit = 32
    /// More than this may stand for more nodes than memory holds, and Yams hashes keys through aliases.
    private static let aliasLimit = 20

    init(source: SourceText, log: DiagnosticLog) {
        self.source = source
        self.log = log
    }

    /// The parser is handed out because it owns the anchors, which the nodes only refer to.
    consuming func compose() -> (root: Node, parser: Parser, masks: [Place: Character])? {
        guard !hasManyAliases() else { return nil }
        var text = Array(source.text.unicodeScalars)
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
                log.add(.duplicateKey(keys.first ?? ""), at: range(context.mark))
            } catch let error as YamlError {
                report(error)
            } catch {
                log.add(.badYAML("\(error)"), at: source.start)
            }
            return nil
        }
    }

    private mutating func mask(_ place: Place, in text: inout [Unicode.Scalar]) -> Bool {
        guard masks.count < Self.maskLimit, var index = index(of: place, in: text) else { return false }
        if text[index] == "\"" || text[index] == "'" { index += 1 }
        guard index < text.count, text[index].isASCII, Character(text[index]).isLetter,
            let replacement = Unicode.Scalar(0xE000 + UInt32(masks.count))
        else { return false }
        masks[place] = Character(text[index])
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

    /// Looks for `&` and `*` where YAML may take them for an anchor and an alias. Prose in quotes can look the same,
    /// so a few pass: the converter refuses the real ones, each at its place.
    private func hasManyAliases() -> Bool {
        var anchor: SourceRange?
        var aliases = 0
        for (number, line) in source.lines.enumerated() where line.utf8.contains(where: Self.isSign) {
            let bytes = Array(line.utf8)
            for index in bytes.indices.dropLast() where Self.isSign(bytes[index]) {
                let follows = index == 0 || Self.mayPrecede.contains(bytes[index - 1])
                guard follows, !Self.isBlank(bytes[index + 1]) else { continue }
                if bytes[index] == UInt8(ascii: "*") {
                    aliases += 1
                } else if anchor == nil {
                    let column = String(decoding: bytes[..<index], as: UTF8.self).count + 1
                    anchor = source.range(line: number + 1, column: column)
                }
            }
        }
        guard let anchor, aliases > Self.aliasLimit else { return false }
        log.add(.anchorsRefused, at: anchor)
        return true
    }

    private static let mayPrecede = Array(" \t[{,:?-".utf8)

    private static func isSign(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension DocumentComposer {
    private func report(_ error: YamlError) {
        switch error {
        case .composer(_, "but found another document", let mark, _):
            log.add(.severalDocuments, at: range(mark))
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
