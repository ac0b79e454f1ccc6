import Classification
import Coverage
import PolicyLanguage
import Sessions
import TestSupport
import Testing

@testable import Drafting

struct VendorDraftTests {
    private static let now = DraftedPack.now

    private static func draft(_ change: (inout VendorDraft) -> Void = { _ in }) -> VendorDraft {
        var draft = VendorDraft(
            name: "Civica", organisation: "Civica UK Ltd", authority: "third-party", reference: "C-2291",
            from: CivilDate(year: 2026, month: 12, day: 1) ?? today,
            until: CivilDate(year: 2027, month: 11, day: 30) ?? today,
            sponsor: "head.of.revenues", zone: "Europe/London", systems: ["finance"],
            hours: .init(days: ["mon-fri"], from: "08:00", to: "18:00"), mfa: "8h", cites: ["third-parties"])
        change(&draft)
        return draft
    }

    private static var today: CivilDate { ZoneClock.utc.date(at: now) }

    @Test func filesAreAsOthersOfThePack() throws {
        let pack = try DraftedPack.files(of: "default")
        guard case .drafted(let files, let notes) = Self.draft().draft(for: pack, at: Self.now) else {
            Issue.record("not drafted")
            return
        }
        #expect(files.map(\.path) == ["vendors/civica.yaml", "tests/vendor-civica.yaml"])
        #expect(notes == [])
        let policy = DraftedPack.expectGood(pack + files, isWhole: false, "Civica")
        let report = CoverageReport(
            try #require(policy), pack: CoveredPack(name: "default", at: Self.now, digest: PackDigest([])),
            results: PolicyTestRunner.run(try #require(policy)))
        #expect(!report.tests.untriedClasses.contains { $0.name == "vendor:Civica" })
        #expect(!report.tests.untriedGrants.contains { $0.policyClass == "vendor:Civica" })
        let contract = policy?.policyClass(named: "vendor:Civica")?.contract
        #expect(contract?.reference == "C-2291")
        #expect(contract?.from == TimeText.timestamp("2026-12-01T00:00:00Z"))
        #expect(contract?.until == TimeText.timestamp("2027-12-01T00:00:00Z"))
    }

    private static let habits: [(String, VendorHabits)] = [
        (
            "default",
            VendorHabits(
                authority: "third-party", zone: "Europe/London",
                hours: .init(days: ["mon-fri"], from: "08:00", to: "18:00"), mfa: "8h",
                cites: ["third-parties"])
        ),
        (
            "psps",
            VendorHabits(authority: "third-party", zone: "Europe/London", cites: ["psps-4-third-party"])
        ),
    ]

    @Test(arguments: habits) func habitsOfAPack(pack: String, habits: VendorHabits) throws {
        let policy = try #require(
            PolicyCompiler.compile(try DraftedPack.files(of: pack), now: Self.now).policy)
        #expect(policy.vendorHabits == habits)
    }

    /// Whatever the pack, a vendor of a system of it makes a pack whose tests pass, or is refused with a reason.
    @Test(arguments: ["default", "psps", "moj", "dwp", "wolsey-house", "wunderkraut"])
    func systemsOfEveryPack(name: String) throws {
        let pack = try DraftedPack.files(of: name)
        let policy = try #require(PolicyCompiler.compile(pack, now: Self.now).policy)
        let habits = policy.vendorHabits
        let authority = habits.authority ?? policy.authorities.last?.name ?? ""
        var drafted = 0
        var random = Seeded(UInt64(name.utf8.count))
        // Every one of them takes minutes.
        let systems = policy.systems.map(\.name).shuffled(using: &random).prefix(2)
        for system in systems {
            let draft = Self.draft {
                $0.authority = authority
                $0.systems = [system]
                $0.cites = habits.cites
            }
            switch draft.draft(for: pack, at: Self.now) {
            case .drafted(let files, _):
                drafted += 1
                DraftedPack.expectGood(pack + files, isWhole: false, "\(name), \(system)")
            case .mistaken(let diagnostics):
                Issue.record("\(system): \(DiagnosticRenderer.text(diagnostics))")
            case .refused(let why):
                #expect(why.contains("is not for remote sessions: its label is"), "\(name), \(system)")
            }
        }
        #expect(drafted >= 1)
    }

    private struct Refusal: Sendable, CustomTestStringConvertible {
        let sentence: String
        let change: @Sendable (inout VendorDraft) -> Void
        init(_ sentence: String, _ change: @escaping @Sendable (inout VendorDraft) -> Void) {
            self.sentence = sentence
            self.change = change
        }
        var testDescription: String { sentence }
    }

    private static let refusals: [Refusal] = [
        Refusal("the vendor's name is empty") { $0.name = " " },
        Refusal("the vendor's name has a line end or another control character in it") { $0.name = "a\nb" },
        Refusal("the vendor's name has a space at one end") { $0.name = "Civica " },
        Refusal("the sponsor is longer than 256 bytes") {
            $0.sponsor = String(repeating: "x", count: 64 << 10)
        },
        Refusal("the reference is empty") { $0.reference = "" },
        Refusal("the pack knows no system 'finanec': did you mean 'finance'?") { $0.systems = ["finanec"] },
        Refusal(
            "the pack knows no system 'warp-drive'; there are proxy, dns, crm, finance, payroll, printers, updates, portal"
        ) { $0.systems = ["finance", "warp-drive"] },
        Refusal("a vendor reaches what it is contracted for: name a system") { $0.systems = [] },
        Refusal("the pack knows no authority 'third-pary': did you mean 'third-party'?") {
            $0.authority = "third-pary"
        },
        Refusal("the pack knows no clause 'third-partys': did you mean 'third-parties'?") {
            $0.cites = ["third-partys"]
        },
        Refusal("the pack knows no time zone 'Europe/Lodnon': did you mean 'Europe/London'?") {
            $0.zone = "Europe/Lodnon"
        },
        Refusal("the contract would end on 2026-11-30, before it begins on 2026-12-01") {
            $0.until = $0.from.adding(days: -1)
        },
        Refusal("the contract ended on 2026-11-20") {
            $0.from = today.adding(days: -10)
            $0.until = today.adding(days: -1)
        },
        Refusal("no moment of the contract is within its hours") {
            $0.until = $0.from
            $0.hours = .init(days: ["sun"], from: "08:00", to: "18:00")
        },
        Refusal("the pack knows no system 'none'") { $0.systems = ["none"] },
        Refusal("expected how long a code lasts, 1m or more, such as 12h, found 'ages'") { $0.mfa = "ages" },
        Refusal("expected days such as mon or mon-fri, found 'someday'") { $0.hours?.days = ["someday"] },
        Refusal("expected a time of day such as 08:00, found '25:00'") { $0.hours?.to = "25:00" },
        Refusal("expected hours that end at another time than they begin, found 08:00 to 08:00") {
            $0.hours?.to = "08:00"
        },
        Refusal("'Northwind Support' has a file already: vendors/northwind.yaml") {
            $0.name = "Northwind Support"
        },
        Refusal("then the test 'Civica: before the contract' (tests/vendor-civica.yaml) fails: expected") {
            $0.organisation = "Northwind Support Ltd"
        },
        Refusal(
            "in its hours, with all that is asked for, the vendor would be in class 'vendor:Northwind Support'"
        ) {
            $0.name = "Zeta"
            $0.organisation = "Northwind Support Ltd"
        },
    ]

    @Test(arguments: refusals) private func refused(refusal: Refusal) throws {
        let pack = try DraftedPack.files(of: "default")
        guard case .refused(let why) = Self.draft(refusal.change).draft(for: pack, at: Self.now) else {
            Issue.record("not refused")
            return
        }
        #expect(why.hasPrefix(refusal.sentence))
    }

    @Test func filesThatAreThereStay() throws {
        let pack = try DraftedPack.files(of: "default")
        let outcome = Self.draft().draft(for: pack, at: Self.now, slug: "northwind")
        guard case .refused("vendors/northwind.yaml is there already") = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    /// Contracts of a day and of years, hours over midnight and over changes of the clock: some moment of each is shown.
    @Test(arguments: [UInt64(13), 14]) func contractsAndHours(seed: UInt64) throws {
        var answers = PackAnswers()
        #expect(answers.answer(.vendors, "yes", at: Self.now) == nil)
        let pack = PackDraft(answers, at: Self.now).files
        var random = Seeded(seed)
        var drafted = 0
        for round in 0..<60 {
            let from = Self.today.adding(days: Int.random(in: 31..<431, using: &random))
            let days = [0, 0, 1, 6, 30, 364, 1500].randomElement(using: &random) ?? 0
            let times = ["00:00", "01:30", "06:00", "08:00", "12:00", "18:00", "22:00", "23:59", "24:00"]
            let runs = ["mon-fri", "sat", "sun", "sat-mon", "wed", "mon-sun"]
            let zones = [
                "Europe/London", "UTC", "Pacific/Kiritimati", "America/St_Johns", "Australia/Lord_Howe",
            ]
            let draft = Self.draft {
                ($0.from, $0.until) = (from, from.adding(days: days))
                $0.zone = zones.randomElement(using: &random) ?? "UTC"
                $0.systems = ["intranet"]
                $0.hours = VendorDraft.Hours(
                    days: [runs.randomElement(using: &random) ?? "sun"],
                    from: times.dropLast().randomElement(using: &random) ?? "08:00",
                    to: times.dropFirst().randomElement(using: &random) ?? "18:00")
                if Int.random(in: 0..<6, using: &random) == 0 { $0.hours = nil }
            }
            let why: Comment = "seed \(seed), round \(round): \(draft)"
            switch draft.draft(for: pack, at: Self.now) {
            case .drafted(let files, _):
                drafted += 1
                DraftedPack.expectGood(pack + files, isWhole: round % 20 == 0, why)
            case .refused(let sentence):
                let isShort = days < 7 && sentence == "no moment of the contract is within its hours"
                #expect(
                    isShort || sentence.hasPrefix("expected hours that end at another time"),
                    "\(sentence), \(why)")
            case .mistaken(let diagnostics):
                Issue.record("\(why): \(DiagnosticRenderer.text(diagnostics))")
            }
        }
        #expect(drafted > 25, "\(drafted), seed \(seed)")
    }

    @Test(arguments: [UInt64(11), 20_261_121]) func hostileVendorsAreRefusedOrQuoted(seed: UInt64) throws {
        var random = Seeded(seed)
        let pack = try DraftedPack.files(of: "default")
        let places: [WritableKeyPath<VendorDraft, String>] = [
            \.name, \.organisation, \.authority, \.reference, \.sponsor, \.zone,
        ]
        var (taken, refused) = (0, 0)
        for round in 0..<45 {
            let text = Hostile.random(&random)
            let why: Comment = "seed \(seed), round \(round): \(text.prefix(80).debugDescription)"
            let place = Int.random(in: 0..<places.count + 4, using: &random)
            let draft = Self.draft {
                switch place - places.count {
                case 0: $0.about = text
                case 1: $0.systems = [text]
                case 2: $0.mfa = text
                case 3: $0.cites = [text]
                default: $0[keyPath: places[place]] = text
                }
            }
            switch draft.draft(for: pack, at: Self.now, slug: "new") {
            case .drafted(let files, _):
                taken += 1
                let policy = DraftedPack.expectGood(pack + files, isWhole: false, why)
                #expect(policy?.policyClass(named: "vendor:\(draft.name)") != nil, why)
            case .refused(let sentence):
                refused += 1
                #expect(!sentence.isEmpty && sentence.utf8.count < 2000, why)
                #expect(!sentence.unicodeScalars.contains(where: PlainText.isControl), why)
            case .mistaken(let diagnostics):
                Issue.record("\(why): \(DiagnosticRenderer.text(diagnostics))")
            }
        }
        #expect(taken > 3 && refused > 15, "\(taken) taken, \(refused) refused, seed \(seed)")
    }

    @Test(arguments: [
        ("Civica", "civica"), ("Northwind Support Ltd.", "northwind-support-ltd"), ("東京", ""),
        ("../../etc", "etc"),
        ("Ünïted", "n-ted"), ("A  B", "a-b"),
        (String(repeating: "a ", count: 64), String(repeating: "a-", count: 31) + "a"),
    ])
    func slugs(name: String, slug: String) { #expect(VendorDraft.slug(name) == slug) }
}
