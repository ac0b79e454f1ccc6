/// A few short texts by name, in one piece of memory: what every session keeps must be small.
///
/// Equal when they say the same, in whatever order it was said. A look-up compares names one by one.
package struct NamedTexts: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    private struct Pair: Sendable, Hashable {
        var name: String
        var text: String
    }

    /// By name.
    private var pairs: [Pair]

    package init(_ texts: [String: String] = [:]) {
        pairs = texts.map { Pair(name: $0.key, text: $0.value) }.sorted { $0.name < $1.name }
    }

    /// Of a name that is given twice, the later text counts.
    package init(dictionaryLiteral texts: (String, String)...) {
        self.init(Dictionary(texts) { $1 })
    }

    package var isEmpty: Bool { pairs.isEmpty }

    package var byName: [String: String] {
        Dictionary(pairs.map { ($0.name, $0.text) }) { $1 }
    }

    package subscript(name: String) -> String? { pairs.first { $0.name == name }?.text }
}

extension NamedTexts: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([String: String].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(byName)
    }
}
