import ControlAPI
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "-0.5e+3", "0", #""a\"\\\u0001""#, #"{"b":1,"a":[1,2,{"c":null}]}"#,
    ])
    func readsAndWrites(text: String) throws {
        let value = try JSON(reading: Array(text.utf8))
        #expect(value.text() == text)
        #expect(try JSON(reading: Array(value.text(isIndented: true).utf8)) == value)
    }

    @Test func readsEscapes() throws {
        let text = #""\u00fc\ud83d\ude00\/\b\f\n\r\t""#
        #expect(try JSON(reading: Array(text.utf8)) == .string("ü😀/\u{8}\u{c}\n\r\t"))
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("nul", 0), ("01", 1), ("1.", 2), ("-", 1), ("1e", 2),
        ("+1", 0), (".5", 0), ("NaN", 0), ("'a'", 0), ("{a:1}", 1), (#"{"a" 1}"#, 5), (#"{"a":1,}"#, 7),
        (#"{"a":1,"\u0061":2}"#, 7), (#""a"#, 2), ("\"a\nb\"", 2), (#""\x""#, 3), (#""\u12g4""#, 5),
        (#""\ud800""#, 7), (#""\udc00""#, 7), (#""\ud800\u0041""#, 13), ("1 2", 2), ("\u{feff}1", 0),
    ])
    func refuses(text: String, offset: Int) {
        let fault = #expect(throws: JSONFault.self) { try JSON(reading: Array(text.utf8)) }
        #expect(fault?.offset == offset)
    }

    @Test func refusesBytesThatAreNoText() {
        #expect(throws: JSONFault(offset: 1, reason: "not UTF-8")) { try JSON(reading: [0x22, 0xff, 0x22]) }
    }

    @Test func boundsDepth() throws {
        let depth = JSON.depthLimit
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSON(reading: nested(depth))
        #expect(throws: JSONFault.self) { try JSON(reading: nested(depth + 1)) }
        #expect(throws: JSONFault.self) { try JSON(reading: nested(1_000_000)) }
    }
}
