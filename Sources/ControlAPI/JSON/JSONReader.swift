/// Why bytes are no JSON text.
package struct JSONFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// In bytes.
    package let offset: Int
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "byte \(offset): \(reason)" }
}

extension JSON {
    /// Nested deeper than this, a text is refused: reading must not exhaust the stack.
    package static let depthLimit = 32

    /// Reads one value and nothing after it. Refuses, beyond RFC 8259's grammar, names that stand twice in an object (its
    /// section 4 leaves open which of them counts) and halves of surrogate pairs.
    package init(reading bytes: [UInt8]) throws(JSONFault) {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONFault(offset: error.byteOffsets.lowerBound, reason: "not UTF-8")
        }
        var reader = JSONReader(bytes)
        self = try reader.value(depth: 0)
        reader.skipSpace()
        if let byte = reader.peek { throw reader.fault("something follows the value: \(reader.shown(byte))") }
    }
}

/// Reads valid UTF-8.
private struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func fault(_ reason: String) -> JSONFault { JSONFault(offset: position, reason: reason) }

    func shown(_ byte: UInt8) -> String {
        (0x21..<0x7f).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "a byte of value \(byte)"
    }

    mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { position += 1 }
    }

    mutating func value(depth: Int) throws(JSONFault) -> JSON {
        skipSpace()
        guard depth < JSON.depthLimit else { throw fault("nested deeper than \(JSON.depthLimit)") }
        guard let byte = peek else { throw fault("expected a value, found the end") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("expected a value, found \(shown(byte))")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONFault) -> JSON {
        let word = Array("\(word)".utf8)
        guard bytes.dropFirst(position).starts(with: word) else { throw fault("expected a value") }
        position += word.count
        return value
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func object(_ depth: Int) throws(JSONFault) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        var keys: Set<String> = []
        skipSpace()
        if takes(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a name") }
            let start = position
            let key = try string()
            guard keys.insert(key).inserted else {
                throw JSONFault(offset: start, reason: "a name that the object has already")
            }
            skipSpace()
            guard takes(UInt8(ascii: ":")) else { throw fault("expected ':'") }
            members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
            skipSpace()
            if takes(UInt8(ascii: "}")) { return .object(members) }
            guard takes(UInt8(ascii: ",")) else { throw fault("expected ',' or '}'") }
        }
    }

    private mutating func array(_ depth: Int) throws(JSONFault) -> JSON {
        position += 1
        var items: [JSON] = []
        skipSpace()
        if takes(UInt8(ascii: "]")) { return .array([]) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if takes(UInt8(ascii: "]")) { return .array(items) }
            guard takes(UInt8(ascii: ",")) else { throw fault("expected ',' or ']'") }
        }
    }

    private mutating func number() throws(JSONFault) -> JSON {
        let start = position
        _ = takes(UInt8(ascii: "-"))
        if !takes(UInt8(ascii: "0")) { try digits() }
        if takes(UInt8(ascii: ".")) { try digits() }
        if takes(UInt8(ascii: "e")) || takes(UInt8(ascii: "E")) {
            if !takes(UInt8(ascii: "+")) { _ = takes(UInt8(ascii: "-")) }
            try digits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(JSONFault) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw fault("expected a digit") }
    }

    private mutating func string() throws(JSONFault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(&text)
            case 0..<0x20: throw fault("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("a string without an end")
    }

    private mutating func escape(_ text: inout [UInt8]) throws(JSONFault) {
        guard let byte = peek else { throw fault("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(Character(try escapedScalar())).utf8)
        default: throw fault("no escape of JSON's")
        }
    }

    private mutating func escapedScalar() throws(JSONFault) -> UnicodeScalar {
        let first = try unit()
        var value = UInt32(first)
        if first & 0xfc00 == 0xd800 {
            guard takes(UInt8(ascii: "\\")), takes(UInt8(ascii: "u")) else {
                throw fault("half a surrogate pair")
            }
            let second = try unit()
            guard second & 0xfc00 == 0xdc00 else { throw fault("half a surrogate pair") }
            value = 0x10000 + (UInt32(first) & 0x3ff) << 10 + UInt32(second) & 0x3ff
        }
        guard let scalar = UnicodeScalar(value) else { throw fault("half a surrogate pair") }
        return scalar
    }

    private mutating func unit() throws(JSONFault) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80
            else { throw fault("expected four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
