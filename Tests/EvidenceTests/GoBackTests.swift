import Evidence
import Sessions
import Testing

/// What holds of the registers when the rule files of before come back.
@Suite struct GoBackTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var why: String
        /// The status that a fact states and over what, in force and overtaken by the files that go.
        var stated: (String, over: String)?
        var overtaken: (String, over: String)?
        /// What the files say that come back; nil for no such device.
        var files: String?
        /// What is in force then, and whether that is written anew.
        var status: String?
        var isRestated: Bool
        var testDescription: String { why }
    }

    @Test(arguments: [
        Case(why: "nothing was said", files: "in-use", status: nil, isRestated: false),
        Case(
            why: "what was overtaken is back", overtaken: ("lost", "in-use"), files: "in-use", status: "lost",
            isRestated: true),
        Case(
            why: "a later word stays", stated: ("stolen", "returned"), overtaken: ("lost", "in-use"),
            files: "in-use", status: "stolen", isRestated: true),
        Case(
            why: "what stands over the same says the same", stated: ("lost", "in-use"), files: "in-use",
            status: "lost", isRestated: false),
        Case(
            why: "what was said under the new files is not overtaken by the old",
            stated: ("lost", "returned"),
            files: "in-use", status: "lost", isRestated: true),
        Case(
            why: "files that say nothing overtake nothing", stated: ("lost", "in-use"), files: nil,
            status: "lost", isRestated: false),
    ])
    func whatIsInForce(_ one: Case) throws {
        let subject = RegisterSubject(.device, "d1")
        func fact(_ said: (String, over: String)) -> RegisterFact {
            RegisterFact(
                subject: subject, field: "status", value: [said.0], at: Instant(secondsSince1970: 1),
                by: "desk", reason: "", over: [said.over])
        }
        var files = Registers()
        if let status = one.files {
            try files.put(
                subject,
                [
                    "digest": [String(repeating: "01", count: 32)], "kind": ["laptop"], "status": [status],
                ])
        }
        var facts = RegisterFacts(one.stated.map { [fact($0)] } ?? [])
        let restated = facts.goBack(to: files, reviving: one.overtaken.map { [fact($0)] } ?? [])
        #expect(facts[subject].first?.value == one.status.map { [$0] })
        #expect(restated.isEmpty == !one.isRestated)
        // Whatever was written anew is what is in force, and the files of before do not overtake it.
        #expect(restated.allSatisfy { facts[subject].contains($0) })
        let before = facts
        #expect(facts.drop(overtakenBy: files).isEmpty && facts == before)
    }
}
