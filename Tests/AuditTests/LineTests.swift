import Audit
import Crypto
import Sessions
import TestSupport
import Testing

@Suite struct LineTests {
    private func line(_ entry: AuditEntry) -> [UInt8] {
        var chain = AuditChain()
        var bytes: [UInt8] = []
        chain.append(entry, to: &bytes)
        return bytes.dropLast()
    }

    @Test(arguments: [Samples.full, Samples.hostile, AuditEntry(.stopped, at: .seconds(0))])
    func isReadAsItWasWritten(_ entry: AuditEntry) throws {
        let line = line(entry)
        #expect(!line.contains(0x0A), "whatever a client calls itself, a record is one line")
        let record = try #require(AuditRecord(line: line[...]))
        #expect(record.entry == entry)
        #expect(record.number == 1 && record.previous == .zero)
        #expect(record.line == line)
    }

    /// The words are on disks for years: a change of them is a change of the format.
    @Test func looksAsTheDocumentationSays() {
        var entry = AuditEntry(.cut, at: Instant(nanosecondsSince1970: 1_795_212_000_000_000_007))
        entry[list: .clauses] = ["psps-5.1-loss"]
        entry[.user] = "alice"
        entry[.session] = "office/21"
        entry[number: .server] = 4711
        entry.evidence = [
            AuditFact(kind: "device", what: "id", value: "laptop", until: "2026-12-01T00:00:00Z")
        ]
        let text = String(decoding: line(entry), as: UTF8.self)
        let zero = String(repeating: "0", count: 64)
        let body = """
            {"number":1,"previous":"\(zero)","at":"2026-11-20T22:00:00.000000007Z","kind":"cut",\
            "session":"office/21","server":4711,"user":"alice","clauses":["psps-5.1-loss"],\
            "evidence":[{"kind":"device","what":"id","value":"laptop","until":"2026-12-01T00:00:00Z"}]
            """
        let digest = SHA256.hash(data: Array(body.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        #expect(text == body + ",\"hash\":\"\(digest)\"}")
    }

    @Test(arguments: [
        (Int64.min, "1677-09-21T00:12:43.145224192Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        (0, "1970-01-01T00:00:00.000000000Z"), (1_795_212_000_123_456_789, "2026-11-20T22:00:00.123456789Z"),
        (Int64.max, "2262-04-11T23:47:16.854775807Z"),
    ])
    func timesHaveNineDigits(nanoseconds: Int64, text: String) {
        #expect(Instant(nanosecondsSince1970: nanoseconds).auditText == text)
    }

    @Test func whatSaysNothingIsNotWritten() {
        var entry = AuditEntry(.cut, at: .seconds(1))
        entry[.user] = ""
        entry[list: .scope] = []
        entry[.reason] = "x"
        entry[.reason] = nil
        #expect(entry.values.isEmpty)
    }

    @Test func longTextsAreCut() throws {
        var entry = AuditEntry(.refused, at: .seconds(1))
        entry[.user] = String(repeating: "☃", count: 100_000)
        entry[list: .scope] = Array(repeating: "x", count: 10_000)
        entry.evidence = Array(repeating: AuditFact(kind: "k", what: "w", value: "v"), count: 10_000)
        #expect(try #require(entry[.user]).utf8.count <= 1024)
        #expect(entry[.user]?.hasSuffix("☃...") == true)
        let line = line(entry)
        #expect(line.count < 64 << 10)
        #expect(AuditRecord(line: line[...]) != nil)
    }

    /// Every byte, made every other byte: no line is read that would not be written so.
    @Test func readsOnlyWhatIsWritten() throws {
        let line = line(Samples.hostile)
        var read = 0
        for index in line.indices {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128] as [UInt8] {
                var changed = line
                changed[index] ^= flip
                guard let record = AuditRecord(line: changed[...]) else { continue }
                read += 1
                let isSame = record.line == changed
                #expect(isSame, "byte \(index), bits \(flip)")
            }
        }
        #expect(read > 0)
        for count in line.indices { #expect(AuditRecord(line: line[..<count]) == nil) }
    }

    @Test(arguments: [
        "1:", "x:00", "1", "1:" + String(repeating: "A", count: 64),
        "-1:" + String(repeating: "0", count: 64),
    ])
    func noHead(_ text: String) { #expect(AuditHead(text) == nil) }

    @Test func headsAreReadBack() {
        let head = Files([3]).head
        #expect(AuditHead(head.description) == head)
    }
}
