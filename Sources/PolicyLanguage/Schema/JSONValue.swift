/// A JSON text as it is written: members keep their order, and there is one way to write each value.
package indirect enum JSONValue: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        package let key: String
        package let value: JSONValue
    }

    case string(String)
    case number(Int)
    case bool(Bool)
    case array([JSONValue])
    case object([Member])

    /// With two spaces a level and a line end; lists of words stand in one line where they fit.
    package var text: String { written(indent: "") + "\n" }

    private static let width = 100

    private func written(indent: String) -> String {
        if let line = line, indent.count + line.count <= Self.width { return line }
        let inner = indent + "  "
        switch self {
        case .array(let items):
            let lines = items.map { inner + $0.written(indent: inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        case .object(let members):
            let lines = members.map {
                "\(inner)\(Self.quoted($0.key)): \($0.value.written(indent: inner))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        case .string, .number, .bool: return line ?? ""
        }
    }

    /// In one line; nil for objects that have more than one member, which are easier to read otherwise.
    private var line: String? {
        switch self {
        case .string(let text): return Self.quoted(text)
        case .number(let number): return "\(number)"
        case .bool(let bool): return "\(bool)"
        case .array(let items):
            let lines = items.compactMap(\.line)
            return lines.count == items.count ? "[\(lines.joined(separator: ", "))]" : nil
        case .object(let members):
            guard members.count <= 1 else { return nil }
            let lines = members.compactMap { member in
                member.value.line.map { "\(Self.quoted(member.key)): \($0)" }
            }
            guard lines.count == members.count else { return nil }
            return lines.isEmpty ? "{}" : "{ \(lines.joined(separator: ", ")) }"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\u{0}"..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
