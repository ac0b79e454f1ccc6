/// Reads the text of one JSON value after the other, and leaves nodes.
struct JSONScanner {
    private let bytes: [UInt8]
    private let limits: JSONTape.Limits
    private(set) var position = 0
    private(set) var nodes: [JSONTape.Node] = []

    init(_ bytes: [UInt8], _ limits: JSONTape.Limits) {
        self.bytes = bytes
        self.limits = limits
        nodes.reserveCapacity(min(limits.values, bytes.count / 8 + 8))
    }

    /// As deep as the limit, which is small: the call stack is no attacker's to fill.
    mutating func value(depth: Int) throws(JSONProblem) {
        skipSpace()
        guard position < bytes.count else { throw problem("the text ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): try object(depth: depth)
        case UInt8(ascii: "["): try array(depth: depth)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true", .yes)
        case UInt8(ascii: "f"): try word("false", .no)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        default: throw problem("no JSON value begins like this")
        }
    }

    /// RFC 8259 section 2: space, tab, line feed, carriage return, and nothing else.
    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func object(depth: Int) throws(JSONProblem) {
        let opened = try open(.object, depth)
        var keys = KeySet()
        try members(until: UInt8(ascii: "}")) { (scanner) throws(JSONProblem) in
            guard scanner.at(UInt8(ascii: "\"")) else {
                throw scanner.problem("expected a key in quotation marks")
            }
            let key = scanner.nodes.count
            try scanner.string()
            guard keys.insert(key, scanner.nodes, scanner.bytes) else {
                throw JSONProblem(offset: Int(scanner.nodes[key].start) - 1, reason: "the key stands twice")
            }
            scanner.skipSpace()
            guard scanner.at(UInt8(ascii: ":")) else { throw scanner.problem("expected ':'") }
            scanner.position += 1
            try scanner.value(depth: depth + 1)
        }
        close(opened)
    }

    private mutating func array(depth: Int) throws(JSONProblem) {
        let opened = try open(.array, depth)
        try members(until: UInt8(ascii: "]")) { (scanner) throws(JSONProblem) in
            try scanner.value(depth: depth + 1)
        }
        close(opened)
    }

    private mutating func open(_ kind: JSONTape.Kind, _ depth: Int) throws(JSONProblem) -> Int {
        guard depth < limits.depth else { throw problem("nested deeper than \(limits.depth)") }
        let node = nodes.count
        try append(kind, from: position)
        position += 1
        return node
    }

    private mutating func close(_ node: Int) {
        nodes[node].end = UInt32(position)
        nodes[node].next = UInt32(nodes.count)
    }

    private mutating func members(
        until closing: UInt8, _ one: (inout JSONScanner) throws(JSONProblem) -> Void
    ) throws(JSONProblem) {
        skipSpace()
        guard !at(closing) else {
            position += 1
            return
        }
        while true {
            skipSpace()
            try one(&self)
            skipSpace()
            if at(UInt8(ascii: ",")) {
                position += 1
            } else if at(closing) {
                position += 1
                return
            } else {
                throw problem("expected ',' or '\(Character(UnicodeScalar(closing)))'")
            }
        }
    }

    private mutating func string() throws(JSONProblem) {
        position += 1
        let start = position
        var isEscaped = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                try append(.string, from: start, isEscaped: isEscaped)
                position += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                try escape()
            case 0..<0x20: throw problem("a control character in a string")
            default: position += 1
            }
        }
        throw problem("the text ends in a string")
    }

    /// A surrogate must come with its other half: alone it is no character, and readers differ in what they make of it.
    private mutating func escape() throws(JSONProblem) {
        let start = position
        position += 1
        guard position < bytes.count else { throw problem("the text ends in a string") }
        guard bytes[position] == UInt8(ascii: "u") else {
            guard Self.simpleEscapes[bytes[position]] != nil else {
                throw problem("no such escape", at: start)
            }
            position += 1
            return
        }
        position += 1
        let first = try hexadecimal(start)
        guard (0xD800..<0xE000).contains(first) else { return }
        guard first < 0xDC00, at(UInt8(ascii: "\\")), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw problem("half of a surrogate pair", at: start) }
        position += 2
        guard (0xDC00..<0xE000).contains(try hexadecimal(start)) else {
            throw problem("half of a surrogate pair", at: start)
        }
    }

    private mutating func hexadecimal(_ start: Int) throws(JSONProblem) -> UInt32 {
        guard let value = Self.hexadecimal(bytes[position...]) else {
            throw problem("expected four hexadecimal digits", at: start)
        }
        position += 4
        return value
    }

    /// RFC 8259 section 6: no leading zero, no bare dot, digits after the sign, the dot and the exponent.
    ///
    /// RFC 7493 section 2.2: a number that no double holds is refused by some readers, and is infinity to others.
    private mutating func number() throws(JSONProblem) {
        let start = position
        if at(UInt8(ascii: "-")) { position += 1 }
        if at(UInt8(ascii: "0")) {
            position += 1
            if isDigit { throw problem("a number with a leading zero", at: start) }
        } else {
            try digits()
        }
        if at(UInt8(ascii: ".")) {
            position += 1
            try digits()
        }
        if at(UInt8(ascii: "e")) || at(UInt8(ascii: "E")) {
            position += 1
            if at(UInt8(ascii: "+")) || at(UInt8(ascii: "-")) { position += 1 }
            try digits()
        }
        guard isHeld(bytes[start..<position]) else {
            throw problem("a number that no double holds", at: start)
        }
        try append(.number, from: start)
    }

    /// The greatest double has 309 digits; with fewer and no exponent there is nothing to find out.
    private func isHeld(_ number: ArraySlice<UInt8>) -> Bool {
        let isShort = number.count <= 308 && !number.contains { $0 | 0x20 == UInt8(ascii: "e") }
        return isShort || Double(String(decoding: number, as: UTF8.self))?.isFinite ?? false
    }

    private mutating func digits() throws(JSONProblem) {
        guard isDigit else { throw problem("expected a digit") }
        while isDigit { position += 1 }
    }

    private var isDigit: Bool {
        position < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    }

    private mutating func word(_ word: StaticString, _ kind: JSONTape.Kind) throws(JSONProblem) {
        let text = word.description.utf8
        guard bytes[position...].starts(with: text) else { throw problem("expected \(word)") }
        let start = position
        position += text.count
        try append(kind, from: start)
    }

    private mutating func append(
        _ kind: JSONTape.Kind, from start: Int, isEscaped: Bool = false
    ) throws(JSONProblem) {
        guard nodes.count < limits.values else { throw problem("more than \(limits.values) values") }
        nodes.append(
            JSONTape.Node(
                kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(position),
                next: UInt32(nodes.count + 1)))
    }

    private func at(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    private func problem(_ reason: String, at offset: Int? = nil) -> JSONProblem {
        JSONProblem(offset: offset ?? position, reason: reason)
    }
}

extension JSONScanner {
    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    /// The text of a string that ``escape()`` has passed.
    static func unescaped(_ written: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(written.count)
        var rest = written
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                result.append(byte)
                continue
            }
            if let simple = simpleEscapes[letter] {
                result.append(simple)
                continue
            }
            guard var code = hexadecimal(rest) else { continue }
            rest = rest.dropFirst(4)
            if (0xD800..<0xDC00).contains(code), let low = hexadecimal(rest.dropFirst(2)) {
                rest = rest.dropFirst(6)
                code = 0x10000 + (code - 0xD800) << 10 + (low & 0x3FF)
            }
            if let scalar = Unicode.Scalar(code) { result += Array(Character(scalar).utf8) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard digits.count >= 4 else { return nil }
        var value: UInt32 = 0
        for digit in digits.prefix(4) {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}

/// The keys of one object so far: compared one by one while they are few and plain, else hashed.
///
/// Each key is unescaped once at most: a few keys of a megabyte of escapes, compared pairwise, would cost seconds.
private struct KeySet {
    private static let few = 16
    private var listed: [Int] = []
    private var hashed: Set<String> = []

    /// Returns false for a key that is there already, however it is written.
    mutating func insert(_ key: Int, _ nodes: [JSONTape.Node], _ bytes: [UInt8]) -> Bool {
        if hashed.isEmpty {
            if !nodes[key].isEscaped && listed.count < Self.few {
                if listed.contains(where: { Self.equal(nodes[$0], nodes[key], bytes) }) { return false }
                listed.append(key)
                return true
            }
            hashed = Set(listed.map { Self.text(nodes[$0], bytes) })
        }
        return hashed.insert(Self.text(nodes[key], bytes)).inserted
    }

    private static func equal(_ one: JSONTape.Node, _ other: JSONTape.Node, _ bytes: [UInt8]) -> Bool {
        guard one.end - one.start == other.end - other.start else { return false }
        return bytes[Int(one.start)..<Int(one.end)].elementsEqual(bytes[Int(other.start)..<Int(other.end)])
    }

    private static func text(_ node: JSONTape.Node, _ bytes: [UInt8]) -> String {
        let written = bytes[Int(node.start)..<Int(node.end)]
        return node.isEscaped ? JSONScanner.unescaped(written) : String(decoding: written, as: UTF8.self)
    }
}
