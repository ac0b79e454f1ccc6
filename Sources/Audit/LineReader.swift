/// The fields of a line, from the front. It takes what the writer writes, and nothing else: no spaces, fields in their
/// order, none twice.
struct LineReader<Sink: LineSink> {
    /// Of the first byte that was not read. The bytes are handed along: a slice for each text costs a count of references.
    private var place: Int

    /// False where the line is none of a record.
    static func read(_ outline: LineOutline, _ line: ArraySlice<UInt8>, into sink: inout Sink) -> Bool {
        let rest = outline.rest
        guard line.count <= AuditBounds.line, (try? UTF8Span(validating: rest.span)) != nil else {
            return false
        }
        var reader = Self(place: rest.startIndex)
        return reader.read(rest, into: &sink)
    }

    private mutating func read(_ line: ArraySlice<UInt8>, into sink: inout Sink) -> Bool {
        // In their order, so that each key is looked for behind the last one.
        let begins = LineKey.begins
        for index in begins.indices where begin(of: line) == begins[index] {
            let key = LineKey.all[index]
            guard take(key.text, of: line) else { continue }
            switch key.form {
            case .text:
                guard let text = text(of: line), !text.isEmpty else { return false }
                sink.take(text, as: .field(key), of: line)
            case .number:
                guard let number = number(of: line) else { return false }
                sink.take(number: number, of: key)
            case .list: guard list(of: key, line, into: &sink) else { return false }
            }
        }
        if take(LineWords.evidence, of: line) {
            guard facts(of: line, into: &sink) else { return false }
        }
        return place == line.endIndex
    }

    private func begin(of line: ArraySlice<UInt8>) -> UInt16 {
        line.endIndex - place > 3 ? UInt16(line[place + 2]) << 8 | UInt16(line[place + 3]) : 0
    }

    private mutating func number(of line: ArraySlice<UInt8>) -> UInt64? {
        var rest = line[place...]
        guard let number = rest.takeNumber() else { return nil }
        place = rest.startIndex
        return number
    }

    private mutating func list(
        of key: LineKey, _ line: ArraySlice<UInt8>, into sink: inout Sink
    ) -> Bool {
        guard take(UInt8(ascii: "["), of: line) else { return false }
        var isFirst = true
        repeat {
            guard let item = text(of: line) else { return false }
            sink.take(item, as: .item(of: key, isFirst: isFirst), of: line)
            isFirst = false
        } while take(UInt8(ascii: ","), of: line)
        sink.endList(of: key)
        return take(UInt8(ascii: "]"), of: line)
    }

    private mutating func facts(of line: ArraySlice<UInt8>, into sink: inout Sink) -> Bool {
        guard take(UInt8(ascii: "["), of: line) else { return false }
        repeat {
            guard take(LineWords.kind, .kind, of: line, into: &sink) == true,
                take(LineWords.what, .what, of: line, into: &sink) == true,
                take(LineWords.value, .value, of: line, into: &sink) == true,
                take(LineWords.at, .at, of: line, into: &sink) != false,
                take(LineWords.until, .until, of: line, into: &sink) != false,
                take(UInt8(ascii: "}"), of: line)
            else { return false }
            sink.endFact()
        } while take(UInt8(ascii: ","), of: line)
        return take(UInt8(ascii: "]"), of: line)
    }

    /// A part of a fact: nil where it is not there, false where something else is behind its word.
    private mutating func take(
        _ word: [UInt8], _ part: LinePart, of line: ArraySlice<UInt8>, into sink: inout Sink
    ) -> Bool? {
        guard take(word, of: line) else { return nil }
        guard let text = text(of: line) else { return false }
        sink.take(text, as: part, of: line)
        return true
    }

    /// A string as the writer writes it.
    private mutating func text(of line: ArraySlice<UInt8>) -> LineText? {
        guard take(UInt8(ascii: "\""), of: line) else { return nil }
        var end = place
        while end < line.endIndex, line[end] >= 0x20, line[end] != 0x22, line[end] != 0x5C { end += 1 }
        guard end < line.endIndex else { return nil }
        guard line[end] == 0x22 else { return escapedText(of: line) }
        defer { place = end + 1 }
        return .plain(place..<end)
    }

    private mutating func escapedText(of line: ArraySlice<UInt8>) -> LineText? {
        var text: [UInt8] = []
        while let byte = next(of: line) {
            switch byte {
            case 0x22: return .escaped(text)
            case 0..<0x20: return nil
            case 0x5C:
                guard let escaped = next(of: line) else { return nil }
                switch escaped {
                case 0x22, 0x5C: text.append(escaped)
                case UInt8(ascii: "u"):
                    guard let control = controlCharacter(of: line) else { return nil }
                    text.append(control)
                default: return nil
                }
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func controlCharacter(of line: ArraySlice<UInt8>) -> UInt8? {
        let digits = line[place...].prefix(4)
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == 4, text.lowercased() == text,
            text.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
            let value = UInt8(text, radix: 16), value < 0x20
        else { return nil }
        place += 4
        return value
    }

    private mutating func next(of line: ArraySlice<UInt8>) -> UInt8? {
        guard place < line.endIndex else { return nil }
        defer { place += 1 }
        return line[place]
    }

    private mutating func take(_ text: [UInt8], of line: ArraySlice<UInt8>) -> Bool {
        guard line.endIndex - place >= text.count else { return false }
        for offset in text.indices where line[place + offset] != text[offset] { return false }
        place += text.count
        return true
    }

    private mutating func take(_ byte: UInt8, of line: ArraySlice<UInt8>) -> Bool {
        guard place < line.endIndex, line[place] == byte else { return false }
        place += 1
        return true
    }
}

private enum LineWords {
    static let evidence = Array(#","evidence":"#.utf8)
    static let kind = Array(#"{"kind":"#.utf8)
    static let what = Array(#","what":"#.utf8)
    static let value = Array(#","value":"#.utf8)
    static let at = Array(#","at":"#.utf8)
    static let until = Array(#","until":"#.utf8)
}
