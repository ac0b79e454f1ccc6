import Evidence
import Sessions
import Testing

/// The table of fields that files, tables and commands share, and lines that come and go.
struct RegistersTests {
    struct Form: Sendable, CustomTestStringConvertible {
        var kind: RegisterKind
        var field: String
        var written: String
        /// Nil when it means nothing there.
        var canonical: String?
        var why: String
        var testDescription: String { "\(kind) \(field): \(why)" }

        init(_ kind: RegisterKind, _ field: String, _ written: String, _ canonical: String?, _ why: String) {
            self.kind = kind
            self.field = field
            self.written = written
            self.canonical = canonical
            self.why = why
        }
    }

    private static let hex = String(repeating: "ab", count: 32)
    private static let colons = Array(repeating: "AB", count: 32).joined(separator: ":")
    private static let long = String(repeating: "x", count: 257)

    static let forms: [Form] = [
        Form(.device, "digest", hex, hex, "plain"),
        Form(.device, "digest", colons, hex, "as openssl prints it"),
        Form(.device, "digest", "ab", nil, "too short"), Form(.device, "key", colons, hex, "of a key alike"),
        Form(.device, "key", hex + "ab", nil, "too long"),
        Form(.device, "serial", "PF-0 1", "PF-0 1", "any name"),
        Form(.device, "serial", " PF", nil, "space at its end"),
        Form(.device, "owner", "alice", "alice", "a name"),
        Form(.device, "owner", "", nil, "nobody is left out, not empty"),
        Form(.device, "organisation", "Example Council", "Example Council", "a name"),
        Form(.device, "organisation", long, nil, "too long"),
        Form(.device, "kind", "pool", "pool", "a kind"),
        Form(.device, "kind", "Pool", nil, "words are as written"),
        Form(.device, "managed", "yes", "true", "as spreadsheets have it"),
        Form(.device, "managed", "TRUE", "true", "as spreadsheets have it"),
        Form(.device, "managed", "0", "false", "as databases have it"),
        Form(.device, "managed", "", nil, "not said is left out"),
        Form(.device, "managed", "maybe", nil, "neither"),
        Form(.device, "status", "in-use", "in-use", "a status"),
        Form(.device, "status", "in use", nil, "none"),
        Form(.device, "last-on-site", "2026-11-01", "2026-11-01T00:00:00Z", "a day begins"),
        Form(.device, "last-on-site", "2026-11-01T10:00:00+01:00", "2026-11-01T09:00:00Z", "in UTC"),
        Form(
            .device, "last-on-site", "2026-11-01T10:42:38.9999999Z", "2026-11-01T10:42:38Z",
            "as an MDM exports it: whole seconds, never younger"),
        Form(.device, "last-on-site", "2026-11-01T10:42:38,5Z", nil, "no comma"),
        Form(.device, "last-on-site", "01/11/2026", nil, "whose order nobody knows"),
        Form(.device, "last-on-site", "1678-01-01T00:00:00+05:00", nil, "before time"),
        Form(.user, "groups", "staff", "staff", "a name"), Form(.user, "groups", "a\nb", nil, "one line"),
        Form(.user, "groups", "a\u{202E}b", nil, "what misleads the eye"),
        Form(.user, "organisation", "Council", "Council", "a name"),
        Form(.user, "steps", "training", "training", "a name"),
        Form(.user, "acknowledged", "2026-11-01", "2026-11-01T00:00:00Z", "a day begins"),
        Form(.user, "acknowledged", "2026-11-01t10:42:38.123z", "2026-11-01T10:42:38Z", "small letters"),
        Form(.user, "acknowledged", "yes", nil, "when?"), Form(.user, "manager", "bob", "bob", "a name"),
        Form(.loan, "device", "lt-1", "lt-1", "a name"), Form(.loan, "user", "alice", "alice", "a name"),
        Form(.loan, "from", "2026-11-20", "2026-11-20T00:00:00Z", "a day begins"),
        Form(.loan, "until", "2026-11-20", "2026-11-21T00:00:00Z", "all that day"),
        Form(.loan, "until", "2024-02-29", "2024-03-01T00:00:00Z", "a leap day"),
        Form(.loan, "until", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", "a full time is itself"),
        Form(.loan, "from", "2026-11-20T12:00:00.5Z", "2026-11-20T12:00:01Z", "not before it begins"),
        Form(.loan, "from", "2026-11-20T12:00:00.0Z", "2026-11-20T12:00:00Z", "no fraction at all"),
        Form(.loan, "from", "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z", "before 1970 alike"),
        Form(.loan, "until", "2026-11-20T12:00:00.999Z", "2026-11-20T12:00:00Z", "not after it ends"),
        Form(.loan, "until", "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z", "before 1970 alike"),
        Form(.loan, "until", "2261-12-31", nil, "whose end could not be written"),
        Form(.loan, "until", "9999-12-31", nil, "after time"),
        Form(.approval, "kind", "remote-working", "remote-working", "a kind"),
        Form(.approval, "kind", "remote", nil, "none"), Form(.approval, "user", "alice", "alice", "a name"),
        Form(.approval, "approver", "head of it", "head of it", "a name"),
        Form(.approval, "from", "2026-11-20", "2026-11-20T00:00:00Z", "a day begins"),
        Form(.approval, "from", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "a leap second"),
        Form(.approval, "until", "2026-11-30", "2026-12-01T00:00:00Z", "all that day"),
        Form(.approval, "countries", "no", "NO", "Norway"), Form(.approval, "countries", "UK", nil, "is GB"),
        Form(.approval, "countries", "EL", nil, "is GR"),
        Form(.approval, "countries", "FRA", nil, "two letters"),
        Form(.approval, "systems", "crm", "crm", "a name"),
        Form(.approval, "labels", "secret", "secret", "a name"),
        Form(.approval, "exception", "no-token", "no-token", "a name"),
    ]

    @Test(arguments: forms) func fieldsHaveOneWayToBeWritten(form: Form) throws {
        let field = try #require(form.kind.field(named: form.field))
        #expect(field.canonical(form.written) == form.canonical)
        // What is canonical stays so: registers read what they wrote.
        if let canonical = form.canonical { #expect(field.canonical(canonical) == canonical) }
        #expect(!field.expected.isEmpty)
    }

    @Test func everyFieldIsInTheTable() {
        for kind in RegisterKind.allCases {
            #expect(Set(Self.forms.filter { $0.kind == kind }.map(\.field)) == Set(kind.fields.map(\.name)))
        }
    }

    // MARK: Lines

    private static func key(_ digit: Character) -> String { String(repeating: digit, count: 64) }

    static let full: [RegisterSubject: RegisterFields] = [
        RegisterSubject(.device, "lt-1"): [
            "digest": [key("1")], "key": [key("2")], "serial": ["S"], "owner": ["alice"],
            "organisation": ["Council"], "kind": ["pool"], "managed": ["true"], "status": ["in-use"],
            "last-on-site": ["2026-11-01T00:00:00Z"],
        ],
        RegisterSubject(.user, "alice"): [
            "groups": ["it", "staff"], "organisation": ["Council"], "steps": ["training"],
            "acknowledged": ["2026-11-01T00:00:00Z"], "manager": ["bob"],
        ],
        RegisterSubject(.loan, "L-1"): [
            "device": ["lt-1"], "user": ["alice"], "from": ["2026-11-01T00:00:00Z"],
            "until": ["2026-11-05T00:00:00Z"],
        ],
        RegisterSubject(.approval, "A-1"): [
            "kind": ["travel"], "user": ["alice"], "approver": ["bob"], "from": ["2026-11-01T00:00:00Z"],
            "until": ["2026-11-05T00:00:00Z"], "countries": ["FR", "NO"], "systems": ["crm"],
            "labels": ["secret"], "exception": ["none-of-it"],
        ],
    ]

    @Test(arguments: RegisterKind.allCases) func everyFieldComesBack(kind: RegisterKind) throws {
        let (subject, fields) = try #require(Self.full.first { $0.key.kind == kind })
        #expect(Set(fields.keys) == Set(kind.fields.map(\.name)), "the line is full")
        var registers = Registers()
        try registers.put(subject, fields)
        #expect(registers.fields(of: subject) == fields)
        registers.remove(subject)
        #expect(registers == Registers())
        // A line without what it can do without is one too.
        let needed = fields.filter { field in
            kind.field(named: field.key)?.isRequired ?? false
                || ["digest", "until", "countries"].contains(field.key)
        }
        try registers.put(subject, needed)
        #expect(registers.fields(of: subject) == needed)
    }

    @Test func listsHaveNoDoublesAndAnOrder() throws {
        var registers = Registers()
        let subject = RegisterSubject(.user, "alice")
        try registers.put(subject, ["groups": ["staff", "it", "staff"], "steps": []])
        #expect(registers.fields(of: subject) == ["groups": ["it", "staff"]])
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        var why: String
        var subject: RegisterSubject
        /// An empty list: not stated.
        var change: RegisterFields
        var problem: RegisterProblem
        var testDescription: String { why }
    }

    static let bad: [Bad] = {
        let device = RegisterSubject(.device, "lt-1")
        let approval = RegisterSubject(.approval, "A-1")
        let loan = RegisterSubject(.loan, "L-1")
        func wrong(_ field: String, _ expected: String, _ found: String) -> RegisterProblem {
            .wrongValue(field: field, expected: expected, found: found)
        }
        return [
            Bad(
                why: "no such field", subject: device, change: ["colour": ["red"]],
                problem: .noSuchField("colour", .device)),
            Bad(
                why: "two of one", subject: device, change: ["owner": ["alice", "bob"]],
                problem: wrong("owner", "one value", "alice, bob")),
            Bad(
                why: "no form", subject: device, change: ["managed": ["maybe"]],
                problem: wrong("managed", "true or false", "maybe")),
            Bad(
                why: "a device without proof", subject: device,
                change: ["digest": [], "key": []],
                problem: .missing(field: "digest", device)),
            Bad(
                why: "a device of no kind", subject: device, change: ["kind": []],
                problem: .missing(field: "kind", device)),
            Bad(
                why: "travel for ever", subject: approval, change: ["until": []],
                problem: .missing(field: "until", approval)),
            Bad(
                why: "travel to nowhere", subject: approval, change: ["countries": []],
                problem: .missing(field: "countries", approval)),
            Bad(
                why: "no system", subject: approval,
                change: ["kind": ["system"], "systems": [], "labels": []],
                problem: .missing(field: "systems", approval)),
            Bad(
                why: "no exception", subject: approval,
                change: ["kind": ["exception"], "exception": []],
                problem: .missing(field: "exception", approval)),
            Bad(
                why: "nobody approved", subject: approval, change: ["approver": []],
                problem: .missing(field: "approver", approval)),
            Bad(
                why: "over before it begins", subject: loan, change: ["until": ["2026-10-31"]],
                problem: wrong("until", "a time after 'from' (2026-11-01T00:00:00Z)", "2026-11-01T00:00:00Z")),
            Bad(
                why: "of no device", subject: loan, change: ["device": []],
                problem: .missing(field: "device", loan)),
        ]
    }()

    @Test(arguments: bad) func whatIsNoGoodChangesNothing(bad: Bad) throws {
        var registers = Registers()
        for (subject, fields) in Self.full { try registers.put(subject, fields) }
        let before = registers
        var fields = try #require(Self.full[bad.subject])
        for (name, value) in bad.change { fields[name] = value }
        let problem = #expect(throws: RegisterProblem.self) { try registers.put(bad.subject, fields) }
        #expect(problem == bad.problem)
        #expect(registers == before)
        #expect(problem.map { "\($0)".contains("\n") } == false)
    }

    @Test(arguments: ["", " x", "x ", "a\nb", "\u{202E}", String(repeating: "x", count: 257)])
    func keysAreNames(key: String) {
        for kind in RegisterKind.allCases {
            var registers = Registers()
            #expect(throws: RegisterProblem.badKey(kind)) {
                try registers.put(RegisterSubject(kind, key), [:])
            }
        }
    }

    // MARK: Proofs of devices

    @Test func noTwoDevicesHaveOneCertificateOrKey() throws {
        var registers = Registers()
        let usual: RegisterFields = ["kind": ["laptop"], "status": ["in-use"]]
        func put(_ id: String, _ digest: Character?, _ key: Character?) throws(RegisterProblem) {
            var fields = usual
            fields["digest"] = digest.map { [Self.key($0)] }
            fields["key"] = key.map { [Self.key($0)] }
            try registers.put(RegisterSubject(.device, id), fields)
        }
        let digest = try #require(CertificateDigest(Self.key("1")))
        let key = try #require(KeyDigest(Self.key("1")))
        try put("one", "1", nil)
        // A key's digest is another thing than a certificate's, though they look alike.
        try put("two", nil, "1")
        #expect(registers.devices[digest]?.id == "one" && registers.devices[key]?.id == "two")
        #expect(throws: RegisterProblem.taken(field: "digest", by: "one")) { try put("three", "1", nil) }
        #expect(throws: RegisterProblem.taken(field: "key", by: "two")) { try put("one", "1", "1") }
        #expect(registers.devices[digest]?.id == "one", "what was there is there")
        // A renewed certificate frees the old one.
        try put("one", "2", nil)
        #expect(registers.devices[digest] == nil)
        try put("three", "1", nil)
        #expect(registers.devices[digest]?.id == "three")
        registers.remove(RegisterSubject(.device, "two"))
        #expect(registers.devices[key] == nil && registers.devices.count == 2)
    }

    @Test func loansAndApprovalsAreFoundByWhomTheyAreFor() throws {
        var registers = Registers()
        let loan = RegisterSubject(.loan, "L-1")
        let fields = try #require(Self.full[loan])
        try registers.put(loan, fields)
        try registers.put(RegisterSubject(.loan, "L-0"), fields.merging(["from": ["2026-10-01"]]) { $1 })
        #expect(registers.loans.loans(of: "lt-1").map(\.reference) == ["L-0", "L-1"], "as they began")
        try registers.put(loan, fields.merging(["device": ["lt-2"]]) { $1 })
        #expect(registers.loans.loans(of: "lt-1").map(\.reference) == ["L-0"])
        #expect(registers.loans.loans(of: "lt-2").map(\.reference) == ["L-1"])
        let approval = RegisterSubject(.approval, "A-1")
        try registers.put(approval, try #require(Self.full[approval]))
        #expect(registers.approvals.approvals(of: "alice").map(\.reference) == ["A-1"])
        try registers.put(approval, try #require(Self.full[approval]).merging(["user": ["bob"]]) { $1 })
        #expect(registers.approvals.approvals(of: "alice").isEmpty)
        registers.remove(approval)
        #expect(registers.approvals == ApprovalRegister())
    }
}
