import Evidence
import Sessions
import TestSupport
import Testing

@Suite struct TOTPSeedFileTests {
    typealias Kind = TOTPSeedFile.Problem.Kind

    /// 20 bytes: the seed of RFC 6238 Appendix B for SHA1.
    static let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    @Test func readsLines() throws {
        let text = """
            # second factors, enrolled by the service desk

            emp \(Self.seed)
            \tnora   \(Self.seed.lowercased())\tdigits=8 algorithm=SHA256   period=60   # hardware token
            civica.dave@example.org JBSWY3DPEHPK3PXP234Q====\r
            rené \(Self.seed) #digits=8
            """
        let file = try TOTPSeedFile.parse(Array(text.utf8)).get()
        #expect(file.seeds.keys.sorted() == ["civica.dave@example.org", "emp", "nora", "rené"])
        #expect(file.seeds["emp"]?.code(step: 1).text == "287082")
        let nora = try #require(file.seeds["nora"])
        #expect(nora.digits == 8 && nora.algorithm == .sha256 && nora.period == 60)
        #expect(file.seeds["rené"]?.digits == 6)
        #expect(file.warnings == [TOTPSeedFile.Problem(line: 5, kind: .seedShort(bytes: 12))])
    }

    @Test(arguments: ["", "\n\n", "# nobody yet\n", "   \t\n#"])
    func readsFilesWithNobody(_ text: String) throws {
        #expect(try TOTPSeedFile.parse(Array(text.utf8)).get().seeds.isEmpty)
    }

    @Test(
        arguments: [
            ("emp", .missingSeed),
            ("emp # later", .missingSeed),
            ("emp 1234567890123456", .seedNotBase32),  // digits 0, 1, 8 and 9 are not of the alphabet
            ("emp GEZD-GNBV-GY3T-QOJQ", .seedNotBase32),
            ("emp GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ=", .seedNotBase32),  // padding that does not fill a group
            ("emp GEZDGNBVGY3TQOJR2", .seedNotBase32),  // 17 digits: five bits are left over
            ("emp GEZDGNBVGY3TQOJ", .seedNotBase32),  // the last digit's left-over bits are not zero
            ("emp GEZDGNBV", .seedTooShort(bytes: 5)),
            ("emp =", .seedNotBase32),
            ("emp \(seed) digits=7", .badDigits),
            ("emp \(seed) digits=", .unknownOption),
            ("emp \(seed) digits", .unknownOption),
            ("emp \(seed) algorithm=md5", .badAlgorithm),
            ("emp \(seed) period=5", .badPeriod),
            ("emp \(seed) period=9999999999999999999999", .badPeriod),
            ("emp \(seed) Digits=8", .unknownOption),
            ("emp \(seed) digits=8 digits=6", .repeatedOption),
            ("emp \(seed) counter=1", .unknownOption),
            ("e\u{200B}mp \(seed)", .badName),  // a zero-width space makes two names look alike
            ("\u{FEFF}emp \(seed)", .badName),  // a byte-order mark would hide in the first name
            ("e\u{7}mp \(seed)", .badName),
        ] as [(String, Kind)])
    func reportsProblems(line: String, kind: Kind) {
        let result = TOTPSeedFile.parse(Array("# first\n\(line)\nnora \(Self.seed)\n".utf8))
        #expect(throws: TOTPSeedFile.Problems(all: [.init(line: 2, kind: kind)])) { try result.get() }
    }

    @Test func reportsEverythingAtOnce() {
        let text = "a \(Self.seed)\nb\na \(Self.seed)\nc JBSWY3DPEHPK3PXP\nb \(Self.seed)\n"
        let result = TOTPSeedFile.parse(Array(text.utf8) + [0xff, 0x20, 0x41])
        let expected: [(Int, Kind)] = [
            (2, .missingSeed), (3, .duplicate(firstLine: 1)), (4, .seedShort(bytes: 10)),
            (5, .duplicate(firstLine: 2)), (6, .notUTF8),
        ]
        #expect(throws: TOTPSeedFile.Problems(all: expected.map { .init(line: $0, kind: $1) })) {
            try result.get()
        }
    }

    /// With the fields in the wrong order a seed stands where the name is expected: nothing may be quoted.
    @Test func problemsQuoteNothing() throws {
        let words = [
            "emp", Self.seed, "JBSWY3DPEHPK3PXP", "1O8", "digits=5", "secretoption=\(Self.seed)", "x=y",
        ]
        var random = Seeded(11)
        for _ in 0..<2000 {
            let line = (0..<4).compactMap { _ in words.randomElement(using: &random) }.joined(separator: " ")
            guard case .failure(let problems) = TOTPSeedFile.parse(Array("\(line)\n\(line)".utf8)) else {
                continue
            }
            for problem in problems.all {
                let message = problem.description
                #expect(!message.contains(Self.seed) && !message.contains("JBSW") && !message.contains("1O8"))
            }
        }
    }

    @Test(
        arguments: [
            (0o100600, 0, nil),
            (0o100400, 0, nil),
            (0o100700, 0, nil),
            (0o100640, 0, .readableByOthers(mode: 0o100640)),
            (0o100620, 0, .readableByOthers(mode: 0o100620)),
            (0o100604, 0, .readableByOthers(mode: 0o100604)),
            (0o100602, 0, .readableByOthers(mode: 0o100602)),
            (0o100600, 1000, .foreignOwner(found: 1000, expected: 0)),
            (0o100666, 1000, .foreignOwner(found: 1000, expected: 0)),  // who owns it can change the mode
        ] as [(UInt32, UInt32, TOTPSeedFile.ModeProblem?)])
    func checksTheMode(mode: UInt32, owner: UInt32, expected: TOTPSeedFile.ModeProblem?) {
        #expect(TOTPSeedFile.checkMode(mode: mode, owner: owner, expectedOwner: 0) == expected)
    }

    @Test func neverTraps() {
        var random = Seeded(0xfeed)
        let alphabet = Array("aA2=# \t\n\r7:digitsperiod".utf8) + [0, 0x80, 0xe2]
        for _ in 0..<5000 {
            let length = Int.random(in: 0..<60, using: &random)
            _ = TOTPSeedFile.parse((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
        }
    }
}
