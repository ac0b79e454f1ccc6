import PolicyLanguage

/// Everything that a value holds, without the places in files that it was read from.
enum Meaning {
    static func text(_ value: Any, depth: Int = 0) -> String {
        if value is SourceLocation { return "" }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .set: return "{" + mirror.children.map { text($0.value) }.sorted().joined(separator: ",") + "}"
        case .dictionary:
            return "{" + mirror.children.map { text($0.value) }.sorted().joined(separator: ",") + "}"
        default:
            guard !mirror.children.isEmpty else { return "\(value)" }
            let parts = mirror.children.map { "\($0.label ?? ""):\(text($0.value))" }
            return "\(type(of: value))(" + parts.joined(separator: ",") + ")"
        }
    }
}
