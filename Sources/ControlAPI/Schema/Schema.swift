/// What JSON values there may be in one place: as much of JSON Schema (2020-12) as the messages of the control API need.
///
/// It is recorded from the types that decode the messages (`Schema.of`), written into the served document, and checked on
/// every request, so that document, check and decoder are one.
package indirect enum Schema: Sendable, Hashable {
    case string(TextRule)
    /// The bounds of the Swift type, or narrower ones; nil above for a type that Int64 does not hold.
    case integer(from: Int64, through: Int64?)
    case number
    case boolean
    case array(Schema, atMost: Int?)
    /// An object whose names are anything.
    case map(Schema)
    case object(ObjectSchema)
    /// Any object at all.
    case anything

    package struct ObjectSchema: Sendable, Hashable {
        /// The type's, which is its name in the document.
        package let name: String
        package var properties: [Property]

        package init(name: String, properties: [Property]) {
            self.name = name
            self.properties = properties
        }
    }

    package struct Property: Sendable, Hashable {
        package let key: String
        package var schema: Schema
        package let isRequired: Bool
        /// What a reader of the document should know.
        package var says: String?

        package init(key: String, schema: Schema, isRequired: Bool, says: String? = nil) {
            self.key = key
            self.schema = schema
            self.isRequired = isRequired
            self.says = says
        }
    }
}

/// What a text may be.
package struct TextRule: Sendable, Hashable {
    /// The only ones there are; nil for any.
    package var values: [String]?
    /// In Unicode scalars.
    package var atLeast = 0
    package var atMost: Int?
    /// A regular expression for the whole text, without `^` and `$`, that means the same in Swift and in ECMA-262.
    package var pattern: String?
    /// A secret: given, and never shown.
    package var isSecret = false

    package init() {}

    package static func oneOf(_ values: [String]) -> TextRule {
        var rule = TextRule()
        rule.values = values
        return rule
    }

    /// Something that has a name: not empty.
    package static func name(atMost: Int = 1024) -> TextRule {
        var rule = TextRule()
        rule.atLeast = 1
        rule.atMost = atMost
        return rule
    }

    package static func pattern(_ pattern: String) -> TextRule {
        var rule = TextRule()
        rule.pattern = pattern
        return rule
    }
}

/// What is to be known of a field beyond its type.
package struct FieldNote: Sendable {
    package var text: TextRule?
    package var range: ClosedRange<Int64>?
    /// Of an array.
    package var atMost: Int?
    package var says: String?

    package init(
        _ says: String? = nil, text: TextRule? = nil, range: ClosedRange<Int64>? = nil, atMost: Int? = nil
    ) {
        self.says = says
        self.text = text
        self.range = range
        self.atMost = atMost
    }
}

/// A message whose fields are more narrow than their types.
package protocol FieldNotes {
    /// By the name that the field has in JSON.
    static var fieldNotes: [String: FieldNote] { get }
}
