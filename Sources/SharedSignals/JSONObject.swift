internal import PostureReports
internal import Sessions

/// One object of a strict JSON text, by its keys.
struct JSONObject {
    let tape: JSONTape
    let node: Int

    /// Few values and shallow: more is no token that anybody means.
    static func read(_ bytes: [UInt8]) -> JSONObject? {
        var limits = JSONTape.Limits()
        limits.bytes = CompactToken.limit
        limits.depth = 12
        limits.values = 4096
        return read(bytes, limits)
    }

    static func read(_ bytes: [UInt8], _ limits: JSONTape.Limits) -> JSONObject? {
        guard let tape = try? JSONTape(bytes, limits: limits) else { return nil }
        return JSONObject(tape: tape, node: 0)
    }

    /// Nil when the value is no object.
    init?(tape: JSONTape, node: Int) {
        guard tape.kind(node) == .object else { return nil }
        self.tape = tape
        self.node = node
    }

    func has(_ name: String) -> Bool { tape.value(node, name) != nil }

    /// Nil when it is not there or no text.
    func text(_ name: String) -> String? { tape.value(node, name).flatMap(text) }

    func text(_ node: Int) -> String? { tape.kind(node) == .string ? tape.text(node) : nil }

    func object(_ name: String) -> JSONObject? {
        tape.value(node, name).flatMap { JSONObject(tape: tape, node: $0) }
    }

    func isTrue(_ name: String) -> Bool { tape.value(node, name).map { tape.kind($0) == .yes } ?? false }

    /// The items of an array; nil when it is not there or no array.
    func items(_ name: String) -> [Int]? {
        guard let array = tape.value(node, name), tape.kind(array) == .array else { return nil }
        var items: [Int] = []
        tape.forEachItem(array) { items.append($1) }
        return items
    }

    /// Keys with the nodes of their values, in their order.
    var entries: [(key: String, value: Int)] {
        var entries: [(key: String, value: Int)] = []
        tape.forEachEntry(node) { entries.append((tape.text($0), $1)) }
        return entries
    }

    /// A NumericDate (RFC 7519 section 2): seconds since 1970, with or without a fraction.
    func instant(_ name: String) -> Instant? {
        guard let value = tape.value(node, name), tape.kind(value) == .number else { return nil }
        let parts = tape.written(value).split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole.count <= 11, let seconds = Self.number(whole) else { return nil }
        let start = Instant(secondsSince1970: seconds)
        guard parts.count == 2 else { return start }
        // Finer than a nanosecond is cut off.
        let digits = parts[1].prefix(9)
        guard parts[1].count <= 20, Self.number(parts[1].suffix(1)) != nil, let fraction = Self.number(digits)
        else { return nil }
        let scale = (digits.count..<9).reduce(Int64(1)) { scale, _ in scale * 10 }
        return start + .nanoseconds(fraction * scale)
    }

    /// Of digits alone: no sign, no exponent.
    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
