import Sessions

extension AuditRecord {
    /// Reads a line without its line feed; nil for anything that was not written here, byte for byte. Whether its hash is
    /// right is for `ChainVerifier` to say.
    package init?(line: ArraySlice<UInt8>) {
        guard line.count <= AuditBounds.line, let outline = LineOutline(line) else { return nil }
        var reader = LineReader(outline.rest)
        guard let entry = reader.entry(outline) else { return nil }
        self.init(number: outline.number, previous: outline.previous, entry: entry, hash: outline.hash)
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
    fileprivate mutating func takeNumber() -> UInt64? {
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

/// The fields of a line, from the front. It takes what the writer writes, and nothing else: no spaces, fields in their
/// order, none twice.
private struct LineReader {
    private var rest: ArraySlice<UInt8>

    init(_ rest: ArraySlice<UInt8>) { self.rest = rest }

    mutating func entry(_ outline: LineOutline) -> AuditEntry? {
        guard let kind = AuditKind(rawValue: String(decoding: outline.kind, as: UTF8.self)),
            let at = TimeText.timestamp(outline.at)
        else { return nil }
        var entry = AuditEntry(kind, at: at)
        entry.reserve(12)
        // In their order, so that each key is looked for behind the last one.
        for (field, key) in Self.keys where rest.take(key) {
            guard let content = content(field.form) else { return nil }
            entry.append(field, content)
        }
        if rest.take(Self.evidence) {
            guard let facts = facts() else { return nil }
            entry.evidence = facts
        }
        return rest.isEmpty ? entry : nil
    }

    private static let keys = AuditField.allCases.map { ($0, Array(",\"\($0.rawValue)\":".utf8)) }
    private static let evidence = Array(#","evidence":"#.utf8)

    private mutating func content(_ form: AuditField.Form) -> AuditEntry.Value.Content? {
        switch form {
        case .text: text().flatMap { $0.isEmpty ? nil : .text($0) }
        case .number: rest.takeNumber().map { .number($0) }
        case .list: list().map { .list($0) }
        }
    }

    private mutating func list() -> [String]? {
        guard take(UInt8(ascii: "[")) else { return nil }
        var list: [String] = []
        repeat {
            guard let item = text() else { return nil }
            list.append(item)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? list : nil
    }

    private mutating func facts() -> [AuditFact]? {
        guard take(UInt8(ascii: "[")) else { return nil }
        var facts: [AuditFact] = []
        facts.reserveCapacity(16)
        repeat {
            guard let fact = fact() else { return nil }
            facts.append(fact)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? facts : nil
    }

    private mutating func fact() -> AuditFact? {
        guard rest.take(Self.kind), let kind = text(), rest.take(Self.what), let what = text(),
            rest.take(Self.value), let value = text()
        else { return nil }
        var (at, until): (String?, String?)
        if rest.take(Self.at) {
            at = text()
            if at == nil { return nil }
        }
        if rest.take(Self.until) {
            until = text()
            if until == nil { return nil }
        }
        guard take(UInt8(ascii: "}")) else { return nil }
        return AuditFact(kind: kind, what: what, value: value, at: at, until: until)
    }

    private static let kind = Array(#"{"kind":"#.utf8)
    private static let what = Array(#","what":"#.utf8)
    private static let value = Array(#","value":"#.utf8)
    private static let at = Array(#","at":"#.utf8)
    private static let until = Array(#","until":"#.utf8)

    /// A string as the writer writes it; nil also where its bytes are no text.
    private mutating func text() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] >= 0x20, rest[end] != 0x22, rest[end] != 0x5C { end += 1 }
        guard end < rest.endIndex else { return nil }
        if rest[end] == 0x22 {
            let text = String(validating: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            return text
        }
        return escapedText()
    }

    private mutating func escapedText() -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case 0x22: return String(validating: bytes, as: UTF8.self)
            case 0..<0x20: return nil
            case 0x5C:
                guard let escaped = rest.popFirst() else { return nil }
                switch escaped {
                case 0x22, 0x5C: bytes.append(escaped)
                case UInt8(ascii: "u"):
                    guard let control = controlCharacter() else { return nil }
                    bytes.append(control)
                default: return nil
                }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func controlCharacter() -> UInt8? {
        let digits = rest.prefix(4)
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == 4, text.lowercased() == text,
            text.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
            let value = UInt8(text, radix: 16), value < 0x20
        else { return nil }
        rest = rest.dropFirst(4)
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }
}
