import Evidence
import PolicyLanguage
import RegisterImport
import Testing

/// One user a row, with the names in a mark that every encoding writes otherwise.
struct ReadingTests {
    private static func read(
        _ bytes: [UInt8], _ mapping: ImportMapping = ImportMapping(ownNamesOf: .user),
        limits: ImportLimits = ImportLimits()
    ) throws(ImportRefusal) -> ImportReport {
        try ImportReport.read(bytes, file: "f.csv", mapping: mapping, limits: limits)
    }

    private static func read(_ text: String) throws(ImportRefusal) -> ImportReport {
        try read(Array(text.utf8))
    }

    private static func mapping(_ text: String) throws -> ImportMapping {
        let log = DiagnosticLog()
        let mapping = ImportMapping.read(path: "m.yaml", text: text, log: log)
        return try #require(mapping, "\(DiagnosticRenderer.text(log.diagnostics))")
    }

    static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return bigEndian ? [high, low] : [low, high]
        }
    }

    // MARK: Encodings

    struct Encoded: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        /// What the refusal says; nil when it is read.
        var refusal: String?
        var testDescription: String { name }
    }

    static let text = "name,organisation\nzoë,🚧 works\n"

    static let encodings: [Encoded] = [
        Encoded(name: "UTF-8", bytes: Array(text.utf8)),
        Encoded(
            name: "UTF-8 with a mark: Excel's 'CSV UTF-8'", bytes: [0xEF, 0xBB, 0xBF] + Array(text.utf8)),
        Encoded(name: "UTF-16LE with a mark", bytes: [0xFF, 0xFE] + utf16(text, bigEndian: false)),
        Encoded(name: "UTF-16BE with a mark", bytes: [0xFE, 0xFF] + utf16(text, bigEndian: true)),
        Encoded(
            name: "UTF-16LE without one", bytes: utf16("name\nzoe", bigEndian: false),
            refusal:
                "f.csv:1:2: error: found a zero byte: expected text, in UTF-8 or in UTF-16 with a byte order "
                + "mark (at byte 1)"),
        Encoded(
            name: "Latin-1", bytes: Array("name\nzo".utf8) + [0xEB, 0x0A],
            refusal:
                "f.csv:2:3: error: found 0xEB, which is no UTF-8: expected UTF-8 (in Excel, 'CSV UTF-8'), or "
                + "UTF-16 with a byte order mark (at byte 7)"),
        Encoded(
            name: "Latin-1 behind a mark: the offset counts it", bytes: [0xEF, 0xBB, 0xBF, 0x61, 0xEB],
            refusal: "(at byte 4)"),
        Encoded(
            name: "a surrogate written as UTF-8", bytes: Array("name\n".utf8) + [0xED, 0xA0, 0x80],
            refusal: "(at byte 5)"),
        Encoded(
            name: "half a surrogate pair", bytes: [0xFF, 0xFE, 0x61, 0, 0x3D, 0xD8, 0x0A, 0],
            refusal: "found half a character of UTF-16 (at byte 4)"),
        Encoded(
            name: "half a unit", bytes: [0xFF, 0xFE, 0x61, 0, 0x62],
            refusal: "UTF-16 ends in the middle of a character (at byte 4)"),
        Encoded(
            name: "UTF-32", bytes: [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], refusal: "this is UTF-32"),
        Encoded(
            name: "a workbook", bytes: [0x50, 0x4B, 3, 4, 0], refusal: "this is a workbook"),
        Encoded(name: "nothing", bytes: [], refusal: "the file says nothing"),
        Encoded(name: "a mark and nothing", bytes: [0xEF, 0xBB, 0xBF], refusal: "the file says nothing"),
        Encoded(name: "empty lines", bytes: Array("\r\n\n".utf8), refusal: "the file says nothing"),
    ]

    @Test(arguments: encodings) func readsOrRefuses(_ encoded: Encoded) throws {
        do throws(ImportRefusal) {
            let report = try Self.read(encoded.bytes)
            #expect(encoded.refusal == nil)
            #expect(report.rows.map(\.statement.subject.key) == ["zoë"])
            #expect(report.rows.first?.statement.fields == ["organisation": ["🚧 works"]])
        } catch {
            let refusal = try #require(encoded.refusal, "\(error)")
            #expect(error.description.contains(refusal), "\(error)")
        }
    }

    // MARK: Rows

    @Test(arguments: [
        ("name,organisation\na,b\n", ","), ("name;organisation\na;b\n", ";"),
        ("name\torganisation\na\tb\n", "\t"), ("name|organisation\na|b\n", "|"),
        // What Excel takes for a hint, and is no row.
        ("sep=;\r\nname;organisation\r\na;b\r\n", ";"),
        // Commas in quotes are no delimiters, however many there are.
        ("name;\"organisation\"\na;b\n", ";"),
        // The last line may lack its end.
        ("name,organisation\na,b", ","), ("name,organisation\ra,b\r", ","),
    ])
    func findsTheDelimiter(text: String, delimiter: String) throws {
        let report = try Self.read(text)
        #expect(report.delimiter == delimiter)
        #expect(report.rows.first?.statement.fields == ["organisation": ["b"]])
    }

    @Test func columnsWithTheOtherDelimiterInTheirNames() throws {
        let mapping = try Self.mapping(
            "register: user\nkey: \"Name, in full\"\ncolumns: { organisation: Team }\n")
        let text = "Name, in full;Room, or desk;Team, or none;Team\na;1;2;b\n"
        let report = try Self.read(Array(text.utf8), mapping)
        #expect(report.delimiter == ";")
        #expect(report.rows.first?.statement.fields == ["organisation": ["b"]])
    }

    @Test func linesCountInsideQuotes() throws {
        let report = try Self.read(
            "name,organisation\r\n\"a\",\"x\"\r\nb,\"two\r\nlines\"\r\n\r\n,x,\r\nc,\"é\",\"d\"\r\nd,y\r\n")
        #expect(report.rows.map(\.line) == [2, 8])
        #expect(
            report.problems.map(\.description) == [
                "3:3: b, organisation: expected a name, found 'two\u{FFFD}\u{FFFD}lines'",
                "6:1: expected 2 fields, found 3", "7:1: c: expected 2 fields, found 3",
            ])
        #expect(report.unnamedCount == 1 && report.rowCount == 5)
    }

    @Test func aFileThatIsCutShortIsRefusedWhole() {
        #expect {
            try Self.read("name,organisation\na,b\nc,\"d\ne,f\n")
        } throws: {
            "\($0)".contains("f.csv:3:3: error: a quote is never closed")
        }
    }

    @Test func threeWithOneKey() throws {
        let report = try Self.read("name,organisation\na,x\nb,x\na,y\na,\"z\nz\"\n")
        #expect(report.rows.map(\.statement.subject.key) == ["b"])
        #expect(
            report.problems.map(\.description) == [
                "2:1: a, name: expected each user name once, found it on lines 4 and 5",
                "4:1: a, name: expected each user name once, found it on lines 2 and 5",
                "5:3: a, organisation: expected a name, found 'z\u{FFFD}z'",
            ])
    }

    @Test func problemsBeyondTheLimitAreCounted() throws {
        var limits = ImportLimits()
        limits.problems = 2
        let text = "name,organisation\n" + String(repeating: "a,x\n", count: 50)
        let report = try Self.read(Array(text.utf8), limits: limits)
        #expect(report.rows.isEmpty && report.problemCount == 50 && report.misfitCount == 50)
        #expect(report.problems.count == 2)
        #expect(report.problems.first?.found == "it on 49 other lines, 3, 4, 5, 6 among them")
        #expect(
            ImportPlan(report, against: RegisterLines(.user, [:])).text().contains("\n  and 48 more\n"))
    }

    @Test func filesOutOfProportionAreRefused() {
        var limits = ImportLimits()
        limits.rows = 3
        limits.bytes = 40
        #expect(throws: Never.self) { try Self.read(Array("name\na\nb\nc\n".utf8), limits: limits) }
        #expect {
            try Self.read(Array("name\na\nb\nc\nd\n".utf8), limits: limits)
        } throws: { "\($0)".contains("f.csv:5:1: error: the file has more than 3 rows") }
        #expect {
            try Self.read(Array(repeating: 0x61, count: 41), limits: limits)
        } throws: { "\($0)".contains("the file is larger than") }
        #expect {
            try Self.read("name" + String(repeating: ",x", count: 1_000))
        } throws: { "\($0)".contains("the header has more than 1000 columns") }
    }

    @Test func rowsThatAreNotMeantAreAsIfTheyWereNotThere() throws {
        let mapping = try Self.mapping(
            "register: user\nkey: n\ncolumns: {}\nskip: { t: [guest, \"\"] }\nonly: { on: \"Yes\" }\n")
        let text = "n,t,on\na,staff,yes\na,Guest,yes\nb,,yes\nc,staff,no\n,guest,yes\nd,staff, YES \n"
        let report = try Self.read(Array(text.utf8), mapping)
        #expect(report.rows.map(\.statement.subject.key) == ["a", "d"])
        #expect(report.skippedCount == 4 && report.keys == ["a", "d"] && report.unnamedCount == 0)
    }

    // MARK: Cells

    /// What one cell comes to: nil for not at all, a text for a value, `-` for left as it is, `x` for erased.
    private static func outcome(_ field: String, _ rule: String, _ cell: String) throws -> String? {
        let mapping = try mapping("register: device\nkey: k\ncolumns:\n  \(field): \(rule)\n")
        let quoted = "\"" + cell.replacing("\"", with: "\"\"") + "\""
        let report = try read(Array("k,c\nD,\(quoted)\n".utf8), mapping)
        guard let row = report.rows.first else { return nil }
        guard let values = row.statement.fields[field] else { return "-" }
        return values.isEmpty ? "x" : values.joined(separator: "+")
    }

    @Test(
        arguments: [
            ("owner", "c", " alice ", "alice"),
            ("owner", "c", "\u{A0}alice\t", "alice"),
            ("owner", "c", "  ", "-"),
            ("owner", "{ column: c, empty: erase }", "  ", "x"),
            ("owner", "{ column: c, before: \"@\" }", "alice@b@c", "alice"),
            // Without the mark all of it counts.
            ("owner", "{ column: c, before: \"@\" }", "alice", "alice"),
            ("owner", "{ column: c, before: \"@\" }", "@b", "-"),
            ("owner", "{ column: c, after: '\\', before: \"@\", case: lower }", "DOM\\Alice@b", "alice"),
            ("owner", "c", "two\nlines", nil),
            ("owner", "c", String(repeating: "a", count: 257), nil),
            ("status", "{ column: c, values: { Active: in-use, Gone: lost } }", "ACTIVE", "in-use"),
            ("status", "{ column: c, values: { Active: in-use, Gone: lost } }", "Broken", nil),
            ("status", "{ column: c, values: { Active: in-use }, otherwise: retired }", "Broken", "retired"),
            ("status", "{ column: c, values: { Active: in-use }, otherwise: leave }", "Broken", "-"),
            ("status", "{ column: c, values: { Active: in-use }, otherwise: erase }", "Broken", "x"),
            // An empty cell is nothing, not something else: `otherwise` is not for it, a value of its own is.
            ("status", "{ column: c, values: { Active: in-use }, otherwise: retired }", "", "-"),
            ("status", "{ column: c, values: { \"\": retired, Active: in-use } }", "", "retired"),
            ("owner", "{ column: c, values: { None: \"erase\" } }", "none", "erase"),
            ("managed", "{ column: c, values: { compliant: true } }", "Compliant", "true"),
            ("managed", "c", "Yes", "true"),
            ("managed", "{ is: \"no\" }", "whatever", "false"),
            ("last-on-site", "c", "2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00Z"),
            // What .NET and JavaScript write: registers have whole seconds.
            ("last-on-site", "c", "2026-11-21T10:42:38.1234567Z", "2026-11-21T10:42:38Z"),
            ("last-on-site", "c", "2026-11-21T10:42:38.123+01:00", "2026-11-21T09:42:38Z"),
            ("last-on-site", "c", "2026-11-21T10:42:38,123Z", nil),
            ("last-on-site", "c", "21/11/2026", nil),
        ] as [(String, String, String, String?)])
    func readsCells(field: String, rule: String, cell: String, expected: String?) throws {
        #expect(try Self.outcome(field, rule, cell) == expected)
    }

    @Test(
        arguments: [
            ("dd/MM/yyyy HH:mm", "21/11/2026 10:05", "2026-11-21T10:05:00Z"),
            ("dd/MM/yyyy HH:mm", "1/11/2026 10:05", nil),
            ("d/M/yyyy H:mm", "1/2/2026 9:05", "2026-02-01T09:05:00Z"),
            ("d/M/yyyy H:mm", "11/12/2026 19:05", "2026-12-11T19:05:00Z"),
            ("dd/MM/yyyy HH:mm", "31/02/2026 10:05", nil),
            ("dd/MM/yyyy HH:mm", "21/11/2026 24:00", nil),
            ("dd/MM/yyyy HH:mm", "21/11/2026 10:05 ", "2026-11-21T10:05:00Z"),
            ("dd/MM/yyyy HH:mm", "21/11/2026 10:05x", nil),
            // Summer time, and the hour that comes twice: the first of the two.
            ("dd/MM/yyyy HH:mm", "21/06/2026 10:05", "2026-06-21T09:05:00Z"),
            ("dd/MM/yyyy HH:mm", "25/10/2026 01:30", "2026-10-25T00:30:00Z"),
            // What Entra writes.
            ("M/d/yyyy h:mm:ss a", "8/19/2026 1:25:31 PM", "2026-08-19T12:25:31Z"),
            ("M/d/yyyy h:mm:ss a", "1/19/2026 12:00:05 am", "2026-01-19T00:00:05Z"),
            ("M/d/yyyy h:mm:ss a", "1/19/2026 12:00:05\u{202F}PM", "2026-01-19T12:00:05Z"),
            ("M/d/yyyy h:mm:ss a", "1/19/2026 13:00:05 PM", nil),
            // What Google and Intune write.
            ("yyyy/MM/dd HH:mm:ss", "2026/01/10 04:05:20", "2026-01-10T04:05:20Z"),
            ("yyyy-MM-dd HH:mm:ss.S", "2026-01-10 04:05:20.0000000", "2026-01-10T04:05:20Z"),
            ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2026-01-10T04:05:20Z", "2026-01-10T04:05:20Z"),
            ("d MMM yyyy", "3 Sep 2026", "2026-09-02T23:00:00Z"),
            ("d MMM yyyy", "3 Sept 2026", nil),
            ("yyyyMMdd", "20261121", "2026-11-21T00:00:00Z"),
        ] as [(String, String, String?)])
    func readsTimes(pattern: String, cell: String, expected: String?) throws {
        let rule = "{ column: c, format: \"\(pattern)\", zone: Europe/London }"
        #expect(try Self.outcome("last-on-site", rule, cell) == expected)
    }

    @Test(arguments: [
        "dd/mm/yyyy", "dd/MM/yy", "HH:mm", "dd/MM/yyyy hh:mm", "dd/MM/yyyy HH:mm a", "dd/MM/yyyy HH",
        "yyyy'MM",
        "dd/MM/yyyy:ss", "QQ/MM/yyyy", "dd/MM/yyyy dd", "",
    ])
    func refusesPatterns(pattern: String) {
        let log = DiagnosticLog()
        let text =
            "register: device\nkey: k\ncolumns:\n  last-on-site: { column: c, format: \"\(pattern)\" }\n"
        #expect(ImportMapping.read(path: "m.yaml", text: text, log: log) == nil && log.hasErrors)
    }

    /// A day holds to its end where something ends, and where something begins in an hour that comes twice, it begins
    /// late.
    @Test func daysEndAndBeginWhereTheyDo() throws {
        let mapping = try Self.mapping(
            """
            register: loan
            key: k
            columns:
              from: { column: f, format: "dd/MM/yyyy HH:mm", zone: Europe/London }
              until: { column: u, format: dd/MM/yyyy, zone: Europe/London }
            """)
        let report = try Self.read(Array("k,f,u\nL,25/10/2026 01:30,21/06/2026\n".utf8), mapping)
        #expect(
            report.rows.first?.statement.fields == [
                "from": ["2026-10-25T01:30:00Z"], "until": ["2026-06-21T23:00:00Z"],
            ])
        // The end of that day is beyond the times that registers write.
        let last = try Self.read(Array("k,f,u\nL,,31/12/2261\n".utf8), mapping)
        #expect(last.rows.isEmpty && last.misfitCount == 1)
    }

    @Test(
        arguments: [
            ("groups", "a;b; a ;", "a+b"), ("groups", ";;", "-"),
            ("{ column: groups, separator: \", \" }", "a, b", "a+b"),
            ("{ column: groups, values: { A: [x, y], B: leave, C: erase } }", "a;b;c", "x+y"),
            ("{ column: groups, values: { A: [x, y], B: leave, C: erase } }", "b;c", "x"),
            ("{ column: groups, values: { A: [x, y], B: leave, C: erase } }", "a;d", nil),
        ] as [(String, String, String?)])
    func readsLists(rule: String, cell: String, expected: String?) throws {
        let mapping = try Self.mapping("register: user\nkey: k\ncolumns:\n  groups: \(rule)\n")
        let report = try Self.read(Array("k\tgroups\nU\t\(cell)\n".utf8), mapping)
        let values = report.rows.first.map { $0.statement.fields["groups"] }
        let shown = values.map { $0.map { $0.isEmpty ? "x" : $0.joined(separator: "+") } ?? "-" }
        // `x` is a group here, and the sign for nothing.
        #expect(shown == expected)
    }
}
