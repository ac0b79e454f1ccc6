/// A JSON Schema (draft 2020-12) of a part of a rule file, built of the same keys and text forms as its reader.
///
/// The keywords in use are `type`, `enum`, `pattern`, `minimum`, `maximum`, `minLength`, `items`, `minItems`, `properties`,
/// `required`, `additionalProperties`, `propertyNames`, `minProperties`, `anyOf`, `allOf`, `not`, `if`, `then`, `else`,
/// `dependentRequired` and `$ref`.
struct Schema: Sendable {
    private(set) var members: [JSONValue.Member]

    var value: JSONValue { .object(members) }

    init(_ members: KeyValuePairs<String, JSONValue>) {
        self.members = members.map { JSONValue.Member(key: $0.key, value: $0.value) }
    }

    /// A value of a form.
    init<Value>(_ form: TextForm<Value>) {
        members = [JSONValue.Member(key: "description", value: .string(form.expected))] + form.schema.members
    }

    /// One of a definition's name.
    static func reference(_ name: String) -> Schema { Schema(["$ref": .string("#/$defs/\(name)")]) }

    static func word(_ word: String) -> Schema { Schema(["enum": .array([.string(word)])]) }

    func adding(_ more: KeyValuePairs<String, JSONValue>) -> Schema {
        var result = self
        result.members += more.map { JSONValue.Member(key: $0.key, value: $0.value) }
        return result
    }

    /// What the key is for, shown by editors.
    func described(_ text: String) -> Schema {
        var result = self
        result.members.removeAll { $0.key == "description" }
        result.members.insert(JSONValue.Member(key: "description", value: .string(text)), at: 0)
        return result
    }

    // MARK: Lists

    static func items(_ schema: Schema, atLeast least: Int = 0) -> Schema {
        let list = Schema(["type": .string("array"), "items": schema.value])
        return least == 0 ? list : list.adding(["minItems": .number(least)])
    }

    /// A list, or one value for a list of one.
    static func list<Value>(_ form: TextForm<Value>, atLeast least: Int = 1) -> Schema {
        .any([Schema(form), .items(Schema(form), atLeast: least)])
    }

    static func any(_ schemas: [Schema]) -> Schema { Schema(["anyOf": .array(schemas.map(\.value))]) }

    // MARK: Mappings

    /// A mapping that has the keys that its reader knows, and no others.
    ///
    /// - Parameter keys: those of the reader, which must be those of `values`: a key that is forgotten here would be
    ///   refused by the schema alone.
    static func mapping(
        _ keys: [String], required: [String] = [], atLeast least: Int = 0, _ values: [String: Schema]
    ) -> Schema {
        precondition(Set(keys) == Set(values.keys), "\(keys) are not \(values.keys.sorted())")
        let properties = keys.compactMap { key in
            values[key].map { JSONValue.Member(key: key, value: $0.value) }
        }
        var schema = Schema([
            "type": .string("object"), "properties": .object(properties),
            "additionalProperties": .bool(false),
        ])
        if !required.isEmpty { schema = schema.requiring(required) }
        if least > 0 { schema = schema.adding(["minProperties": .number(least)]) }
        return schema
    }

    /// A mapping from names to values of one kind.
    static func names<Value>(_ form: TextForm<Value>, atLeast least: Int = 0, to value: Schema) -> Schema {
        let schema = Schema([
            "type": .string("object"), "propertyNames": Schema(form).value,
            "additionalProperties": value.value,
        ])
        return least == 0 ? schema : schema.adding(["minProperties": .number(least)])
    }

    static func requires(_ keys: [String]) -> Schema {
        Schema(["required": .array(keys.map(JSONValue.string))])
    }

    func requiring(_ keys: [String]) -> Schema { adding(["required": .array(keys.map(JSONValue.string))]) }

    /// At least one of the keys.
    func requiringOne(of keys: [String]) -> Schema {
        adding(["anyOf": .array(keys.map { Schema.requires([$0]).value })])
    }

    /// More that holds where a key has one of some values.
    static func when(_ key: String, is words: [String], _ then: Schema) -> JSONValue {
        let value = Schema(["enum": .array(words.map(JSONValue.string))])
        let condition = Schema(["properties": .object([.init(key: key, value: value.value)])]).requiring([key]
        )
        return Schema(["if": condition.value, "then": then.value]).value
    }
}

extension TextForm where Value == String {
    /// ``name``, without the words that mean something else.
    static var newName: Self {
        let reserved = PackReader.reserved.sorted().map(TextSchema.anyCase).joined(separator: "|")
        return Self(
            name.expected,
            .patternOrNumber("^(?!(\(reserved))$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
            name.parse)
    }
}
