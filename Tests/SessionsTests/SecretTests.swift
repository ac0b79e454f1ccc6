import Sessions
import Testing

@Suite struct SecretTests {
    private struct Holder {
        var name = "alice"
        var secret = Secret("hunter2".utf8)
        var perhaps: Secret? = Secret("hunter2".utf8)
        var many = ["k": [Secret("hunter2".utf8)]]
    }

    private static func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }

    /// Every way in which a value gets into a log.
    @Test func isNeverPrinted() {
        let secret = Secret("hunter2".utf8)
        let numbers = Array("hunter2".utf8).map(String.init).joined(separator: ", ")
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), secret.debugDescription,
            Self.dumped(secret), "\(Holder())", String(reflecting: Holder()), Self.dumped(Holder()),
            "\([secret])", "\(Optional(secret) as Any)", "\(["k": secret])",
        ]
        for text in texts { #expect(!text.contains("hunter") && !text.contains(numbers), "\(text)") }
        #expect("\(secret)" == "<secret>")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func isNoEncodable() { #expect(!((Secret([]) as Any) is any Encodable)) }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "", false), ("", "a", false),
        ("ab", "a", false),
        ("ab", "ac", false), ("ab", "cb", false), ("\u{0}", "", false), ("é", "e\u{301}", false),
    ]) func matchesByBytes(_ left: String, _ right: String, _ isSame: Bool) {
        #expect(Secret(left.utf8).matches(Secret(right.utf8)) == isSame)
    }

    @Test func everyBitCounts() {
        for bit in 0..<8 { #expect(!Secret([0]).matches(Secret([1 << bit])), "bit \(bit)") }
    }

    @Test func givesItsBytes() throws {
        #expect(Secret([0, 255, 10]).withBytes { $0 } == [0, 255, 10])
        #expect(Secret([]).isEmpty)
        #expect(!Secret([0]).isEmpty)
        struct Trouble: Error {}
        #expect(throws: Trouble.self) { try Secret([1]).withBytes { _ in throw Trouble() } }
    }
}
