import Evidence
import Sessions

/// The registers, in YAML. Their fields are listed once for files, tables, commands and the database.
extension RuleFileSchema {
    static func register(_ kind: RegisterKind) -> Schema {
        let listed = line(kind, keyName: kind.keyName)
        let named = Schema.names(.freeName, atLeast: kind == .user ? 0 : 1, to: line(kind, keyName: nil))
        return .mapping(
            [kind.plural], required: [kind.plural], [kind.plural: .any([.items(listed), named])])
    }

    /// - Parameter keyName: nil where the name stands before the line.
    private static func line(_ kind: RegisterKind, keyName: String?) -> Schema {
        let own = [keyName].compactMap(\.self)
        var values = fields(kind)
        values["about"] = text
        for key in own { values[key] = freeName }
        let required = own + kind.fields.filter(\.isRequired).map(\.name)
        let schema = Schema.mapping(
            own + kind.fields.map(\.name) + ["about"], required: required, values)
        switch kind {
        case .device: return schema.requiringOne(of: ["digest", "key"])
        case .approval: return schema.adding(["allOf": .array(approvalNeeds)])
        case .user, .loan: return schema
        }
    }

    static func fields(_ kind: RegisterKind) -> [String: Schema] {
        Dictionary(
            uniqueKeysWithValues: kind.fields.map { field in
                (field.name, field.isList ? .list(field.form, atLeast: 0) : Schema(field.form))
            })
    }

    /// What an approval of each kind is about, and that only one of remote working may be open-ended.
    static var approvalNeeds: [JSONValue] {
        let systems = Schema.any([naming("systems"), naming("labels")])
        return [
            Schema.when("kind", is: ["travel"], naming("countries", and: "until")),
            Schema.when("kind", is: ["system"], systems.requiring(["until"])),
            Schema.when("kind", is: ["exception"], .requires(["until", "exception"])),
        ]
    }

    /// A list that is there and has something in it.
    private static func naming(_ key: String, and others: String...) -> Schema {
        let something = JSONValue.Member(key: key, value: Schema(["minItems": .number(1)]).value)
        return Schema.requires(others + [key]).adding(["properties": .object([something])])
    }
}
