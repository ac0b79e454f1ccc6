import Sessions

extension Pseudonyms {
    /// Writes a line as `cleaned` and `AuditEntry.write` would, without making texts of what stays as it is.
    ///
    /// - Parameter line: Without its line feed.
    /// - Returns: False for what is no record; nothing is written then.
    package mutating func write(
        _ outline: LineOutline, _ line: ArraySlice<UInt8>, to bytes: inout [UInt8]
    ) -> Bool {
        guard outline.knownKind != nil, TimeText.timestamp(outline.at) != nil else { return false }
        // Moved there and back: two owners would copy all of it for each line.
        var clean = CleanLine(bytes, self)
        bytes = []
        forget()
        defer {
            bytes = clean.bytes
            self = clean.pseudonyms
        }
        let start = clean.bytes.count
        clean.begin(outline)
        guard LineReader.read(outline, line, into: &clean) else {
            clean.bytes.removeSubrange(start...)
            return false
        }
        clean.end()
        return true
    }
}

/// A line without names, as far as it was read.
private struct CleanLine: LineSink {
    var bytes: [UInt8]
    var pseudonyms: Pseudonyms
    private var hasFacts = false
    /// Of the fact that is read.
    private var fact = Pseudonyms.CleanFact()

    init(_ bytes: [UInt8], _ pseudonyms: Pseudonyms) {
        self.bytes = bytes
        self.pseudonyms = pseudonyms
    }

    mutating func begin(_ outline: LineOutline) {
        bytes += LineForm.beforeNumber
        bytes += String(outline.number).utf8
        bytes += LineForm.beforeTime.dropFirst()
        bytes += outline.at
        bytes += LineForm.beforeKind
        bytes += outline.kind
        bytes.append(quote)
    }

    mutating func take(_ text: LineText, as part: LinePart, of line: ArraySlice<UInt8>) {
        switch part {
        case .field(let key):
            guard key.privacy != .withheld else { return }
            bytes += key.text
            write(text, of: key, line)
        case .item(let key, let isFirst):
            guard key.privacy != .withheld else { return }
            if isFirst { bytes += key.text }
            bytes.append(UInt8(ascii: isFirst ? "[" : ","))
            write(text, of: key, line)
        case .kind:
            bytes += hasFacts ? Self.nextFact : Self.firstFact
            hasFacts = true
            fact = Pseudonyms.CleanFact(ofKind: text.string(of: line))
            LineWriter.write(fact.kind, to: &bytes)
        case .what:
            bytes += Self.what
            fact.name = text.string(of: line)
            write(text, as: fact.isHarmlessName ? nil : "what", line)
        case .value:
            bytes += Self.value
            write(text, as: fact.valueKind, line)
        case .at:
            bytes += Self.at
            write(text, as: nil, line)
        case .until:
            bytes += Self.until
            write(text, as: nil, line)
        }
    }

    mutating func take(number: UInt64, of key: LineKey) {
        guard key.privacy == .open else { return }
        bytes += key.text
        bytes += String(number).utf8
    }

    mutating func endList(of key: LineKey) {
        if key.privacy != .withheld { bytes.append(UInt8(ascii: "]")) }
    }

    mutating func endFact() { bytes.append(UInt8(ascii: "}")) }

    mutating func end() {
        if hasFacts { bytes.append(UInt8(ascii: "]")) }
        bytes.append(UInt8(ascii: "}"))
        bytes.append(LineForm.lineFeed)
    }

    private mutating func write(_ text: LineText, of key: LineKey, _ line: ArraySlice<UInt8>) {
        guard case .keyed(let kind) = key.privacy else { return write(text, as: nil, line) }
        let name = text.string(of: line)
        let isList = key.form == .list
        let shown = isList ? pseudonyms.recalled(kind, name) : pseudonyms.keyed(key.field, kind, name)
        LineWriter.write(shown, to: &bytes)
    }

    /// - Parameter kind: Of the pseudonym; nil for the text itself.
    private mutating func write(_ text: LineText, as kind: String?, _ line: ArraySlice<UInt8>) {
        if let kind {
            LineWriter.write(pseudonyms.recalled(kind, text.string(of: line)), to: &bytes)
        } else if case .plain(let place) = text {
            // What was written without escapes needs none.
            bytes.append(quote)
            bytes += line[place]
            bytes.append(quote)
        } else {
            LineWriter.write(text.string(of: line), to: &bytes)
        }
    }

    private static let firstFact = Array(#","evidence":[{"kind":"#.utf8)
    private static let nextFact = Array(#",{"kind":"#.utf8)
    private static let what = Array(#","what":"#.utf8)
    private static let value = Array(#","value":"#.utf8)
    private static let at = Array(#","at":"#.utf8)
    private static let until = Array(#","until":"#.utf8)
}

private let quote = UInt8(ascii: "\"")
