import Foundation

/// Holds instances against one schema: the keywords of draft 2020-12 that the schemas of rule files use, and no others.
package final class SchemaValidator {
    private let root: Instance
    private var patterns: [String: NSRegularExpression] = [:]

    static let keywords: Set<String> = [
        "$schema", "$comment", "$defs", "$ref", "title", "description", "type", "enum", "pattern", "minimum",
        "maximum", "items", "minItems", "properties", "required", "additionalProperties", "propertyNames",
        "minProperties", "anyOf", "allOf", "not", "if", "then", "else", "dependentRequired",
    ]

    struct UnknownKeyword: Error {
        var name: String
    }

    package init(_ text: String) throws {
        root = try Instance(json: text)
        try Self.check(root)
    }

    /// Whether every keyword is known here: one that is not would be passed over.
    private static func check(_ schema: Instance) throws {
        guard case .object(let members) = schema else { return }
        for (name, value) in members {
            guard keywords.contains(name) else { throw UnknownKeyword(name: name) }
            switch (name, value) {
            case ("properties", .object(let inner)), ("$defs", .object(let inner)):
                try inner.values.forEach(check)
            case ("anyOf", .array(let inner)), ("allOf", .array(let inner)): try inner.forEach(check)
            case ("items", _), ("additionalProperties", _), ("propertyNames", _), ("not", _), ("if", _),
                ("then", _), ("else", _):
                try check(value)
            default: break
            }
        }
    }

    package func accepts(_ instance: Instance) -> Bool { accepts(instance, root) }

    private func accepts(_ instance: Instance, _ schema: Instance) -> Bool {
        guard case .object(let keywords) = schema else { return schema != .bool(false) }
        return keywords.allSatisfy { holds($0, $1, of: instance, in: schema) }
    }

    private func holds(_ name: String, _ value: Instance, of instance: Instance, in schema: Instance) -> Bool
    {
        switch name {
        case "$ref":
            let path = (value.text ?? "").split(separator: "/").dropFirst().map(String.init)
            let target = path.reduce(Optional(root)) { $0?[$1] }
            return target.map { accepts(instance, $0) } ?? false
        case "enum": return value.items.contains(instance)
        case "type":
            return ([value] + value.items).contains { $0.text.map { Self.is(instance, $0) } ?? false }
        case "anyOf": return value.items.contains { accepts(instance, $0) }
        case "allOf": return value.items.allSatisfy { accepts(instance, $0) }
        case "not": return !accepts(instance, value)
        case "if":
            let next = accepts(instance, value) ? schema["then"] : schema["else"]
            return next.map { accepts(instance, $0) } ?? true
        case "pattern", "minimum", "maximum": return holdsOfScalar(name, value, instance)
        case "items", "minItems": return holdsOfArray(name, value, instance)
        default: return holdsOfObject(name, value, instance, schema)
        }
    }

    private static func `is`(_ instance: Instance, _ type: String) -> Bool {
        switch (instance, type) {
        case (.null, "null"), (.bool, "boolean"), (.number, "number"), (.string, "string"), (.array, "array"),
            (.object, "object"):
            true
        case (.number(let number), "integer"): number == number.rounded()
        default: false
        }
    }

    private func holdsOfScalar(_ name: String, _ value: Instance, _ instance: Instance) -> Bool {
        switch (name, instance) {
        case ("pattern", .string(let text)): matches(text, value.text ?? "")
        case ("minimum", .number(let number)): number >= value.number ?? 0
        case ("maximum", .number(let number)): number <= value.number ?? 0
        default: true
        }
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        if patterns[pattern] == nil { patterns[pattern] = try? NSRegularExpression(pattern: pattern) }
        guard let expression = patterns[pattern] else { return false }
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    private func holdsOfArray(_ name: String, _ value: Instance, _ instance: Instance) -> Bool {
        guard case .array(let items) = instance else { return true }
        return name == "items"
            ? items.allSatisfy { accepts($0, value) } : Double(items.count) >= value.number ?? 0
    }

    private func holdsOfObject(
        _ name: String, _ value: Instance, _ instance: Instance, _ schema: Instance
    ) -> Bool {
        guard case .object(let members) = instance else { return true }
        switch (name, value) {
        case ("properties", .object(let properties)):
            return properties.allSatisfy { key, schema in
                members[key].map { accepts($0, schema) } ?? true
            }
        case ("required", _): return value.items.allSatisfy { $0.text.map { members[$0] != nil } ?? false }
        case ("additionalProperties", _):
            return members.allSatisfy { key, member in
                schema["properties"]?[key] != nil || accepts(member, value)
            }
        case ("propertyNames", _): return members.keys.allSatisfy { accepts(.string($0), value) }
        case ("minProperties", _): return Double(members.count) >= value.number ?? 0
        case ("dependentRequired", .object(let needs)):
            return needs.allSatisfy { key, others in
                members[key] == nil || others.items.allSatisfy { $0.text.map { members[$0] != nil } ?? false }
            }
        default: return true
        }
    }
}
