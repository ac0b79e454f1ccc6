package import Sessions

/// The end of the record, to which lines are added.
///
/// A line is `{"number":N,"previous":"…","at":"…","kind":"…",…,"hash":"…"}` and a line feed. Its hash is the SHA-256 of
/// its bytes before `,"hash":`, so that any machine can check it, and `previous` is the hash of the line before.
package struct AuditChain: Sendable {
    package private(set) var head: AuditHead

    package init(after head: AuditHead = .empty) { self.head = head }

    /// Adds a line, with its line feed, for the next record.
    package mutating func append(_ entry: AuditEntry, to bytes: inout [UInt8]) {
        let start = bytes.count
        let number = head.number + 1
        LineWriter.write(entry, number: number, previous: head.hash, to: &bytes)
        let hash = AuditHash(of: bytes[start...])
        bytes += LineForm.beforeHash
        hash.write(to: &bytes)
        bytes += LineForm.end
        bytes.append(LineForm.lineFeed)
        head = AuditHead(number: number, hash: hash)
    }
}

/// What every line has in its place.
enum LineForm {
    static let beforeNumber = Array(#"{"number":"#.utf8)
    static let beforePrevious = Array(#","previous":""#.utf8)
    static let beforeTime = Array(#"","at":""#.utf8)
    static let beforeKind = Array(#"","kind":""#.utf8)
    static let beforeHash = Array(#","hash":""#.utf8)
    static let end = Array(#""}"#.utf8)
    static let lineFeed = UInt8(ascii: "\n")
    /// From `,"hash":"` to the end, without the line feed.
    static let tailCount = beforeHash.count + 64 + end.count
}

enum LineWriter {
    static func write(
        _ entry: AuditEntry, number: UInt64, previous: AuditHash?, to line: inout [UInt8]
    ) {
        line += LineForm.beforeNumber
        write(number, to: &line)
        if let previous {
            line += LineForm.beforePrevious
            previous.write(to: &line)
            line += LineForm.beforeTime
        } else {
            line += LineForm.beforeTime.dropFirst()
        }
        write(entry.at, to: &line)
        line += LineForm.beforeKind
        line += entry.kind.rawValue.utf8
        line.append(quote)
        for value in entry.values {
            line += AuditField.keys[value.place]
            switch value.content {
            case .text(let text): write(text, to: &line)
            case .number(let number): write(number, to: &line)
            case .list(let list):
                line.append(UInt8(ascii: "["))
                for (index, text) in list.enumerated() {
                    if index > 0 { line.append(comma) }
                    write(text, to: &line)
                }
                line.append(UInt8(ascii: "]"))
            }
        }
        write(entry.evidence, to: &line)
    }

    private static func write(_ facts: [AuditFact], to line: inout [UInt8]) {
        guard !facts.isEmpty else { return }
        write(key: "evidence", to: &line)
        line.append(UInt8(ascii: "["))
        for (index, fact) in facts.prefix(AuditBounds.items).enumerated() {
            line += index == 0 ? #"{"kind":"#.utf8 : #",{"kind":"#.utf8
            write(fact.kind, to: &line)
            write(key: "what", to: &line)
            write(fact.what, to: &line)
            write(key: "value", to: &line)
            write(fact.value, to: &line)
            if let at = fact.at {
                write(key: "at", to: &line)
                write(at, to: &line)
            }
            if let until = fact.until {
                write(key: "until", to: &line)
                write(until, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
        line.append(UInt8(ascii: "]"))
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let backslash = UInt8(ascii: "\\")

    private static func write(key: String, to line: inout [UInt8]) {
        line.append(comma)
        line.append(quote)
        line += key.utf8
        line.append(quote)
        line.append(UInt8(ascii: ":"))
    }

    /// A JSON string (RFC 8259, §7) in the one way in which it is written here: only what must be escaped is, and control
    /// characters by four small hexadecimal digits.
    static func write(_ text: String, to line: inout [UInt8]) {
        line.append(quote)
        guard text.utf8.span.holds(where: { $0 < 0x20 || $0 == quote || $0 == backslash }) else {
            line += text.utf8
            line.append(quote)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case quote, backslash:
                line.append(backslash)
                line.append(byte)
            case 0..<0x20:
                line += "\\u00".utf8
                line.append(byte < 16 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                line.append(hexadecimal[Int(byte & 15)])
            default: line.append(byte)
            }
        }
        line.append(quote)
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private static func write(_ number: UInt64, to line: inout [UInt8]) { line += String(number).utf8 }

    /// RFC 3339 in UTC with nine digits of a second, always: times compare as their texts do.
    static func write(_ instant: Instant, to line: inout [UInt8]) {
        let seconds = instant.secondsSince1970
        let nanoseconds = Int(instant.nanosecondsSince1970 &- seconds &* 1_000_000_000)
        let day = Int((seconds - (seconds < 0 ? 86_399 : 0)) / 86_400)
        let second = Int(seconds) - day * 86_400
        let (year, month, dayOfMonth) = CivilDate(dayNumber: day).components
        write(year, 4, to: &line)
        line.append(UInt8(ascii: "-"))
        write(month, 2, to: &line)
        line.append(UInt8(ascii: "-"))
        write(dayOfMonth, 2, to: &line)
        line.append(UInt8(ascii: "T"))
        write(second / 3600, 2, to: &line)
        line.append(UInt8(ascii: ":"))
        write(second / 60 % 60, 2, to: &line)
        line.append(UInt8(ascii: ":"))
        write(second % 60, 2, to: &line)
        line.append(UInt8(ascii: "."))
        write(nanoseconds, 9, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    private static func write(_ value: Int, _ width: Int, to line: inout [UInt8]) {
        var unit = 1
        for _ in 1..<width { unit *= 10 }
        while unit > 0 {
            line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / unit % 10))
            unit /= 10
        }
    }
}

extension Span<UInt8> {
    /// Whether a byte is such a one. To ask a text's UTF-8 view was the first line of the profile.
    func holds(where isOne: (UInt8) -> Bool) -> Bool {
        for index in indices where isOne(self[index]) { return true }
        return false
    }
}

extension Instant {
    /// As records have it: `2026-11-21T10:00:00.000000001Z`.
    package var auditText: String {
        var bytes: [UInt8] = []
        LineWriter.write(self, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
