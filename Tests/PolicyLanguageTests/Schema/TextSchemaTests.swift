import Evidence
import Foundation
import FuzzProperties
import NetworkTypes
import Sessions
import TestSupport
import Testing

@testable import PolicyLanguage

/// What a form of text accepts its schema does too, whatever the text; and it refuses what is plainly another form.
struct TextSchemaTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var accepts: @Sendable (String) -> Bool
        var schema: TextSchema
        var good: [String]
        var bad: [String]

        init<Value>(
            _ name: String, _ form: @escaping @Sendable () -> TextForm<Value>, good: [String], bad: [String]
        ) {
            self.name = name
            self.good = good
            self.bad = bad
            schema = form().schema
            accepts = { form().parse($0) != nil }
        }

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case("text", { TextForm<String>.text }, good: ["a", "a b\nc", "é", " "], bad: ["", "a\tb"]),
        Case(
            "free name", { TextForm<String>.freeName }, good: ["a", "a b", "é"],
            bad: ["", " a", "a ", "a\nb"]),
        Case(
            "name", { TextForm<String>.name }, good: ["a", "A-1_b.c", "0"],
            bad: ["", "-a", "a b", "é", "a/b"]),
        Case(
            "duration", { .duration() }, good: ["45s", "1h30m", "030d"],
            bad: ["", "5", "0s", "m", "1m1h", "1w", "-1s"]),
        Case("idle time", { .idleTimeOrNone() }, good: ["none", "30m"], bad: ["", "never", "30"]),
        Case("code age", { SessionReader.codeAge }, good: ["none", "5m"], bad: ["", "yes"]),
        Case("lock", { SessionReader.lock }, good: ["never", "10m"], bad: ["none", "10"]),
        Case(
            "date", { .date() }, good: ["2026-04-30", "2028-02-29"],
            bad: ["2026-4-1", "2026-13-01", "2026-04-31", "1/4/26"]),
        Case(
            "time", { .timestamp() },
            good: ["2026-11-21T10:00Z", "2026-11-21t10:00:00.5+01:00", "2016-12-31T23:59:60Z"],
            bad: ["2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z", "2026-11-21T25:00:00Z"]),
        Case(
            "date or time", { PackReader.point { ZoneClock.utc.first($0) } },
            good: ["2026-11-21", "2026-11-21T10:00:00-02:30"], bad: ["today", "2026-11-21T"]),
        Case(
            "time of day", { .timeOfDay() }, good: ["00:00", "23:59", "24:00"],
            bad: ["8:00", "24:01", "0800", "08:60"]),
        Case("days", { .weekdays() }, good: ["mon", "sat-mon"], bad: ["", "Mon", "mon-", "mon-tue-wed"]),
        Case(
            "service", { .service() }, good: ["ping", "esp", "tcp/0", "udp/5000-65535"],
            bad: ["tcp", "icmp", "tcp/65536", "tcp/080", "sctp/1", "TCP/1"]),
        Case(
            "digest", { .digest() },
            good: [
                String(repeating: "aF", count: 32), Array(repeating: "0a", count: 32).joined(separator: ":"),
            ],
            bad: ["", "aF", String(repeating: "g", count: 64), String(repeating: "a", count: 65)]),
        Case(
            "network", { TextForm<String>.networkText }, good: ["10.10.0.0/16", "fd10::/32"],
            bad: ["", "x", "10.10.0/16"]
        )
        .with { (try? IPPrefix(parsing: $0)) != nil },
        Case(
            "country", { .countryCode() }, good: ["GB", "no", "Fr"], bad: ["UK", "el", "France", "G", "G1"]),
        Case("truth", { .boolean() }, good: ["true", "false"], bad: ["yes", "True", "1"]),
        Case(
            "control", { TextForm<String>.control }, good: ["A.5.37", "A.8.34"],
            bad: ["A.5.38", "8.1", "A.9.1", "A.5.01"]),
        Case(
            "pattern", { TextForm<TextPattern>.pattern }, good: ["*", "a*", "*b c"],
            bad: ["**", " *", "a\nb"]),
        Case("class", { TextForm<TextPattern>.classPattern }, good: ["*", "vendor:*"], bad: ["*a*"]),
        Case(
            "object identifier", { TextForm<String>.objectIdentifier }, good: ["1.3.6.1", "2.999", "0.0"],
            bad: ["1", "3.1", "1.40", "1.03", "1."]),
        Case(
            "attribute", { TextForm<String>.attributeType }, good: ["OU", "2.5.4.3"], bad: ["ou", "unit", ""]),
        Case(
            "version", { TextForm<ClientVersion>.clientVersion }, good: ["2", "2.6.12", "1.2.3.4.5.6.7.8"],
            bad: ["", "2.", "2.6_rc", "1.2.3.4.5.6.7.8.9"]),
        Case(
            "web address", { TextForm<String>.webAddress }, good: ["http://a", "https://[::1]/x"],
            bad: ["a.example", "ftp://a"]),
        Case("path", { TextForm<String>.absolutePath }, good: ["/", "/a b"], bad: ["a", ""]),
        Case("count", { .count(upTo: 1000) }, good: ["1", "1000", "007"], bad: ["0", "-1", "x", ""]),
        Case(
            "word", { .choice("a status") as TextForm<DeviceStatus> }, good: ["in-use"], bad: ["In-use", ""]),
    ]

    private static func validator(_ schema: TextSchema) throws -> SchemaValidator {
        try SchemaValidator(JSONValue.object(schema.members).text)
    }

    @Test(arguments: cases) func fits(_ one: Case) throws {
        let validator = try Self.validator(one.schema)
        for text in one.good { #expect(one.accepts(text) && validator.accepts(.string(text)), "\(text)") }
        for text in one.bad { #expect(!one.accepts(text) && !validator.accepts(.string(text)), "\(text)") }
    }

    @Test(arguments: cases) func isNeverStricter(_ one: Case) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let validator = try Self.validator(one.schema)
        let signs = Array("0123456789abcdefzmhsdTZ.:/-+*_ \nÉ\u{301}\u{A0}\u{3000}")
        var accepted = 0
        for _ in 0..<3000 {
            var text = Array(one.good.randomElement(using: &random) ?? "")
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let at = Int.random(in: 0...text.count, using: &random)
                let sign = signs[Int.random(in: signs.indices, using: &random)]
                switch random.next() % 3 {
                case 0: text.insert(sign, at: at)
                case 1 where at < text.count: text[at] = sign
                case _ where at < text.count: text.remove(at: at)
                default: break
                }
            }
            guard one.accepts(String(text)) else { continue }
            accepted += 1
            #expect(
                validator.accepts(.string(String(text))), "seed \(seed): \(String(text).debugDescription)")
        }
        #expect(accepted > 100)
    }
}

extension TextSchemaTests.Case {
    /// What says whether a text is good where the form leaves that to another.
    fileprivate func with(_ accepts: @escaping @Sendable (String) -> Bool) -> Self {
        var result = self
        result.accepts = accepts
        return result
    }
}
