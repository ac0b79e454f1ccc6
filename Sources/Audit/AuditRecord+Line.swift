import Sessions

extension AuditRecord {
    /// Reads a line without its line feed; nil for anything that was not written here, byte for byte. Whether its hash is
    /// right is for `ChainVerifier` to say.
    package init?(line: ArraySlice<UInt8>) {
        guard let outline = LineOutline(line) else { return nil }
        self.init(outline, line)
    }

    /// The same for a line whose outline was read.
    package init?(_ outline: LineOutline, _ line: ArraySlice<UInt8>) {
        guard let kind = outline.knownKind, let at = TimeText.timestamp(outline.at) else { return nil }
        var sink = EntrySink(AuditEntry(kind, at: at))
        guard LineReader.read(outline, line, into: &sink) else { return nil }
        self.init(number: outline.number, previous: outline.previous, entry: sink.entry, hash: outline.hash)
    }

    /// Writes it as it was read.
    package var line: [UInt8] {
        var line: [UInt8] = []
        LineWriter.write(entry, number: number, previous: previous, to: &line)
        line += LineForm.beforeHash
        hash.write(to: &line)
        line += LineForm.end
        return line
    }
}

/// What every line has in its place, read without looking at the rest.
package struct LineOutline {
    package let number: UInt64
    package let previous: AuditHash
    /// As it is written: texts of times compare as the times do.
    package let at: ArraySlice<UInt8>
    package let kind: ArraySlice<UInt8>
    package let hash: AuditHash
    /// The fields, from the comma before the first; empty where there are none.
    let rest: ArraySlice<UInt8>

    /// - Parameter line: Without its line feed.
    package init?(_ line: ArraySlice<UInt8>) {
        var rest = line
        guard rest.take(LineForm.beforeNumber), let number = rest.takeNumber(),
            rest.take(LineForm.beforePrevious), let previous = AuditHash(hexadecimal: rest.prefix(64))
        else { return nil }
        rest = rest.dropFirst(64)
        guard rest.take(LineForm.beforeTime) else { return nil }
        at = rest.prefix(LineForm.timeCount)
        rest = rest.dropFirst(LineForm.timeCount)
        guard at.count == LineForm.timeCount, at.isAsWritten, rest.take(LineForm.beforeKind),
            let end = rest.firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        kind = rest[..<end]
        rest = rest[(end + 1)...]
        guard rest.count >= LineForm.tailCount else { return nil }
        var tail = rest.suffix(LineForm.tailCount)
        self.rest = rest.dropLast(LineForm.tailCount)
        guard tail.take(LineForm.beforeHash), let hash = AuditHash(hexadecimal: tail.prefix(64)),
            tail.dropFirst(64).elementsEqual(LineForm.end)
        else { return nil }
        self.number = number
        self.previous = previous
        self.hash = hash
    }
}

extension LineForm {
    static let timeCount = "2026-11-21T10:00:00.000000001Z".utf8.count
}

extension ArraySlice<UInt8> {
    /// Of a time: RFC 3339 lets others write small letters, and a second 60.
    fileprivate var isAsWritten: Bool {
        self[startIndex + 10] == UInt8(ascii: "T") && self[startIndex + 17] < UInt8(ascii: "6")
            && last == UInt8(ascii: "Z")
    }

    fileprivate mutating func take(_ bytes: [UInt8]) -> Bool {
        guard count >= bytes.count else { return false }
        // By index: this is where most of the time goes, and most keys differ in their third byte.
        for offset in bytes.indices where self[startIndex + offset] != bytes[offset] { return false }
        self = self[(startIndex + bytes.count)...]
        return true
    }

    /// Digits without a zero in front.
    mutating func takeNumber() -> UInt64? {
        let digits = prefix { (48...57).contains($0) }
        guard let first = digits.first, first != 48 || digits.count == 1 else { return nil }
        removeFirst(digits.count)
        var number: UInt64 = 0
        for digit in digits {
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - 48))
            if overflow || carry { return nil }
            number = sum
        }
        return number
    }
}

extension LineOutline {
    /// Nil for what is no kind of record.
    var knownKind: AuditKind? { Self.kinds.first { kind.elementsEqual($0.text) }?.kind }

    private static let kinds = AuditKind.allCases.map { (kind: $0, text: Array($0.rawValue.utf8)) }
}

/// A record's texts become values.
private struct EntrySink: LineSink {
    var entry: AuditEntry
    private var list: [String] = []
    private var (kind, what, value) = ("", "", "")
    private var (at, until): (String?, String?)

    init(_ entry: AuditEntry) {
        self.entry = entry
        self.entry.reserve(16)
    }

    mutating func take(_ text: LineText, as part: LinePart, of line: ArraySlice<UInt8>) {
        let string = text.string(of: line)
        switch part {
        case .field(let key): entry.append(key.field, .text(string), at: key.place)
        case .item: list.append(string)
        case .kind: (kind, at, until) = (string, nil, nil)
        case .what: what = string
        case .value: value = string
        case .at: at = string
        case .until: until = string
        }
    }

    mutating func take(number: UInt64, of key: LineKey) {
        entry.append(key.field, .number(number), at: key.place)
    }

    mutating func endList(of key: LineKey) {
        entry.append(key.field, .list(list), at: key.place)
        list = []
    }

    mutating func endFact() {
        entry.evidence.append(AuditFact(kind: kind, what: what, value: value, at: at, until: until))
    }
}
