import Evidence
import Sessions
import TestSupport
import Testing

/// Files and commands both state registers: the later word wins, field by field.
struct RegisterFactsTests {
    private static let laptop = RegisterSubject(.device, "lt-1")

    private static func files(_ fields: RegisterFields?, _ subject: RegisterSubject = laptop) throws
        -> Registers
    {
        var files = Registers()
        if let fields { try files.put(subject, fields) }
        return files
    }

    private static func device(_ status: String) -> RegisterFields {
        ["digest": [String(repeating: "1", count: 64)], "kind": ["laptop"], "status": [status]]
    }

    private static func fact(
        _ value: [String], field: String = "status", over: [String]?, _ subject: RegisterSubject = laptop
    ) -> RegisterFact {
        RegisterFact(
            subject: subject, field: field, value: value, at: .seconds(1), by: "root", over: over)
    }

    @Test func commandsAreLaidOverFilesFieldByField() throws {
        let files = try Self.files(Self.device("in-use"))
        let facts = RegisterFacts([Self.fact(["stolen"], over: ["in-use"])])
        let device = try #require(facts.laid(over: files).devices[id: "lt-1"])
        #expect(device.status == .stolen && device.kind == .laptop)
    }

    @Test func aFileThatSaysSomethingElseAfterwardsIsLater() throws {
        var facts = RegisterFacts([Self.fact(["stolen"], over: ["in-use"])])
        #expect(
            facts.drop(overtakenBy: try Self.files(Self.device("in-use"))).isEmpty, "it says what it said")
        let later = try Self.files(Self.device("returned"))
        #expect(facts.drop(overtakenBy: later).map(\.value) == [["stolen"]])
        #expect(facts.laid(over: later).devices[id: "lt-1"]?.status == .returned)
        #expect(facts == RegisterFacts())
    }

    @Test func aLineTakenOutAndPutBackRevivesNothing() throws {
        var facts = RegisterFacts([Self.fact(["stolen"], over: ["in-use"])])
        #expect(facts.drop(overtakenBy: try Self.files(nil)).isEmpty)
        #expect(facts.laid(over: try Self.files(nil)).devices.count == 0, "half a line is none")
        let back = try Self.files(Self.device("in-use"))
        #expect(facts.drop(overtakenBy: back).isEmpty)
        #expect(facts.laid(over: back).devices[id: "lt-1"]?.status == .stolen)
    }

    @Test func whatTheFileSaidThenMayNotBeKnown() throws {
        var facts = RegisterFacts([Self.fact(["stolen"], over: nil)])
        #expect(facts.drop(overtakenBy: try Self.files(Self.device("in-use"))).isEmpty, "kept, and noted")
        #expect(facts.drop(overtakenBy: try Self.files(Self.device("retired"))).count == 1)
    }

    @Test func aFieldCanBeTakenBack() throws {
        var fields = Self.device("in-use")
        fields["owner"] = ["alice"]
        let files = try Self.files(fields)
        let facts = RegisterFacts([Self.fact([], field: "owner", over: ["alice"])])
        #expect(facts.laid(over: files).devices[id: "lt-1"]?.owner == nil)
        let broken = RegisterFacts([Self.fact([], field: "digest", over: fields["digest"])])
        #expect(broken.laid(over: files).devices.count == 0, "without proof it is nobody's")
    }

    @Test func certificatesCanChangeHands() throws {
        let (one, two) = (String(repeating: "1", count: 64), String(repeating: "2", count: 64))
        var files = try Self.files(Self.device("in-use"))
        let other = RegisterSubject(.device, "lt-2")
        try files.put(other, ["digest": [two], "kind": ["laptop"], "status": ["in-use"]])
        let facts = RegisterFacts([
            Self.fact([two], field: "digest", over: [one]),
            Self.fact([one], field: "digest", over: [two], other),
        ])
        let laid = facts.laid(over: files)
        #expect(laid.devices[try #require(CertificateDigest(one))]?.id == "lt-2")
        #expect(laid.devices[try #require(CertificateDigest(two))]?.id == "lt-1")
    }

    @Test func linesCanBeCommandsAlone() throws {
        let loan = RegisterSubject(.loan, "L-1")
        var facts = RegisterFacts()
        for (field, value) in [("device", "lt-1"), ("user", "alice")] {
            facts.add(Self.fact([value], field: field, over: [], loan))
        }
        #expect(facts.laid(over: Registers()).loans.all.isEmpty, "not whole yet")
        facts.add(Self.fact(["2026-11-01T00:00:00Z"], field: "from", over: [], loan))
        #expect(facts.laid(over: Registers()).loans["L-1"]?.user == "alice")
        #expect(facts[loan].map(\.field) == ["device", "from", "user"])
    }

    // MARK: Model

    /// Something that was said: by the files, which say all of a line at once, or by a command.
    private enum Word {
        case files(RegisterFields?)
        case command(field: String, value: [String])
    }

    /// The field after a history, by going through all of it: the last command counts, unless some file after it says
    /// something that is not what the files said when the command was given.
    private static func model(_ history: [Word], _ field: String) -> [String]? {
        var said: [String]?
        var command: [String]?
        var saidAtCommand: [String] = []
        for word in history {
            switch word {
            case .files(let fields):
                said = fields?[field]
                if command != nil, let said, said != saidAtCommand { command = nil }
            case .command(field, let value):
                command = value
                saidAtCommand = said ?? []
            case .command: break
            }
        }
        guard let command else { return said }
        return command.isEmpty ? nil : command
    }

    @Test(arguments: [UInt64(1), 20_261_123]) func theLaterWordWins(seed: UInt64) throws {
        var random = Seeded(seed)
        let users = RegisterSubject(.user, "alice")
        // All of them may be left out, so that every line is whole.
        let values: [String: [[String]]] = [
            "organisation": [["Council"], ["Partner"]], "manager": [["bob"], ["carol"]],
            "groups": [["staff"], ["it", "staff"]],
        ]
        let fields = values.keys.sorted()
        var (kept, dropped) = (0, 0)
        for round in 0..<3000 {
            var history: [Word] = []
            var files = Registers()
            var facts = RegisterFacts()
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                if Bool.random(using: &random) {
                    var line: RegisterFields = [:]
                    for field in fields where Int.random(in: 0..<4, using: &random) > 0 {
                        line[field] = values[field]?.randomElement(using: &random)
                    }
                    let isThere = Int.random(in: 0..<4, using: &random) > 0
                    history.append(.files(isThere ? line : nil))
                    files = try Self.files(isThere ? line : nil, users)
                    dropped += facts.drop(overtakenBy: files).count
                } else {
                    let field = try #require(fields.randomElement(using: &random))
                    let value =
                        Int.random(in: 0..<4, using: &random) == 0
                        ? [] : values[field]?.randomElement(using: &random) ?? []
                    history.append(.command(field: field, value: value))
                    let over = files.fields(of: users)?[field] ?? []
                    facts.add(Self.fact(value, field: field, over: over, users))
                }
                var expected: RegisterFields = [:]
                for field in fields { expected[field] = Self.model(history, field) }
                let laid = facts.laid(over: files)
                #expect(
                    laid.fields(of: users) ?? [:] == expected, "seed \(seed), round \(round): \(history)")
                #expect(facts.fields(of: users, over: files) == expected)
                kept += facts[users].count
            }
        }
        #expect(kept > 1000 && dropped > 1000, "\(kept) kept, \(dropped) dropped")
    }
}
