extension Schema {
    /// What `type` decodes, found by letting it decode: its keys, their types, which of them may be missing.
    ///
    /// Throws for a type that cannot be learned so: one that contains itself, reads keys in an order that depends on
    /// values, or refuses every sample (an enumeration with raw values must be `CaseIterable`).
    package static func of<Value: Decodable>(_ type: Value.Type) throws -> Schema {
        try sample(type, within: []).schema
    }

    fileprivate static func sample<Value: Decodable>(
        _ type: Value.Type, within outer: [any Any.Type]
    ) throws -> (value: Value, schema: Schema) {
        if outer.contains(where: { $0 == type }) { throw SchemaFault.recursive("\(type)") }
        if let texts = type as? any (CaseIterable & RawRepresentable<String>).Type {
            let known = cases(of: texts)
            if let first = known.first?.value as? Value {
                return (first, .string(.oneOf(known.map(\.text))))
            }
        }
        let place = RecordedPlace()
        let value = try Value(from: SchemaRecorder(place: place, outer: outer + [type]))
        switch place.shape {
        case .keyed:
            var schema = ObjectSchema(name: "\(type)", properties: place.properties)
            if let noted = type as? any FieldNotes.Type { try schema.take(noted.fieldNotes) }
            return (value, .object(schema))
        case .schema(let schema): return (value, schema)
        // A message without fields asks for none.
        case nil where MemoryLayout<Value>.size == 0:
            return (value, .object(ObjectSchema(name: "\(type)", properties: [])))
        case nil: throw SchemaFault.unknown("\(type)")
        }
    }

    private static func cases<Texts: CaseIterable & RawRepresentable<String>>(
        of type: Texts.Type
    ) -> [(value: Any, text: String)] {
        type.allCases.map { ($0, $0.rawValue) }
    }

    fileprivate static func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> Schema {
        .integer(from: Int64(exactly: Number.min) ?? .min, through: Int64(exactly: Number.max))
    }
}

package enum SchemaFault: Error, Sendable, Hashable {
    case recursive(String)
    /// The type read nothing.
    case unknown(String)
    /// A note about a field that there is not, or that the note does not fit.
    case strayNote(String)
}

extension Schema.ObjectSchema {
    fileprivate mutating func take(_ notes: [String: FieldNote]) throws {
        for (key, note) in notes {
            guard let index = properties.firstIndex(where: { $0.key == key }) else {
                throw SchemaFault.strayNote("\(name).\(key)")
            }
            properties[index].says = note.says
            guard let narrowed = properties[index].schema.narrowed(by: note) else {
                throw SchemaFault.strayNote("\(name).\(key)")
            }
            properties[index].schema = narrowed
        }
    }
}

extension Schema {
    /// Nil for a note that does not fit. What is said of texts is said of the items of a list.
    fileprivate func narrowed(by note: FieldNote) -> Schema? {
        switch self {
        case .string where note.range == nil && note.atMost == nil: note.text.map(Schema.string) ?? self
        case .integer where note.text == nil && note.atMost == nil:
            note.range.map { .integer(from: $0.lowerBound, through: $0.upperBound) } ?? self
        case .array(let item, _):
            item.narrowed(by: FieldNote(text: note.text, range: note.range)).map {
                .array($0, atMost: note.atMost)
            }
        default: note.text == nil && note.range == nil && note.atMost == nil ? self : nil
        }
    }
}

/// What one value was found to be.
private final class RecordedPlace {
    enum Shape {
        case keyed
        case schema(Schema)
    }

    var shape: Shape?
    var properties: [Schema.Property] = []

    func note(_ key: any CodingKey, _ schema: Schema, isRequired: Bool) {
        properties.append(.init(key: key.stringValue, schema: schema, isRequired: isRequired))
    }
}

/// A decoder that gives every type the least value, and notes what was asked for.
private struct SchemaRecorder: Decoder {
    let place: RecordedPlace
    let outer: [any Any.Type]
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        // One that asks which keys there are makes a map of it.
        place.shape = .keyed
        return KeyedDecodingContainer(KeyedRecorder<Key>(place: place, outer: outer))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        place.shape = .schema(.array(.anything, atMost: nil))
        return ListRecorder(place: place, outer: outer)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        SingleRecorder(place: place, outer: outer)
    }
}

extension RecordedPlace {
    /// The least value of a basic type, or one that the type makes of a recorder.
    func learn<Value: Decodable>(
        _ type: Value.Type, _ outer: [any Any.Type]
    ) throws -> (value: Value, schema: Schema) {
        let basic: (value: Any, schema: Schema)? =
            switch type {
            case is Bool.Type: (false, .boolean)
            case is String.Type: ("", .string(TextRule()))
            case is Double.Type: (0.0, .number)
            case is Float.Type: (Float(0), .number)
            case let integer as any FixedWidthInteger.Type: Self.zero(integer)
            default: nil
            }
        if let basic, let value = basic.value as? Value { return (value, basic.schema) }
        return try Schema.sample(type, within: outer)
    }

    private static func zero<Number: FixedWidthInteger>(_ type: Number.Type) -> (value: Any, schema: Schema) {
        (Number.zero, Schema.integer(type))
    }
}

private struct SingleRecorder: SingleValueDecodingContainer {
    let place: RecordedPlace
    let outer: [any Any.Type]
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let learned = try place.learn(type, outer)
        place.shape = .schema(learned.schema)
        return learned.value
    }
}

private struct ListRecorder: UnkeyedDecodingContainer {
    let place: RecordedPlace
    let outer: [any Any.Type]
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex > 0 }

    init(place: RecordedPlace, outer: [any Any.Type]) {
        self.place = place
        self.outer = outer
    }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let learned = try place.learn(type, outer)
        place.shape = .schema(.array(learned.schema, atMost: nil))
        currentIndex += 1
        return learned.value
    }

    func nestedContainer<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw SchemaFault.unknown("a nested container")
    }

    func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaFault.unknown("a nested container")
    }

    func superDecoder() throws -> any Decoder { throw SchemaFault.unknown("a superclass") }
}

private struct KeyedRecorder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let place: RecordedPlace
    let outer: [any Any.Type]
    var codingPath: [any CodingKey] { [] }

    /// The keys of a message are known without asking, those of a dictionary are not. It gets one.
    var allKeys: [Key] {
        guard let key = Key(stringValue: "*") else { return [] }
        place.shape = .schema(.map(.anything))
        return [key]
    }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try note(type, key, isRequired: true)
    }

    private func note<Value: Decodable>(
        _ type: Value.Type, _ key: Key, isRequired: Bool
    ) throws -> Value {
        let learned = try place.learn(type, outer)
        if case .schema(.map) = place.shape {
            place.shape = .schema(.map(learned.schema))
        } else {
            place.note(key, learned.schema, isRequired: isRequired)
        }
        return learned.value
    }

    // Without these, the standard library would ask for the value as for one that must be there.

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try note(type, key, isRequired: false)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(type, key)
    }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw SchemaFault.unknown("a nested container")
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaFault.unknown("a nested container")
    }

    func superDecoder() throws -> any Decoder { throw SchemaFault.unknown("a superclass") }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaFault.unknown("a superclass") }
}
