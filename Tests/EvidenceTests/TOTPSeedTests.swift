import Evidence
import Sessions
import Testing

@Suite struct TOTPSeedTests {
    /// RFC 6238 Appendix B, all of it.
    @Test(
        arguments: [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] as [(Int64, String, String, String)])
    func makesTheCodesOfAppendixB(seconds: Int64, sha1: String, sha256: String, sha512: String) throws {
        for (algorithm, code) in [(TOTPSeed.Algorithm.sha1, sha1), (.sha256, sha256), (.sha512, sha512)] {
            let seed = try TOTPSeed.appendixB(algorithm)
            // Beyond the year 2262 an instant saturates, so the step is made from the seconds.
            #expect(seed.code(step: seconds / 30).text == code)
            if seconds < 9_000_000_000 { #expect(seed.step(at: .seconds(seconds)) == seconds / 30) }
        }
    }

    /// oathtool 2.6.7: `oathtool --totp -b JBSWY3DPEHPK3PXP --now "2026-11-20 22:00:00 UTC"`.
    @Test func makesTheCodesThatOathtoolMakes() throws {
        let file = try TOTPSeedFile.parse(Array("emp JBSWY3DPEHPK3PXP".utf8)).get()
        let seed = try #require(file.seeds["emp"])
        #expect(seed.step(at: .seconds(1_795_212_000)) == 59_840_400)
        #expect(seed.code(step: 59_840_400).text == "088803")
    }

    @Test(
        arguments: [
            (0, 0), (29, 0), (30, 1), (59, 1), (-1, -1), (-30, -1), (-31, -2),  // rounds down before 1970 too
        ] as [(Int64, Int64)])
    func countsSteps(seconds: Int64, step: Int64) throws {
        #expect(try TOTPSeed.appendixB(.sha1).step(at: .seconds(seconds)) == step)
    }

    @Test(arguments: [
        (10, 6, 30, true),  // the oldest enrolments
        (9, 6, 30, false),  // too short
        (20, 7, 30, false),  // nobody makes seven
        (20, 8, 60, true),
        (20, 6, 14, false), (20, 6, 121, false), (20, 6, 0, false), (20, 6, -30, false),
    ])
    func refusesWeakParameters(bytes: Int, digits: Int, period: Int, isGood: Bool) {
        let key = Array(repeating: UInt8(7), count: bytes)
        #expect((TOTPSeed(key: key, digits: digits, period: period) != nil) == isGood)
    }

    @Test func doesNotShowItsKey() throws {
        let seed = try #require(TOTPSeed(key: Array("SECRETSECRETSECRET".utf8)))
        var dumped = ""
        dump(seed, to: &dumped)
        #expect(
            !dumped.contains("83") && !"\(seed)".contains("83") && !String(reflecting: seed).contains("83"))
    }
}
