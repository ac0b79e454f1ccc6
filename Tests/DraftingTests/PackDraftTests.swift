import PolicyLanguage
import Sessions
import TestSupport
import Testing

@testable import Drafting

/// Every pack that is drafted may be loaded, proves what it says, and covers every clause.
struct PackDraftTests {
    private static let now = DraftedPack.now

    @Test(arguments: ["no", "yes"]) func usualAnswers(vendors: String) throws {
        var answers = PackAnswers()
        #expect(answers.answer(.vendors, vendors, at: Self.now) == nil)
        let files = PackDraft(answers, at: Self.now).files
        DraftedPack.expectGood(files, "vendors: \(vendors)")
        #expect(files.contains { $0.path.hasPrefix("vendors/") } == (vendors == "yes"))
        #expect(PackDraft(answers, at: Self.now).problem() == nil)
    }

    /// Answers that are good, several for each question.
    private static let good: [PackQuestion: [String]] = [
        .name: [
            "Boston Borough Council", "Ministère de l'Économie", "\"Quoted\" & Sons: Ltd #1", "no", "東京都",
            "12",
        ],
        .networks: [
            "10.10.0.0/16", "fd10:10::/32", "10.10.0.0/16 fd10:10::/32", "192.168.7.0/24, 10.0.0.0/8",
            "172.16.9.4/32",
            (0..<40).map { "10.\($0 + 20).0.0/16" }.joined(separator: ", "),
        ],
        .authority: [
            "later", String(repeating: "ab", count: 32),
            "Certificate:\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----",
        ],
        .vendorAuthority: ["later", String(repeating: "cd", count: 32)],
        .helpDesk: ["Call 01234 555 100.", "Ring: \"the desk\" #5", "null", "Ünïcode \\o/"],
        .code: ["12h", "1m", "90s", "1d", "1h30m"],
        .vendors: ["yes", "no", "Y", "N"],
        .zone: ["Europe/London", "UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Tokyo"],
        .tunnel: ["tun0", "ovpn-office_1", "wg0"],
        .management: ["/run/openvpn/office/management.sock", "/run/a b/#c.sock"],
    ]

    @Test(arguments: [UInt64(3), 20_261_121]) func goodAnswersMakeGoodPacks(seed: UInt64) throws {
        var random = Seeded(seed)
        for round in 0..<12 {
            let why: Comment = "seed \(seed), round \(round)"
            var answers = PackAnswers()
            // From the last years of one century to the first of the next: leap days, and years' ends.
            let now = Instant(
                secondsSince1970: Int64.random(in: 1_795_255_200...4_200_000_000, using: &random))
            for question in PackQuestion.allCases where Bool.random(using: &random) {
                guard let text = Self.good[question]?.randomElement(using: &random) else { continue }
                #expect(answers.answer(question, text, at: now) == nil, "\(question) \(text), \(why)")
            }
            DraftedPack.expectGood(PackDraft(answers, at: now).files, at: now, why)
        }
    }

    @Test(arguments: [UInt64(5), 6]) func hostileAnswersAreRefusedOrQuoted(seed: UInt64) throws {
        var random = Seeded(seed)
        var (taken, refused) = (0, 0)
        for round in 0..<90 {
            let question = try #require(PackQuestion.allCases.randomElement(using: &random))
            let text = Hostile.random(&random)
            let why: Comment = "seed \(seed), round \(round): \(question) \(text.prefix(80).debugDescription)"
            var answers = PackAnswers()
            _ = answers.answer(.vendors, "yes", at: Self.now)
            let before = PackDraft(answers, at: Self.now).files
            if let problem = answers.answer(question, text, at: Self.now) {
                refused += 1
                #expect(!problem.isEmpty && problem.utf8.count < 2000, why)
                #expect(!problem.unicodeScalars.contains(where: PlainText.isControl), why)
                #expect(PackDraft(answers, at: Self.now).files == before, why)
            } else {
                taken += 1
                DraftedPack.expectGood(
                    PackDraft(answers, at: Self.now).files, isWhole: round % 20 == 0, why)
            }
        }
        #expect(taken > 5 && refused > 30, "\(taken) taken, \(refused) refused, seed \(seed)")
    }

    /// What is wrong with an answer, in words that help.
    @Test(arguments: [
        (PackQuestion.name, "", "it is empty"),
        (.name, String(repeating: "x", count: 257), "it is longer than 256 bytes"),
        (.name, "a\u{1B}b", "it has a line end or another control character in it"),
        (.networks, "10.10.0.1/16", "'10.10.0.1/16' is no network: did you mean 10.10.0.0/16?"),
        (
            .networks, "everything",
            "expected networks such as 10.10.0.0/16 or fd10:10::/32, found 'everything'"
        ),
        (
            .proxy, "10.10.0.80",
            "expected an address and a port such as 10.10.0.80:3128 or [fd10:10::80]:3128, found '10.10.0.80'"
        ),
        (.proxy, "10.10.0.80:1 10.10.0.81:2", "expected the same port at every address"),
        (.resolver, "dns.example", "expected an address such as 10.10.0.53, found 'dns.example'"),
        (.system, "intranet", "expected a name, an address and a port, such as intranet 10.10.0.20:443"),
        (.system, "dns 10.10.0.20:443", "'dns' is the name of another system here"),
        (.code, "soon", "expected how long a code lasts, 1m or more, such as 12h, found 'soon'"),
        (.vendors, "perhaps", "expected yes or no, found 'perhaps'"),
        (
            .zone, "Europe/Londno",
            "'Europe/Londno' is no time zone of the IANA database: did you mean 'Europe/London'?"
        ),
        (.tunnel, "a tunnel", "expected an interface name of at most 15 characters, found 'a tunnel'"),
        (.management, "office.sock", "expected an absolute path, found 'office.sock'"),
        (
            .authority, "ca.pem",
            "'ca.pem' is neither a file that can be read, nor a SHA-256 digest of 64 digits, nor 'later'"
        ),
        (
            .authority, "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n",
            "there is no certificate in PEM in that file"
        ),
        (
            .authority,
            String(repeating: "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n", count: 2),
            "expected one certificate in the file, found 2"
        ),
    ])
    func problems(question: PackQuestion, text: String, problem: String) {
        var answers = PackAnswers()
        #expect(answers.answer(question, text, at: Self.now) == problem)
    }

    /// What the compiler says of a pack is said of the answer that made it so.
    @Test(arguments: [
        (PackQuestion.proxy, "192.0.2.80:3128"), (.resolver, "8.8.8.8"),
        (.system, "intranet 203.0.113.9:443"),
        (.system, "none 10.10.0.20:443"), (.networks, "0.0.0.0/0"),
    ])
    func problemsOfThePack(question: PackQuestion, text: String) throws {
        var answers = PackAnswers()
        let answer = answers.answer(question, text, at: Self.now)
        let problem = try #require(answer)
        #expect(!problem.contains("\n") && !problem.isEmpty)
    }

    @Test func laterAnswersFollowEarlierOnes() {
        var answers = PackAnswers()
        #expect(answers.answer(.networks, "192.168.7.0/24", at: Self.now) == nil)
        #expect(PackQuestion.proxy.usual(answers) == "192.168.7.80:3128")
        #expect(answers.answer(.networks, "fd10:10::/32", at: Self.now) == nil)
        #expect(PackQuestion.system.usual(answers) == "intranet [fd10:10::14]:443")
    }
}
