import Evidence
import Sessions
import TestSupport
import Testing

@Suite struct TOTPSeedEnrolmentTests {
    private func seed() throws -> TOTPSeed { try #require(TOTPSeed(key: Array("Hello!\u{7f}4567890".utf8))) }

    @Test func writesItsKeyWithoutPadding() throws {
        let seed = try #require(TOTPSeed(key: [0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x21, 0xde, 0xad, 0xbe, 0xef]))
        #expect(seed.base32.text == "JBSWY3DPEHPK3PXP")
        let odd = try #require(TOTPSeed(key: Array(repeating: 0, count: 11)))
        #expect(odd.base32.text == "AAAAAAAAAAAAAAAAAA")
    }

    /// The example of the format's own page: a space and an `@` in the label.
    @Test func writesTheURIOfAnEnrolment() throws {
        let seed = try #require(TOTPSeed(key: [0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x21, 0xde, 0xad, 0xbe, 0xef]))
        let uri = try #require(seed.enrolmentURI(user: "john.doe@email.com", issuer: "ACME Co"))
        #expect(
            uri.text == "otpauth://totp/ACME%20Co:john.doe%40email.com?secret=JBSWY3DPEHPK3PXP"
                + "&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30")
        #expect("\(uri)" == "<secret>")
    }

    @Test func writesWhatIsUnusual() throws {
        let seed = try #require(
            TOTPSeed(key: Array(repeating: 0, count: 10), algorithm: .sha512, digits: 8, period: 60))
        let uri = try #require(seed.enrolmentURI(user: "u", issuer: "i"))
        #expect(uri.text.hasSuffix("&algorithm=SHA512&digits=8&period=60"))
    }

    @Test(arguments: [
        ("emp", "emp"), ("a-b.c_d~e", "a-b.c_d~e"), ("a b", "a%20b"), ("a+b", "a%2Bb"), ("a/b", "a%2Fb"),
        ("a?b&c=d#e", "a%3Fb%26c%3Dd%23e"), ("100%", "100%25"), ("ren\u{e9}", "ren%C3%A9"), ("\"", "%22"),
        ("\n\u{0}", "%0A%00"), ("☃", "%E2%98%83"),
    ])
    func escapesNames(name: String, escaped: String) throws {
        let uri = try #require(try seed().enrolmentURI(user: name, issuer: "x")).text
        #expect(uri.hasPrefix("otpauth://totp/x:\(escaped)?secret="))
        let byIssuer = try #require(try seed().enrolmentURI(user: "x", issuer: name)).text
        #expect(
            byIssuer.hasPrefix("otpauth://totp/\(escaped):x?") && byIssuer.contains("&issuer=\(escaped)&"))
    }

    @Test(arguments: [("", "i"), ("u", ""), ("u:v", "i"), ("u", "i:j")])
    func refusesNamesThatDivideTheLabel(user: String, issuer: String) throws {
        #expect(try seed().enrolmentURI(user: user, issuer: issuer) == nil)
    }

    @Test(arguments: [(TOTPSeed.Algorithm.sha1, 20), (.sha256, 32), (.sha512, 64)])
    func makesKeysAsLongAsTheHash(algorithm: TOTPSeed.Algorithm, count: Int) throws {
        var random = Seeded(7)
        let seed = TOTPSeed(algorithm: algorithm, using: &random)
        let next = TOTPSeed(algorithm: algorithm, using: &random)
        #expect(seed.withKey(\.count) == count && seed.algorithm == algorithm)
        #expect(seed.digits == 6 && seed.period == 30)
        #expect(seed.withKey(\.self) != next.withKey(\.self))
        // A seed that is typed in is the seed that was made.
        let line = "emp \(seed.base32.text) algorithm=\(algorithm.rawValue)"
        let read = try #require(try TOTPSeedFile.parse(Array(line.utf8)).get().seeds["emp"])
        #expect(read.code(step: 1).text == seed.code(step: 1).text)
    }
}
