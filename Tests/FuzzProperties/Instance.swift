import Foundation
package import PolicyLanguage

/// A YAML file as other programs see it, or a JSON text: what schemas are held against.
package indirect enum Instance: Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Instance])
    case object([String: Instance])

    /// As the core schema of YAML 1.2 has it, which editors go by: plain words can be numbers and truth values. But for `null`
    /// and `~`, which are texts here: rule files have nobody's name taken for nothing, and an editor says that they should
    /// stand in quotes.
    package init(_ node: DocumentNode) {
        switch node {
        case .scalar(let text, isPlain: true, _): self = Self.plain(text)
        case .scalar(let text, _, _): self = .string(text)
        case .sequence(let items, _): self = .array(items.map(Instance.init))
        case .mapping(let entries, _):
            self = .object(Dictionary(entries.map { ($0.key, Instance($0.value)) }) { first, _ in first })
        }
    }

    private static func plain(_ text: String) -> Instance {
        switch text {
        case "": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
            if let number = UInt64(text.dropFirst(2), radix: radix) { return .number(Double(number)) }
        }
        let isNumber =
            text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil
        return isNumber ? Double(text).map(Instance.number) ?? .string(text) : .string(text)
    }

    package init(json: String) throws {
        self = try JSONDecoder().decode(Instance.self, from: Data(json.utf8))
    }

    package subscript(key: String) -> Instance? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package var items: [Instance] { if case .array(let items) = self { items } else { [] } }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    package var number: Double? { if case .number(let number) = self { number } else { nil } }
}

extension Instance: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([Instance].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: Instance].self) {
            self = .object(value)
        } else {
            self = .null
        }
    }
}
