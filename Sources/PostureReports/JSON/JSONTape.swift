internal import Sessions

/// One or more JSON texts (RFC 8259), checked whole and laid out flat: every value is one node, in the order of the text.
///
/// A strict reader for what strangers send. Refused, each with its byte: keys that stand twice in an object (RFC 8259
/// section 4 leaves open which of them counts, so two readers would see two reports), bad UTF-8, unpaired surrogates,
/// numbers that no double holds, nesting beyond a limit, more values than a limit. Numbers and strings stay where they are in the bytes until somebody
/// asks for them, so what nobody asks for costs 16 bytes, however long it is.
package struct JSONTape: Sendable {
    package enum Kind: UInt8, Sendable {
        case null, no, yes, number, string, array, object
    }

    struct Node: Sendable {
        var kind: Kind
        /// For strings: whether there is a backslash in it.
        var isEscaped: Bool
        /// The first byte of the value; for strings, that after the quotation mark.
        var start: UInt32
        /// The byte after the value; for strings, the closing quotation mark.
        var end: UInt32
        /// The node after this one and all that is in it.
        var next: UInt32
    }

    package struct Limits: Sendable {
        package var bytes = 4 << 20
        package var depth = 16
        /// 16 bytes of memory each. 10,000 reports with every item have some 240,000.
        package var values = 262_144

        package init() {}
    }

    package let bytes: [UInt8]
    /// An object is followed by its keys and values in turns, an array by its items.
    private(set) var nodes: [Node] = []
    /// The values that stand in no other.
    package private(set) var roots: [Int] = []

    /// Reads one value or, with `lines`, any number of them, each on a line of its own or not.
    package init(_ bytes: [UInt8], lines: Bool = false, limits: Limits = Limits()) throws(JSONProblem) {
        self.bytes = bytes
        guard bytes.count <= limits.bytes, bytes.count < Int(UInt32.max) else {
            throw JSONProblem(offset: limits.bytes, reason: "more than \(limits.bytes) bytes")
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONProblem(offset: error.byteOffsets.lowerBound, reason: "not UTF-8")
        }
        var scanner = JSONScanner(bytes, limits)
        repeat {
            roots.append(scanner.nodes.count)
            try scanner.value(depth: 0)
            scanner.skipSpace()
        } while lines && scanner.position < bytes.count
        guard scanner.position == bytes.count else {
            throw JSONProblem(offset: scanner.position, reason: "something follows the value")
        }
        nodes = scanner.nodes
    }

    package func kind(_ node: Int) -> Kind { nodes[node].kind }

    func offset(_ node: Int) -> Int { Int(nodes[node].start) }

    func next(_ node: Int) -> Int { Int(nodes[node].next) }

    /// The bytes of a number or a string as they were written, escapes and all.
    package func written(_ node: Int) -> ArraySlice<UInt8> {
        bytes[Int(nodes[node].start)..<Int(nodes[node].end)]
    }

    /// The text of a string or a key; of anything else, what was written.
    package func text(_ node: Int) -> String {
        let entry = nodes[node]
        guard entry.isEscaped else { return String(decoding: written(node), as: UTF8.self) }
        return JSONScanner.unescaped(written(node))
    }

    /// Calls with each item's number and node.
    package func forEachItem(_ array: Int, _ body: (Int, Int) -> Void) {
        let end = next(array)
        var item = array + 1
        var number = 0
        while item < end {
            body(number, item)
            item = next(item)
            number += 1
        }
    }

    /// Calls with each key's node and its value's.
    package func forEachEntry(_ object: Int, _ body: (_ key: Int, _ value: Int) -> Void) {
        let end = next(object)
        var key = object + 1
        while key < end {
            body(key, key + 1)
            key = next(key + 1)
        }
    }

    /// The value of a key, looked for from the first to the last.
    package func value(_ object: Int, _ name: String) -> Int? {
        guard kind(object) == .object else { return nil }
        let end = next(object)
        var key = object + 1
        while key < end {
            if isText(key, name) { return key + 1 }
            key = next(key + 1)
        }
        return nil
    }

    private func isText(_ key: Int, _ name: String) -> Bool {
        let written = written(key)
        guard nodes[key].isEscaped else { return written.elementsEqual(name.utf8) }
        // An escape is at most six bytes long for each byte of what it stands for.
        return written.count <= 6 * name.utf8.count && text(key) == name
    }

    /// A value for a message: escaped, bounded, and on one line.
    func shown(_ node: Int) -> String {
        switch kind(node) {
        case .null: "null"
        case .no: "false"
        case .yes: "true"
        case .number: "the number " + String(decoding: written(node).prefix(40), as: UTF8.self)
        case .string: "'\(shownText(node))'"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// A key or a string for a message, without quotation marks.
    package func shownText(_ node: Int) -> String {
        // Cut before it is unescaped: a text of megabytes is not copied to show 80 characters of it.
        let bytes = written(node)
        guard bytes.count > 1024 else { return PlainText.shown(text(node)) }
        return PlainText.shown(String(decoding: bytes.prefix(1024), as: UTF8.self))
    }
}

/// Why a text is no JSON that is taken, and at which byte.
package struct JSONProblem: Error, Sendable, Hashable {
    package var offset: Int
    package var reason: String
}
