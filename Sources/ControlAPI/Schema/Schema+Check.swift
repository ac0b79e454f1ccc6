extension Schema {
    /// Throws `bad-arguments` with the place of the first thing that the schema does not allow.
    package func check(_ value: JSON) throws(ControlFailure) { try check(value, at: Path()) }

    /// Where in a value something is: `statements[3].kind`.
    private struct Path {
        var text = ""

        func key(_ key: String) -> Path { Path(text: text.isEmpty ? key : "\(text).\(key)") }
        func item(_ number: Int) -> Path { Path(text: "\(text)[\(number)]") }

        func failure(_ message: String) -> ControlFailure {
            let place = text.isEmpty ? "the arguments" : text
            return ControlFailure(id: "bad-arguments", message: "\(place): \(message)")
        }
    }

    private func check(_ value: JSON, at path: Path) throws(ControlFailure) {
        switch (self, value) {
        case (.string(let rule), .string(let text)):
            if let problem = rule.objection(to: text) { throw path.failure(problem) }
        case (.integer(let least, let most), .number(let text)):
            guard let number = Self.integer(text) else { throw path.failure("expected a whole number") }
            guard number >= least, most.map({ number <= $0 }) ?? true else {
                throw path.failure("expected a number from \(least)\(most.map { " to \($0)" } ?? " on")")
            }
        case (.number, .number), (.boolean, .bool), (.anything, .object): break
        case (.array(let item, let most), .array(let items)):
            if let most, items.count > most { throw path.failure("expected at most \(most)") }
            for (number, value) in items.enumerated() { try item.check(value, at: path.item(number)) }
        case (.map(let item), .object(let members)):
            for member in members { try item.check(member.value, at: path.key(member.key)) }
        case (.object(let schema), .object(let members)):
            for member in members {
                guard let property = schema.properties.first(where: { $0.key == member.key }) else {
                    throw path.failure(schema.unknown(member.key))
                }
                try property.schema.check(member.value, at: path.key(member.key))
            }
            let missing = schema.properties.first { property in
                property.isRequired && !members.contains { $0.key == property.key }
            }
            if let missing { throw path.key(missing.key).failure("missing") }
        default: throw path.failure("expected \(expected)")
        }
    }

    private var expected: String {
        switch self {
        case .string: "a text"
        case .integer, .number: "a number"
        case .boolean: "true or false"
        case .array: "a list"
        case .map, .object, .anything: "an object"
        }
    }

    /// JSON Schema's integers: also `1.0` and `1e2`. Nil for what Int64 does not hold.
    private static func integer(_ text: String) -> Int64? {
        if let number = Int64(text) { return number }
        // Beyond 2^53 a Double does not tell neighbours apart.
        guard let number = Double(text), abs(number) <= 9_007_199_254_740_992 else { return nil }
        return Int64(exactly: number)
    }
}

extension Schema.ObjectSchema {
    /// A name is shown only as far as it is one: what somebody sends is not said back whole.
    fileprivate func unknown(_ key: String) -> String {
        let isPlain =
            key.utf8.count <= 40
            && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
        let names = properties.map(\.key).joined(separator: ", ")
        return (isPlain ? "no field '\(key)'" : "no such field")
            + (names.isEmpty ? "; there are none" : "; there are \(names)")
    }
}

extension TextRule {
    /// Nil when the text is allowed.
    package func objection(to text: String) -> String? {
        if let values, !values.contains(text) {
            return "expected \(values.count == 1 ? "" : "one of ")\(values.joined(separator: ", "))"
        }
        let count = text.unicodeScalars.count
        if count < atLeast { return atLeast == 1 ? "empty" : "expected at least \(atLeast) characters" }
        if let atMost, count > atMost { return "expected at most \(atMost) characters" }
        if let pattern {
            guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar),
                (try? regex.wholeMatch(in: text)) != nil
            else { return "expected the form \(pattern)" }
        }
        return nil
    }
}
