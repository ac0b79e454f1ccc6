import Evidence
import Foundation
import PolicyLanguage
import RegisterImport
import Sessions
import TestSupport
import Testing

/// What becomes of a report beside the lines that there are.
struct PlanTests {
    private static func digest(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    private static func report(_ text: String, _ kind: RegisterKind = .device) throws -> ImportReport {
        try ImportReport.read(Array(text.utf8), file: "f.csv", mapping: ImportMapping(ownNamesOf: kind))
    }

    private static func device(_ digest: Int, _ status: String = "in-use") -> RegisterFields {
        ["digest": [self.digest(digest)], "status": [status], "kind": ["laptop"]]
    }

    private static func devices(_ statuses: [String]) -> RegisterLines {
        let pairs = statuses.enumerated().map { ("D\($0.offset)", device($0.offset, $0.element)) }
        return RegisterLines(.device, Dictionary(uniqueKeysWithValues: pairs))
    }

    // MARK: Lost and stolen

    @Test(arguments: [
        ("in-use", "lost", true), ("lost", "stolen", true), ("stolen", "lost", true),
        ("lost", "in-use", false), ("stolen", "retired", false), ("stolen", "returned", false),
        ("retired", "in-use", true), ("returned", "in-use", true),
    ])
    func whatAFileMaySayOfAStatus(before: String, after: String, isTaken: Bool) throws {
        let report = try Self.report("id,status,owner\nD0,\(after),alice\n")
        let plan = ImportPlan(report, against: Self.devices([before]))
        #expect((plan.statements.first?.fields["status"] == [after]) == isTaken)
        #expect(plan.heldBack.isEmpty == isTaken)
        // The rest of the row is taken either way.
        #expect(plan.statements.first?.fields["owner"] == ["alice"])
        var options = ImportPlan.Options()
        options.bringsBack = true
        let forced = ImportPlan(report, against: Self.devices([before]), options: options)
        #expect(forced.statements.first?.fields["status"] == [after] && forced.heldBack.isEmpty)
    }

    /// A stolen device whose line left the rule files comes back with an import: what was said of it still counts.
    @Test func aLineThatIsNotWholeIsNotNew() throws {
        let lines = RegisterLines(.device, ["D0": ["status": ["stolen"]]])
        let plan = ImportPlan(
            try Self.report("id,digest,status,kind\nD0,\(Self.digest(0)),in-use,laptop\n"), against: lines)
        #expect(plan.new.isEmpty && plan.changed.count == 1 && plan.heldBack.count == 1)
        #expect(plan.statements.first?.fields["status"] == nil)
    }

    // MARK: Certificates

    @Test(
        arguments: [
            // Two devices swap certificates, three pass them on.
            ("id,digest\nD0,1\nD1,0\n", ["D0", "D1"]), ("id,digest\nD0,1\nD1,2\nD2,0\n", ["D0", "D1", "D2"]),
            // The holder is not in the file, or says nothing of its certificate.
            ("id,digest\nD0,1\n", []), ("id,digest,owner\nD0,1,\nD1,,bob\n", ["D1"]),
            // Refusing one leaves it with what the next was to get.
            ("id,digest\nD2,0\nD0,1\n", []), ("id,digest\nD3,2\nD2,0\nD0,1\n", []),
            // A new device may take what another gives up.
            ("id,digest,status,kind\nD0,7,,\nNEW,0,in-use,laptop\n", ["D0", "NEW"]),
        ] as [(String, [String])])
    func certificatesThatChangeHands(text: String, taken: [String]) throws {
        let rows = text.split(separator: "\n").enumerated().map { index, row in
            var cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if index > 0, let number = Int(cells[1]) { cells[1] = Self.digest(number) }
            return cells.joined(separator: ",")
        }
        let lines = Self.devices(["in-use", "in-use", "in-use", "in-use"])
        let plan = ImportPlan(try Self.report(rows.joined(separator: "\n")), against: lines)
        #expect(plan.statements.map(\.subject.key).sorted() == taken, "\(plan.text())")
        #expect(plan.refusedCount == rows.count - 1 - taken.count)
    }

    // MARK: Whole lines

    @Test(
        arguments: [
            ("L1,POOL-1,alice,2026-11-01,", RegisterKind.loan, nil),
            ("L1,POOL-1,,2026-11-01,", .loan, "expected a user, since it is not on the register yet"),
            ("L1,,,,", .loan, "expected a field, since it is not on the register yet"),
            // What is there already need not be said again.
            ("OLD,,,,2026-12-01", .loan, nil), ("OLD,,,,", .loan, nil),
        ] as [(String, RegisterKind, String?)])
    func linesAreWholeAfterwards(row: String, kind: RegisterKind, refusal: String?) throws {
        let old: RegisterFields = ["device": ["POOL-1"], "user": ["bob"], "from": ["2026-10-01T00:00:00Z"]]
        let plan = ImportPlan(
            try Self.report("reference,device,user,from,until\n\(row)\n", kind),
            against: RegisterLines(kind, ["OLD": old]))
        #expect(plan.refused.count == (refusal == nil ? 0 : 1))
        if let refusal { #expect(plan.refused[0].description.contains(refusal), "\(plan.refused[0])") }
    }

    /// Each row by itself: that the first of a shape is whole says nothing of the next.
    @Test func eachApprovalIsLookedAt() throws {
        let plan = ImportPlan(
            try Self.report(
                """
                reference,kind,user,approver,from,until,countries
                A1,travel,alice,boss,2026-11-01,2026-11-30,FR
                A2,exception,alice,boss,2026-11-01,2026-11-30,FR
                """, .approval), against: RegisterLines(.approval, [:]))
        #expect(plan.new.map(\.key) == ["A1"] && plan.refused.map(\.key) == ["A2"])
    }

    // MARK: What is missing

    @Test func retiredAreDevicesInUseAndNobodyElse() throws {
        var options = ImportPlan.Options()
        options.missing = .retire
        let lines = Self.devices(["in-use", "in-use", "lost", "stolen", "returned", "retired"])
        let plan = ImportPlan(try Self.report("id,owner\nD0,alice\n"), against: lines, options: options)
        #expect(plan.missing == ["D1", "D2", "D3", "D4", "D5"])
        #expect(plan.retired.map(\.key) == ["D1"])
        // A row that does not fit is a row of the file all the same.
        let misfit = ImportPlan(try Self.report("id,status\nD0,\nD1,odd\n"), against: lines, options: options)
        #expect(misfit.missing == ["D2", "D3", "D4", "D5"] && misfit.retired.isEmpty)
        options.missing = .ignore
        #expect(ImportPlan(try Self.report("id\nD0\n"), against: lines, options: options).missing.isEmpty)
    }

    @Test func ofOtherLinesNothingIsStatedAnyMore() throws {
        var options = ImportPlan.Options()
        options.missing = .retire
        let lines = RegisterLines(.user, ["a": ["groups": ["g"], "steps": ["training"]], "b": [:]])
        let plan = ImportPlan(try Self.report("name\nc\n", .user), against: lines, options: options)
        let expected = RegisterStatement(
            subject: RegisterSubject(.user, "a"), fields: ["groups": [], "steps": []])
        // A new user of whom nothing is said is no statement.
        #expect(plan.statements == [expected])
    }

    // MARK: Much at once

    @Test(arguments: [
        (3, 20, false), (4, 20, true), (4, 40, false), (5, 40, true), (10, 100, false), (11, 100, true),
    ])
    func muchAtOnceIsACaution(changes: Int, of count: Int, isCaution: Bool) throws {
        let lines = Self.devices(Array(repeating: "in-use", count: count))
        let rows = (0..<changes).map { "D\($0),lost" }.joined(separator: "\n")
        let plan = ImportPlan(try Self.report("id,status\n\(rows)\n"), against: lines)
        #expect(plan.cautions == (isCaution ? [.losses(changes, of: count)] : []))
        // An owner more is no loss, however many get one.
        let owners = rows.replacing("lost", with: "alice")
        #expect(ImportPlan(try Self.report("id,owner\n\(owners)\n"), against: lines).cautions.isEmpty)
        // Rows that say nothing new weigh nothing either.
        let same = rows.replacing("lost", with: "in-use")
        #expect(ImportPlan(try Self.report("id,status\n\(same)\n"), against: lines).cautions.isEmpty)
    }

    @Test func aListThatShrinksIsALoss() throws {
        let lines = RegisterLines(
            .user,
            Dictionary(uniqueKeysWithValues: (0..<9).map { ("u\($0)", ["groups": ["a", "b"]]) }))
        func plan(_ groups: String) throws -> ImportPlan {
            let rows = (0..<9).map { "u\($0),\(groups)" }.joined(separator: "\n")
            return ImportPlan(try Self.report("name,groups\n\(rows)\n", .user), against: lines)
        }
        #expect(try plan("a").cautions == [.losses(9, of: 9)])
        #expect(try plan("a;b;c").cautions.isEmpty)
    }

    @Test func aFileThatHardlyFitsIsACaution() throws {
        let rows = (0..<10).map { "D\($0),\($0 < 4 ? "odd" : "in-use")" }.joined(separator: "\n")
        let plan = ImportPlan(
            try Self.report("id,status\n\(rows)\n"),
            against: Self.devices(Array(repeating: "in-use", count: 10)))
        #expect(plan.cautions == [.misfits(4, of: 10)])
    }

    // MARK: Stated

    /// Random registers and files: what a plan states can be stated, makes the lines what the plan says, leaves every
    /// other line alone, and importing the file again changes nothing.
    @Test func statementsDoWhatThePlanSays() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        var statementCount = 0
        var refusedCount = 0
        for round in 0..<400 {
            var before = Registers()
            for number in 0..<Int.random(in: 0...8, using: &random) {
                let status = DeviceStatus.allCases.randomElement(using: &random) ?? .inUse
                try before.put(RegisterSubject(.device, "D\(number)"), Self.device(number, status.rawValue))
            }
            var text = "id,digest,owner,status,kind\n"
            for number in 0..<10 where Bool.random(using: &random) {
                let proof = Int.random(in: -4...11, using: &random)
                let status = ["", "", "in-use", "lost", "odd"].randomElement(using: &random) ?? ""
                let owner = Bool.random(using: &random) ? "alice" : ""
                let kind = Bool.random(using: &random) ? "pool" : ""
                text += "D\(number),\(proof < 0 ? "" : Self.digest(proof)),\(owner),\(status),\(kind)\n"
            }
            let report = try Self.report(text)
            var options = ImportPlan.Options()
            options.missing = Bool.random(using: &random) ? .retire : .report
            let plan = ImportPlan(report, against: RegisterLines(.device, of: before), options: options)
            let facts = plan.statements.flatMap { statement in
                statement.fields.map { field, value in
                    RegisterFact(
                        subject: statement.subject, field: field, value: value,
                        at: Instant(secondsSince1970: 0),
                        by: "import", over: before.fields(of: statement.subject)?[field] ?? [])
                }
            }
            let after = RegisterFacts(facts).laid(over: before)
            for number in 0..<10 {
                let subject = RegisterSubject(.device, "D\(number)")
                var expected = before.fields(of: subject)
                for change in plan.new + plan.changed + plan.retired where change.key == subject.key {
                    var fields = expected ?? [:]
                    for field in change.fields {
                        #expect((fields[field.field] ?? []) == field.old)
                        fields[field.field] = field.new.isEmpty ? nil : field.new
                    }
                    expected = fields
                }
                #expect(
                    after.fields(of: subject) == expected, "seed \(seed), round \(round), \(subject)\n\(text)"
                )
            }
            let again = ImportPlan(report, against: RegisterLines(.device, of: after), options: options)
            let isSettled = again.statements.isEmpty || plan.refusedCount > 0
            #expect(isSettled, "seed \(seed), round \(round)\n\(text)")
            statementCount += plan.statements.count
            refusedCount += plan.refusedCount
        }
        #expect(statementCount > 500 && refusedCount > 100)
    }

    @Test func thePlanIsJSONAndBack() throws {
        let plan = ImportPlan(
            try Self.report("id,status,owner\nD0,lost,bob\nD1,odd,\n"),
            against: Self.devices(["in-use", "lost"]))
        let data = try JSONEncoder().encode(plan.summary)
        #expect(try JSONDecoder().decode(ImportPlan.Summary.self, from: data) == plan.summary)
        #expect(plan.summary.figures.didNotFit == 1 && plan.summary.changed.first?.fields.count == 2)
    }
}
