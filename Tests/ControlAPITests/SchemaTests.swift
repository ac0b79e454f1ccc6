import ControlAPI
import Testing

/// Schemas that are recorded from types, what they allow, and how they are written.
@Suite struct SchemaTests {
    enum Colour: String, Codable, CaseIterable { case red, green }

    struct Part: Codable {
        var colour: Colour
        var fields: [String: [String]]
    }

    struct Wish: Codable, FieldNotes {
        var name: String
        var count: Int?
        var small: UInt8?
        var big: UInt64?
        var share: Double?
        var isTrial: Bool?
        var parts: [Part]?
        var limits: [String: Int]?

        static let fieldNotes = [
            "name": FieldNote("Of somebody.", text: .name(atMost: 5)), "count": FieldNote(range: 1...10),
            "parts": FieldNote(atMost: 2),
        ]
    }

    struct Nothing: Codable {}

    struct Tree: Codable { var branches: [Tree] }

    struct Stray: Codable, FieldNotes {
        var name: String
        static let fieldNotes = ["nam": FieldNote("Misspelt.")]
    }

    struct Misfit: Codable, FieldNotes {
        var name: String
        static let fieldNotes = ["name": FieldNote(range: 1...2)]
    }

    @Test func recordsTypes() throws {
        guard case .object(let schema) = try Schema.of(Wish.self) else {
            Issue.record("no object")
            return
        }
        #expect(schema.name == "Wish")
        #expect(
            schema.properties.map(\.key) == [
                "name", "count", "small", "big", "share", "isTrial", "parts", "limits",
            ])
        #expect(schema.properties.filter(\.isRequired).map(\.key) == ["name"])
        let byKey = Dictionary(uniqueKeysWithValues: schema.properties.map { ($0.key, $0.schema) })
        #expect(byKey["name"] == .string(.name(atMost: 5)))
        #expect(byKey["count"] == .integer(from: 1, through: 10))
        #expect(byKey["small"] == .integer(from: 0, through: 255))
        #expect(byKey["big"] == .integer(from: 0, through: nil))
        #expect(byKey["limits"] == .map(.integer(from: .min, through: .max)))
        let part = Schema.object(
            .init(
                name: "Part",
                properties: [
                    .init(key: "colour", schema: .string(.oneOf(["red", "green"])), isRequired: true),
                    .init(
                        key: "fields", schema: .map(.array(.string(TextRule()), atMost: nil)),
                        isRequired: true),
                ]))
        #expect(byKey["parts"] == .array(part, atMost: 2))
        #expect(try Schema.of(Nothing.self) == .object(.init(name: "Nothing", properties: [])))
    }

    @Test func saysWhatItCannotRecord() {
        #expect(throws: SchemaFault.recursive("Tree")) { try Schema.of(Tree.self) }
        #expect(throws: SchemaFault.strayNote("Stray.nam")) { try Schema.of(Stray.self) }
        #expect(throws: SchemaFault.strayNote("Misfit.name")) { try Schema.of(Misfit.self) }
    }

    /// What is refused, with the place; nil for what is allowed.
    @Test(arguments: [
        (#"{"name":"a"}"#, nil), (#"{"name":"ü☃"}"#, nil), (#"{"name":"a","count":1.0}"#, nil),
        (#"{"name":"a","count":1e1}"#, nil),
        (#"{"name":"a","big":18446744073709551615}"#, "big: expected a whole number"),
        (#"{"name":"a","parts":[{"colour":"red","fields":{"x":["y"]}}]}"#, nil),
        (#"{}"#, "name: missing"), (#"[]"#, "the arguments: expected an object"),
        (#"{"name":null}"#, "name: expected a text"), (#"{"name":""}"#, "name: empty"),
        (#"{"name":"abcdef"}"#, "name: expected at most 5 characters"),
        (#"{"name":"a","count":null}"#, "count: expected a number"),
        (#"{"name":"a","count":0}"#, "count: expected a number from 1 to 10"),
        (#"{"name":"a","count":1.5}"#, "count: expected a whole number"),
        (#"{"name":"a","count":1e400}"#, "count: expected a whole number"),
        (#"{"name":"a","small":256}"#, "small: expected a number from 0 to 255"),
        (#"{"name":"a","big":-1}"#, "big: expected a number from 0 on"),
        (#"{"name":"a","isTrial":"true"}"#, "isTrial: expected true or false"),
        (
            #"{"name":"a","parts":[{"colour":"blue","fields":{}}]}"#,
            "parts[0].colour: expected one of red, green"
        ),
        (
            #"{"name":"a","parts":[{"colour":"red","fields":{"x":[7]}}]}"#,
            "parts[0].fields.x[0]: expected a text"
        ),
        (#"{"name":"a","parts":[1,2,3]}"#, "parts: expected at most 2"),
        (
            #"{"name":"a","istrial":true}"#,
            "the arguments: no field 'istrial'; there are name, count, small, big, share, isTrial, parts, limits"
        ),
        (
            #"{"name":"a","\u001b[2J":true}"#,
            "the arguments: no such field; there are name, count, small, big, share, isTrial, parts, limits"
        ),
    ])
    func checks(text: String, problem: String?) throws {
        let schema = try Schema.of(Wish.self)
        let value = try JSON(reading: Array(text.utf8))
        do throws(ControlFailure) {
            try schema.check(value)
            #expect(problem == nil)
        } catch {
            #expect(error.id == "bad-arguments" && error.message == problem)
        }
    }

    @Test func patternsAreOfTheWholeText() {
        let rule = TextRule.pattern("[0-9]{1,3}m")
        for (text, isTaken) in [
            ("5m", true), ("999m", true), ("", false), ("5mm", false), ("x5m", false), ("5m\n", false),
        ] {
            #expect((rule.objection(to: text) == nil) == isTaken, "\(text)")
        }
    }

    @Test func isWrittenForBothDirections() throws {
        var named: [String: JSON] = [:]
        let schema = try Schema.of(Wish.self)
        #expect(schema.document(.request, &named) == ["$ref": "#/components/schemas/Wish"])
        #expect(schema.document(.reply, &named) == ["$ref": "#/components/schemas/WishReply"])
        #expect(Set(named.keys) == ["Wish", "WishReply", "Part", "PartReply"])
        #expect(named["Wish"]?["additionalProperties"] == .bool(false))
        #expect(named["WishReply"]?["additionalProperties"] == nil)
        #expect(named["Wish"]?["required"] == ["name"])
        #expect(
            named["Wish"]?["properties"]?["count"] == ["type": "integer", "minimum": 1, "maximum": 10])
    }
}
