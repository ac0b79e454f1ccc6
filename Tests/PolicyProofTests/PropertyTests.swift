import Classification
import PolicyLanguage
import PolicyProof
import Sessions
import Testing

/// One pack a case, with the one property that it breaks, and what is said of it.
@Suite struct PropertyTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var property: Property
        var classes: String
        var properties: String? = nil
        var vendors: [String] = []
        var systems = Packs.systems
        /// What the counterexamples say; none where the property holds.
        var says: [String]

        var testDescription: String { name }
    }

    private static let ladder = """
          - { name: lost, when: { device: [lost, stolen] }, access: none }
          - vendors
          - { name: staff, when: { certificate: corporate, device: in-use, group: staff, mfa: { within: 12h } }, access: [crm, hr, db, portal] }
          - { name: bare, when: { certificate: corporate, device: in-use, group: staff }, access: [portal] }
        """

    static let cases: [Case] = [
        Case(
            name: "a ladder is sound", property: .evidence, classes: ladder, vendors: [Packs.vendor], says: []
        ),
        Case(
            name: "a ladder has no shadow", property: .shadowed, classes: ladder, vendors: [Packs.vendor],
            says: []),
        Case(
            name: "a ladder confines vendors", property: .vendors, classes: ladder, vendors: [Packs.vendor],
            says: []),
        Case(name: "families are equal", property: .families, classes: ladder, says: []),
        Case(name: "all is inside", property: .internet, classes: ladder, says: []),
        Case(
            name: "a code that grows old gains", property: .evidence,
            classes: """
                  - { name: fresh, when: { certificate: corporate, mfa: { within: 1h } }, access: [crm] }
                  - { name: older, when: { certificate: corporate, mfa: { within: 12h } }, access: [crm, portal] }
                """,
            says: [
                "a session of 'fresh' that loses its one-time code, or lets it grow old, is in class 'older' and reaches "
                    + "'portal', which it did not before"
            ]),
        Case(
            name: "who loses the group gains", property: .evidence,
            classes: """
                  - { name: staff, when: { certificate: corporate, group: staff }, access: [portal] }
                  - { name: others, when: { certificate: corporate }, access: [portal, crm] }
                """,
            says: [
                "a session of 'staff' that loses its user's name is in class 'others' and reaches 'crm', which it did not "
                    + "before"
            ]),
        Case(
            name: "a refusal that asks for something known lets the unknown by", property: .evidence,
            classes: """
                  - { name: trained, when: { certificate: corporate, user: { steps: [training] } }, access: none }
                  - { name: rest, when: { certificate: corporate }, access: [portal] }
                """,
            says: [
                "a session of 'trained' that loses its user's name is in class 'rest' and reaches 'portal', which it did not "
                    + "before"
            ]),
        Case(
            name: "the unknown is refused where a value is asked for", property: .evidence,
            classes: """
                  - { name: abroad, when: { country: [FR] }, access: none }
                  - { name: rest, when: { certificate: corporate }, access: [portal] }
                """, says: []),
        Case(
            name: "more for some, by a need", property: .evidence,
            classes: """
                  - { name: staff, when: { certificate: corporate, group: staff }, access: [portal] }
                  - { name: others, when: { certificate: corporate }, access: [portal, db] }
                """,
            says: [
                "a session of 'staff' that loses its user's name is in class 'others' and reaches 'db', which it did not "
                    + "before"
            ]),
        Case(
            name: "a need that rules it out", property: .evidence,
            classes: """
                  - { name: staff, when: { certificate: corporate, mfa: { within: 1h } }, access: [portal] }
                  - { name: others, when: { certificate: corporate }, access: [portal, db] }
                """, says: []),
        Case(
            name: "shadow of two classes together", property: .shadowed,
            classes: """
                  - { name: known, when: { certificate: corporate, device: [in-use, lost, stolen] }, access: [portal] }
                  - { name: back, when: { certificate: corporate, device: [returned, retired] }, access: [portal] }
                  - { name: kind, when: { certificate: corporate, device: { kind: laptop } }, access: [portal] }
                """, says: ["no session is ever in class 'kind': earlier classes take all that meet it"]),
        Case(
            name: "hours that never meet", property: .shadowed,
            classes: """
                  - name: never
                    when: { certificate: corporate, group: [staff, guests], hours: { days: mon, from: "08:00", to: "09:00", zone: Europe/London } }
                    access: [portal]
                  - name: rest
                    when: { certificate: corporate, hours: { days: mon-tue, from: "08:00", to: "09:00", zone: Europe/London } }
                    access: [portal]
                """, says: []),
        Case(
            name: "a vendor in another class", property: .vendors,
            classes: """
                  - vendors
                  - { name: anybody, when: { certificate: [corporate, third-party] }, access: [portal] }
                """, vendors: [Packs.vendor],
            says: ["'Civica UK' reaches 'portal' in class 'anybody', outside its contract"]),
        Case(
            name: "a vendor's own system after its contract", property: .vendors,
            classes: """
                  - vendors
                  - { name: anybody, when: { certificate: third-party }, access: [db] }
                """, vendors: [Packs.vendor],
            says: ["'Civica UK' reaches 'db' in class 'anybody', outside its contract"]),
        Case(
            name: "one factor", property: .oneFactor,
            classes: "  - { name: rest, when: { certificate: corporate }, access: [portal, crm, db] }",
            properties: "without-mfa: [portal]",
            says: ["class 'rest' reaches 'crm' without a second factor"]),
        Case(
            name: "one factor, where the system needs the other", property: .oneFactor,
            classes: "  - { name: rest, when: { certificate: corporate }, access: [portal, db] }",
            properties: "without-mfa: portal", says: []),
        Case(
            name: "personal data on personal devices", property: .personalData,
            classes: """
                  - { name: personal, when: { certificate: corporate, device: { kind: personal } }, access: [portal] }
                  - { name: rest, when: { certificate: corporate, device: in-use }, access: [portal, crm, hr] }
                """,
            properties: "personal-data: [sensitive, crm]", says: []),
        Case(
            name: "personal data on devices of any kind", property: .personalData,
            classes: """
                  - { name: personal, when: { certificate: corporate, device: { kind: personal }, group: guests }, access: [portal] }
                  - { name: rest, when: { certificate: corporate, device: in-use }, access: [portal, hr] }
                """,
            properties: "personal-data: [sensitive]",
            says: ["class 'rest' lets a personal device reach 'hr', which holds personal data"]),
        Case(
            name: "one family", property: .families,
            classes: "  - { name: rest, when: { certificate: corporate }, access: [a, b] }",
            properties: "one-family: [b]",
            systems: """
                systems:
                  a: { addresses: [10.10.0.20], services: [tcp/443] }
                  b: { addresses: ["fd10:10::20"], services: [tcp/443] }
                """,
            says: [
                "system 'a' is granted over IPv4 only: list it with both, or under 'one-family' in properties.yaml"
            ]),
        Case(
            name: "what the pack forbids", property: .mustNever, classes: ladder,
            properties: """
                must-never:
                  - { class: "vendor:*", reach: [crm, sensitive] }
                  - { when: { group: staff, device: in-use }, reach: hr }
                  - { when: { country: [KP] }, reach: any }
                """, vendors: [Packs.vendor],
            says: [
                "class 'staff' reaches 'hr', which properties.yaml:3:5 says must never be",
                "class 'vendor:Civica' reaches 'db', which properties.yaml:4:5 says must never be",
                "class 'staff' reaches 'crm', which properties.yaml:4:5 says must never be",
                "class 'bare' reaches 'portal', which properties.yaml:4:5 says must never be",
            ]),
    ]

    @Test(arguments: cases) func isFoundAndShown(_ one: Case) throws {
        let policy = try Packs.policy(
            one.classes, properties: one.properties, vendors: one.vendors, systems: one.systems)
        let proof = Prover(policy, from: Packs.now).prove(one.property)
        #expect(proof.counterexamples.map(\.message) == one.says)
        if one.says.isEmpty { #expect(proof.holds, "\(proof.outcome)") }
    }

    /// What nobody stated is neither held nor broken.
    @Test(arguments: [Property.oneFactor, .personalData, .mustNever]) func notStated(property: Property)
        throws
    {
        let outcome = Prover(try Packs.policy(Self.ladder), from: Packs.now).prove(property).outcome
        guard case .notStated(let how) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(how.contains("properties.yaml"))
    }

    @Test func tooManyKindsOfSessionAreSaidToBeTooMany() throws {
        let proof = Prover(try Packs.policy(Self.ladder), from: Packs.now, limit: 3).prove(.evidence)
        guard case .undecided(let why) = proof.outcome else {
            Issue.record("\(proof.outcome)")
            return
        }
        #expect(why.contains("more than 3"))
    }
}
