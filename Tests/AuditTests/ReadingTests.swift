import Audit
import Sessions
import TestSupport
import Testing

/// What is asked for, and in which form it comes.
@Suite struct ReadingTests {
    private static let entries: [AuditEntry] = {
        var login = AuditEntry(.admitted, at: .seconds(100))
        login[.session] = "office/1"
        login[.user] = "alice"
        login[.device] = "laptop-1"
        login[list: .clauses] = ["psps-5.3-2fa", "psps-5.3-proxy"]
        var order = AuditEntry(.order, at: .seconds(200))
        order[.by] = "root"
        order[.subject] = "user alice"
        var lost = AuditEntry(.order, at: .seconds(300))
        lost[.by] = "alice"
        lost[.subject] = "device laptop-1"
        var cut = AuditEntry(.cut, at: .seconds(400))
        cut[.session] = "office/2"
        cut[.user] = "al\"ice\n"
        cut[list: .clauses] = ["psps-5.3"]
        return [login, order, lost, cut]
    }()

    /// The numbers of the records that a query takes: by lines, and by what they say.
    private func taken(_ query: AuditQuery) throws -> [Int] {
        let filter = LineFilter(query)
        let files = Files([Self.entries.count]) { Self.entries[Int($0) - 1] }
        var numbers: [Int] = []
        for line in files.lines(of: 0) {
            let outline = try #require(LineOutline(line.dropLast()))
            let record = try #require(AuditRecord(line: line.dropLast()))
            let isTaken =
                switch filter.look(outline, line.dropLast()) {
                case .no: false
                case .yes: true
                case .perhaps: filter.takes(record.entry)
                }
            #expect(isTaken == query.takes(record.entry), "a line is looked at as its record is")
            if isTaken { numbers.append(Int(record.number)) }
        }
        return numbers
    }

    private static func query(_ ask: (inout AuditQuery) -> Void) -> AuditQuery {
        var query = AuditQuery()
        ask(&query)
        return query
    }

    @Test(arguments: [
        (query { _ in }, [1, 2, 3, 4]),
        (query { $0.from = .seconds(200) }, [2, 3, 4]),
        (query { $0.to = .seconds(200) }, [1]),
        (query { $0.user = "alice" }, [1, 2, 3]),
        (query { $0.user = "ali" }, []),
        (query { $0.user = "al\"ice\n" }, [4]),
        (query { $0.device = "laptop-1" }, [1, 3]),
        (query { $0.clause = "psps-5.3" }, [4]),
        (query { $0.clause = "psps-5.3-2fa" }, [1]),
        (query { $0.session = "office/1" }, [1]),
        (query { $0.kinds = [.order] }, [2, 3]),
        (
            query {
                $0.kinds = [.order, .cut]
                $0.user = "alice"
                $0.from = .seconds(250)
            }, [3]
        ),
    ])
    func takesWhatIsAskedFor(_ query: AuditQuery, expected: [Int]) throws {
        #expect(try taken(query) == expected)
    }

    // MARK: Spreadsheets

    @Test func aSpreadsheetTakesNothingForAFormula() {
        var entry = AuditEntry(.refused, at: .seconds(0))
        entry[.user] = "=cmd|'/c calc'!A1"
        entry[.commonName] = "a,\"b\"\r\nc"
        entry[list: .scope] = ["crm", "files"]
        entry.evidence = [AuditFact(kind: "device", what: "id", value: "x", until: "2026-12-01")]
        var bytes: [UInt8] = []
        AuditCSV.write(7, entry, to: &bytes)
        let line = String(decoding: bytes, as: UTF8.self)
        #expect(
            line.hasPrefix(
                "7,1970-01-01T00:00:00.000000000Z,refused,,,\"'=cmd|'/c calc'!A1\",\"a,\"\"b\"\"\r\nc\","))
        #expect(line.hasSuffix(",device id=x until 2026-12-01\r\n"))
        #expect(line.contains(",\"crm; files\","))
        var full: [UInt8] = []
        AuditCSV.write(1, AuditEntry(.stopped, at: .seconds(0)), to: &full)
        #expect(full.count { $0 == 0x2C } == AuditCSV.header.utf8.count { $0 == 0x2C })
    }

    /// What it writes is what a plain look at RFC 4180 writes, whatever clients call themselves.
    @Test(arguments: UInt64(1)...20) func aRowIsAsAPlainOneIs(seed: UInt64) throws {
        var random = Seeded(seed)
        let pieces = [
            "a", "alice", "é☃𝄞", "\"", ",", ";", "\n", "\r", "\t", "=", "+", "-", "@", " ", "\u{0}", "'",
        ]
        func text() -> String {
            (0..<Int.random(in: 0..<4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? ""
            }
            .joined()
        }
        var (bytes, fast, clean, plainlyClean) = ([UInt8](), [UInt8](), [UInt8](), [UInt8]())
        var pseudonyms = try #require(Pseudonyms(key: Array(repeating: 7, count: 16)))
        var plain = pseudonyms
        var expected = ""
        for number in UInt64(1)...100 {
            var entry = AuditEntry(.refused, at: .seconds(Int64(number)))
            for field in AuditField.allCases where Bool.random(using: &random) {
                switch field.form {
                case .text: entry[field] = text()
                case .number: entry[number: field] = number
                case .list:
                    entry[list: field] = (0..<Int.random(in: 0..<3, using: &random)).map { _ in text() }
                }
            }
            entry.evidence = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                AuditFact(
                    kind: text(), what: text(), value: text(), at: Bool.random(using: &random) ? text() : nil,
                    until: Bool.random(using: &random) ? text() : nil)
            }
            let line = try Self.line(entry, number)
            let outline = try #require(LineOutline(line))
            #expect(AuditCSV.write(outline, line, to: &fast))
            #expect(pseudonyms.write(outline, line, to: &clean))
            plain.cleaned(entry).write(number: number, to: &plainlyClean)
            #expect(AuditRecord(line: line)?.entry == entry)
            AuditCSV.write(number, entry, to: &bytes)
            expected += PlainCSV.row(number, entry)
        }
        #expect(bytes == Array(expected.utf8), "seed \(seed)")
        #expect(fast == bytes, "seed \(seed)")
        #expect(clean == plainlyClean, "seed \(seed)")
    }

    private static func line(_ entry: AuditEntry, _ number: UInt64) throws -> ArraySlice<UInt8> {
        var chain = AuditChain(after: AuditHead(number: number - 1, hash: .zero))
        var bytes: [UInt8] = [0x0A]
        chain.append(entry, to: &bytes)
        return bytes.dropFirst().dropLast()
    }

    /// A line that is none leaves nothing behind, wherever it goes wrong.
    @Test func halfALineIsNoRow() throws {
        let whole = try Self.line(Samples.full, 7)
        var pseudonyms = try #require(Pseudonyms(key: Array(repeating: 7, count: 16)))
        var kept = Array("before".utf8)
        for place in whole.indices {
            var edited = whole
            edited[place] = edited[place] == 0xFF ? 0 : 0xFF
            guard let outline = LineOutline(edited), AuditRecord(outline, edited) == nil else { continue }
            #expect(!AuditCSV.write(outline, edited, to: &kept))
            #expect(!pseudonyms.write(outline, edited, to: &kept))
        }
        #expect(kept == Array("before".utf8))
    }

    // MARK: Clauses

    @Test func clausesHaveTheirLastRecordAndACount() {
        var history = ClauseHistory()
        for entry in Self.entries + [Self.entries[0]] { history.add(entry) }
        let mention = history.clauses["psps-5.3-2fa"]
        #expect(mention?.count == 2 && mention?.decisions == 2)
        #expect(mention?.at == .seconds(100) && mention?.what == "login admitted")
        #expect(history.clauses["psps-5"] == nil)
    }

    /// Of refusals that were summed up each has served its clauses.
    @Test func aSumServesAsOftenAsItCounts() {
        var history = ClauseHistory()
        for (kind, count) in [(AuditKind.refused, UInt64?.none), (.refusedAgain, 12), (.refusedAgain, nil)] {
            var entry = AuditEntry(kind, at: .seconds(100))
            entry[list: .clauses] = ["psps-5.3"]
            entry[number: .count] = count
            history.add(entry)
        }
        // A scan's count is of destinations.
        var scan = AuditEntry(.incident, at: .seconds(50))
        scan[list: .clauses] = ["psps-5.3"]
        scan[number: .count] = 40
        history.add(scan)
        let mention = history.clauses["psps-5.3"]
        #expect(mention?.count == 15 && mention?.decisions == 14)
        #expect(mention?.what == "login refused again")
    }
}

/// What is shown where names are not.
@Suite struct PseudonymTests {
    private func pseudonyms() throws -> Pseudonyms {
        try #require(Pseudonyms(key: Array(repeating: 7, count: 16)))
    }

    /// Names, addresses and serial numbers in every place where a record can hold one.
    private static let secrets = [
        "alice", "root", "laptop-0042", "AB:CD", "198.51.100.7", "2001:db8::7", "10.8.0.2", "SN-778", "dave",
        "a94a8fe5", "Harbour", "left for the sea", "Frank", "CHG-Zoe",
    ]

    private static let entry: AuditEntry = {
        var entry = AuditEntry(.admitted, at: .seconds(0))
        entry[.session] = "office/1"
        entry[.user] = "alice"
        entry[.commonName] = "laptop-0042"
        entry[.device] = "laptop-0042"
        entry[.certificate] = "a94a8fe5"
        entry[.outer] = "198.51.100.7:40000"
        entry[list: .addresses] = ["10.8.0.2", "2001:db8::7"]
        entry[.className] = "employee"
        entry[list: .clauses] = ["psps-5.3-2fa"]
        entry[.why] = "alice has no code"
        entry[list: .missing] = ["certificate { email: alice@harbour.example }"]
        entry[.by] = "root"
        entry[number: .uid] = 0
        entry[.subject] = "user alice"
        entry[list: .changes] = ["owner: dave"]
        entry[.reference] = "CHG-Zoe"
        entry[.reason] = "left for the sea"
        entry[.destination] = "10.8.0.2"
        entry.evidence = [
            AuditFact(kind: "certificate", what: "digest", value: "a94a8fe5"),
            AuditFact(kind: "certificate", what: "issuer", value: "a94a8fe5 CN=Harbour"),
            AuditFact(kind: "device", what: "id", value: "laptop-0042"),
            AuditFact(kind: "device", what: "serial", value: "SN-778"),
            AuditFact(kind: "device", what: "owner", value: "alice"),
            AuditFact(kind: "device", what: "status", value: "in-use"),
            AuditFact(kind: "loan", what: "dave-1", value: "dave"),
            AuditFact(kind: "user", what: "name", value: "alice"),
            AuditFact(kind: "user", what: "organisation", value: "Harbour"),
            AuditFact(kind: "approval", what: "Frank-7", value: "remote-working, by Frank", at: "2026-01-01"),
            AuditFact(kind: "client", what: "IV_VER", value: "2.6 of alice"),
            AuditFact(kind: "place", what: "outer address", value: "198.51.100.7"),
            AuditFact(kind: "place", what: "country", value: "GB"),
            AuditFact(kind: "hold", what: "root", value: "left for the sea"),
            AuditFact(kind: "something new", what: "alice", value: "alice"),
        ]
        return entry
    }()

    @Test func holdNoNameAddressOrSerial() throws {
        var table = try pseudonyms()
        let clean = table.cleaned(Self.entry)
        var bytes: [UInt8] = []
        clean.write(number: 1, to: &bytes)
        AuditCSV.write(1, clean, to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        for secret in Self.secrets { #expect(!text.contains(secret), "\(secret)") }
        for open in ["office/1", "employee", "psps-5.3-2fa", "in-use", "GB", "2026-01-01"] {
            #expect(text.contains(open), "\(open)")
        }
    }

    /// Whatever field is added later: what has a name in it is a case here.
    @Test func everyFieldIsCleaned() throws {
        var table = try pseudonyms()
        let clean = table.cleaned(Samples.full)
        for value in clean.values {
            guard value.field.privacy != .open else { continue }
            let original = Samples.full.values.first { $0.field == value.field }
            #expect(original?.content != value.content, "\(value.field)")
        }
        for field in AuditField.allCases where field.privacy == .withheld {
            #expect(!clean.values.contains { $0.field == field })
        }
    }

    @Test func theSameNameHasTheSameOne() throws {
        var table = try pseudonyms()
        let clean = table.cleaned(Self.entry)
        let person = try #require(clean[.user])
        #expect(clean[.subject] == "user \(person)")
        #expect(clean.evidence.contains { $0.kind == "user" && $0.what == "name" && $0.value == person })
        #expect(
            clean.evidence.contains { $0.kind == "device" && $0.what == "id" && $0.value == clean[.device] })
        #expect(clean.evidence.contains { $0.what == "owner" && $0.value == person })
        let outer = clean.evidence.first { $0.what == "outer address" }?.value
        #expect(clean[.outer] == outer, "whatever the port was")
        #expect(try pseudonyms().pseudonym("person", of: "alice") == person)
        let other = try #require(Pseudonyms(key: Array(repeating: 8, count: 16)))
        #expect(other.pseudonym("person", of: "alice") != person)
        #expect(try pseudonyms().pseudonym("device", of: "alice").suffix(12) != person.suffix(12))
    }

    @Test func aShortKeyIsNone() { #expect(Pseudonyms(key: Array(repeating: 1, count: 15)) == nil) }
}
