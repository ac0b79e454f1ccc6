extension Schema {
    /// Whether a message is read by us, who refuse what we do not know, or by others, who should not.
    package enum Direction: Sendable {
        case request, reply
    }

    /// In the words of JSON Schema 2020-12. Objects with a name are put beside (`named`), and referred to.
    package func document(_ direction: Direction, _ named: inout [String: JSON]) -> JSON {
        switch self {
        case .string(let rule): return .object(rule.members)
        case .integer(let least, let most):
            var members: [JSON.Member] = [.init(key: "type", value: "integer")]
            if least > .min || direction == .request { members.append(.init("minimum", least)) }
            if let most, most < .max || direction == .request { members.append(.init("maximum", most)) }
            return .object(members)
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .array(let item, let most):
            var members: [JSON.Member] = [
                .init(key: "type", value: "array"),
                .init(key: "items", value: item.document(direction, &named)),
            ]
            if let most { members.append(.init("maxItems", Int64(most))) }
            return .object(members)
        case .map(let item):
            return ["type": "object", "additionalProperties": item.document(direction, &named)]
        case .anything: return ["type": "object"]
        case .object(let schema):
            // A type that goes both ways is two schemas: what comes from us may grow.
            let name = schema.name + (direction == .request ? "" : "Reply")
            if named[name] == nil {
                named[name] = .null
                named[name] = schema.document(direction, &named)
            }
            return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }
}

extension Schema.ObjectSchema {
    fileprivate func document(_ direction: Schema.Direction, _ named: inout [String: JSON]) -> JSON {
        let properties = properties.map { property in
            var value = property.schema.document(direction, &named)
            if let says = property.says, case .object(let members) = value {
                value = .object(members + [.init(key: "description", value: .string(says))])
            }
            return JSON.Member(key: property.key, value: value)
        }
        let required = self.properties.filter(\.isRequired).map { JSON.string($0.key) }
        var members: [JSON.Member] = [
            .init(key: "type", value: "object"), .init(key: "properties", value: .object(properties)),
        ]
        if !required.isEmpty { members.append(.init(key: "required", value: .array(required))) }
        if direction == .request { members.append(.init(key: "additionalProperties", value: false)) }
        return .object(members)
    }
}

extension TextRule {
    fileprivate var members: [JSON.Member] {
        var members: [JSON.Member] = [.init(key: "type", value: "string")]
        if let values { members.append(.init(key: "enum", value: .array(values.map(JSON.string)))) }
        if atLeast > 0 { members.append(.init("minLength", Int64(atLeast))) }
        if let atMost { members.append(.init("maxLength", Int64(atMost))) }
        if let pattern { members.append(.init(key: "pattern", value: .string("^\(pattern)$"))) }
        if isSecret { members.append(.init(key: "writeOnly", value: true)) }
        return members
    }
}

extension JSON.Member {
    fileprivate init(_ key: String, _ number: Int64) { self.init(key: key, value: .number("\(number)")) }
}
