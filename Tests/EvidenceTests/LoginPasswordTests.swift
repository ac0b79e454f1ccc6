import Evidence
import Sessions
import TestSupport
import Testing

@Suite struct LoginPasswordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let slot: String
        let form: LoginPassword.Form
        var password = ""
        var code: String?

        var testDescription: String { slot }
    }

    @Test(arguments: [
        Case(slot: "", form: .password),
        Case(slot: "hunter2", form: .password, password: "hunter2"),
        Case(slot: "123456", form: .code, code: "123456"),
        Case(slot: "12345678", form: .code, code: "12345678"),
        Case(slot: "1234567", form: .password, password: "1234567"),  // no code has seven digits
        Case(slot: "١٢٣", form: .password, password: "١٢٣"),  // six bytes, no digits
        Case(slot: "SCRV1:c2VjcmV0:MTIzNDU2", form: .staticChallenge, password: "secret", code: "123456"),
        Case(slot: "SCRV1:c2VjcmV0:MTIzIDQ1Ng==", form: .staticChallenge, password: "secret", code: "123456"),
        Case(slot: "SCRV1::MTIzNDU2", form: .staticChallenge, code: "123456"),  // no password asked for
        Case(slot: "SCRV1:c2VjcmV0:", form: .staticChallenge, password: "secret"),
        Case(slot: "SCRV1:YWI:YWJj", form: .staticChallenge, password: "ab", code: "abc"),  // without padding
        Case(
            slot: "SCRV1:+/+/:MQ==", form: .staticChallenge, password: "\u{FFFD}\u{FFFD}\u{FFFD}", code: "1"),
        Case(slot: "CRV1::state77::123456", form: .dynamicChallenge(state: "state77"), code: "123456"),
        Case(slot: "CRV1::s::", form: .dynamicChallenge(state: "s")),
        Case(slot: "CRV1::s::1::2", form: .dynamicChallenge(state: "s"), code: "1::2"),  // first pair
        Case(slot: "CRV1::a:b::1", form: .dynamicChallenge(state: "a:b"), code: "1"),
        Case(slot: "CRV1::s:::1", form: .dynamicChallenge(state: "s"), code: ":1"),
        Case(slot: "SESS_ID_AT_YWJjZGVm", form: .sessionToken),
        Case(slot: "SESS_ID_AT_", form: .sessionToken),
        Case(slot: "SESS_ID_123456", form: .password, password: "SESS_ID_123456"),
        Case(slot: "scrv1:x:y", form: .password, password: "scrv1:x:y"),  // the prefix is upper case
    ])
    func takesTheSlotApart(_ example: Case) throws {
        let parsed = try LoginPassword(Secret(example.slot))
        #expect(parsed.form == example.form)
        #expect(parsed.password.text == example.password)
        #expect(parsed.code?.text == example.code)
    }

    @Test(arguments: [
        "SCRV1:", "SCRV1:c2VjcmV0", "SCRV1:a:b:c",
        "SCRV1:c2VjcmV0:MTIzNDV", "SCRV1:c2VjcmV0=:MTIz",  // bits left over; part padding
        "SCRV1:c2Vj*mV0:MTIz", "SCRV1: c2Vj:MTIz", "SCRV1:A:MTIz", "SCRV1:====:MTIz", "SCRV1:c2==Vj:MTIz",
    ])
    func refusesMalformedStaticChallenges(_ slot: String) {
        #expect(throws: LoginPassword.Problem.malformedStaticChallenge) { try LoginPassword(Secret(slot)) }
    }

    @Test(arguments: ["CRV1::", "CRV1::state", "CRV1::state:1", "CRV1::::1", "CRV1::\u{0}"])
    func refusesMalformedDynamicChallenges(_ slot: String) {
        #expect(throws: LoginPassword.Problem.malformedDynamicChallenge) { try LoginPassword(Secret(slot)) }
    }

    @Test func problemsDoNotShowTheSlot() throws {
        let problem = #expect(throws: LoginPassword.Problem.self) {
            try LoginPassword(Secret("SCRV1:hunter2"))
        }
        #expect(try !"\(#require(problem))".contains("hunter2"))
    }

    @Test func neverTraps() {
        var random = Seeded(0x51ab)
        let alphabet = Array("SCRV1:=Aa/+ 7\u{e9}".utf8) + [0, 0xff]
        for _ in 0..<4000 {
            let prefix = ["", "SCRV1:", "CRV1::", "SESS_ID_AT_"].randomElement(using: &random) ?? ""
            let length = Int.random(in: 0..<24, using: &random)
            let tail = (0..<length).compactMap { _ in alphabet.randomElement(using: &random) }
            _ = try? LoginPassword(Secret(Array(prefix.utf8) + tail))
        }
    }

    /// Every byte string, put in base64 with and without padding, comes back.
    @Test func readsBackBase64() throws {
        var random = Seeded(7)
        for length in 0..<40 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 33...126, using: &random) }
            for padding in [true, false] {
                let slot = "SCRV1:\(base64(bytes, padding: padding)):"
                #expect(try LoginPassword(Secret(slot)).password.withBytes { $0 } == bytes)
            }
        }
    }

    private func base64(_ bytes: [UInt8], padding: Bool) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 } }
        let digits = stride(from: 0, to: bits.count, by: 6).map { start in
            (0..<6).reduce(0) { $0 << 1 | (start + $1 < bits.count ? Int(bits[start + $1]) : 0) }
        }
        let text = String(digits.map { alphabet[$0] })
        return padding ? text + String(repeating: "=", count: (4 - text.count % 4) % 4) : text
    }
}
