import Foundation
import TestSupport
import Testing

/// Packs that mean to be costly, given to the built program: it ends by itself, says one thing, and takes no more memory
/// and processor time than the length of the files accounts for. Figures are printed.
///
/// Processor time and not time on the clock: other tests run beside these.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct HostilePackTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var status = 1
        /// Errors and warnings.
        var diagnostics = 1
        /// What one of them says.
        var id: String
        var files: @Sendable () -> [String: String]

        init(
            _ name: String, _ id: String, status: Int = 1, diagnostics: Int = 1,
            _ files: @escaping @Sendable () -> [String: String]
        ) {
            self.name = name
            self.id = id
            self.status = status
            self.diagnostics = diagnostics
            self.files = files
        }

        var testDescription: String { name }
    }

    /// Just below the limit for rule files, of lines.
    private static func full(_ line: String, less: Int = 4096) -> String {
        String(repeating: line, count: ((4 << 20) - less) / line.utf8.count)
    }

    private static let bomb: String =
        "users: &a [x, x, x]\n"
        + zip("bcdefghijklmnop", "abcdefghijklmno").map { "\($0): &\($0) [*\($1), *\($1), *\($1)]\n" }
        .joined()
        + "? *p\n: x\n"

    private static func systems(_ count: Int, _ line: (Int) -> String) -> String {
        "systems:\n  crm: { addresses: [10.10.0.20], services: [tcp/443] }\n"
            + (0..<count).map { "  s\($0): \(line($0))\n" }.joined()
    }

    static let cases: [Case] = [
        Case("a bomb of aliases", "anchors-refused") { ["users.yaml": bomb] },
        Case("aliases of a list of two million", "anchors-refused") {
            [
                "users.yaml": "users: &a [\n" + full(String(repeating: "a,", count: 2000) + "\n")
                    + "]\nb: &b [*a, *a, *a, *a]\n? *b\n: x\n"
            ]
        },
        Case("a hundred megabytes", "file-too-large") {
            ["tests/big.yaml": String(repeating: "# nothing\n", count: 10 << 20)]
        },
        Case("a hundred megabytes of a table", "file-too-large") {
            ["devices.csv": String(repeating: "a,b,c,d\n\n", count: 11 << 20)]
        },
        Case("ten thousand brackets", "nesting-too-deep") {
            [
                "tests/deep.yaml": "tests: "
                    + String(repeating: String(repeating: "[", count: 2000) + "\n", count: 5)
            ]
        },
        Case("twelve hundred dashes, one below the other", "nesting-too-deep") {
            let lines = (0..<1200).map { String(repeating: " ", count: $0) + "-\n" }
            return ["tests/deep.yaml": "tests:\n" + lines.joined()]
        },
        Case("keys within keys", "wrong-type") {
            [
                "tests/deep.yaml": String(repeating: "? ", count: 900) + "[\n"
                    + full(String(repeating: "a,", count: 2000) + "\n", less: 16_384) + "]\n"
            ]
        },
        Case("half a million keys", "unknown-key", diagnostics: 50_001) {
            ["policy.yaml": policy + (0..<360_000).map { "k\(String($0, radix: 36)): 1\n" }.joined()]
        },
        Case("one key, again and again", "duplicate-key") {
            ["users.yaml": "users:\n" + full("  alice: { groups: [staff] }\n")]
        },
        Case("two million values in long lines", "wrong-type", diagnostics: 50_001) {
            [
                "tests/flat.yaml": "tests: [\n" + full("é," + String(repeating: "a,", count: 2000) + "\n")
                    + "]\n"
            ]
        },
        Case("a text of four megabytes", "none", status: 0, diagnostics: 0) {
            ["policy.yaml": "about: |\n" + full("  " + String(repeating: "x", count: 4000) + "\n") + policy]
        },
        Case("letters with a thousand accents", "wrong-type", diagnostics: 1) {
            ["policy.yaml": policy + "idle: [e" + String(repeating: "\u{301}", count: 1900) + "]\n"]
        },
        Case("nothing but zero bytes", "bad-character", diagnostics: 1) {
            ["tests/zero.yaml": String(repeating: "\0", count: 4 << 20)]
        },
        Case("nothing but line ends", "empty-file") { ["tests/lines.yaml": full("\n")] },
        Case("three thousand systems behind one address", "too-many") {
            ["systems.yaml": systems(3000) { "{ addresses: [10.10.0.0/16], services: [tcp/\($0 + 1000)] }" }]
        },
        Case("a system of six million sockets", "none", status: 0, diagnostics: 0) {
            let addresses = (0..<3000).map { "      - 10.10.\($0 / 250).\($0 % 250)\n" }.joined()
            let services = (0..<2000).map { "      - tcp/\(2 * $0 + 1)\n" }.joined()
            return [
                "systems.yaml": "systems:\n  crm:\n    addresses:\n\(addresses)    services:\n\(services)"
            ]
        },
        Case("four thousand classes", "too-many") {
            let classes = (0..<4000).map {
                "  - { name: c\($0), when: { certificate: corporate, user: u\($0) }, access: none }\n"
            }
            return [
                "policy.yaml": policy + classes.joined(),
                "users.yaml": users + (0..<4000).map { "  u\($0): {}\n" }.joined(),
            ]
        },
        Case("a table whose lines have much in common", "too-many") {
            let common = "    session:\n      user: alice\n    reaches:\n"
            let lines = (0..<60_000).map { "      - { as: l\($0), class: staff }\n" }.joined()
            return [
                "tests/table.yaml": "tests:\n  - name: t\n    at: 2026-11-23T10:00:00Z\n" + common
                    + String(repeating: "      - crm\n", count: 150_000) + "    each:\n" + lines
            ]
        },
        Case("properties of every class", "too-many") {
            let line = "  - { class: x*y, reach: any }\n"
            return ["properties.yaml": "must-never:\n" + full(line)]
        },
        Case("half a million labels that no system has", "undefined-system", diagnostics: 50_001) {
            let names = "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,"
            return [
                "systems.yaml": systems(20_000) {
                    "{ addresses: [10.10.1.\($0 % 200)], services: [tcp/\($0 + 1)], label: l\($0) }"
                },
                "properties.yaml": "personal-data: [\n" + full(String(repeating: names, count: 50) + "\n")
                    + "]\n",
            ]
        },
        Case("half a thousand unknown among many", "unknown-user", status: 0, diagnostics: 500) {
            let unknown = (0..<500).map { "v\($0)" }.joined(separator: ", ")
            return [
                "policy.yaml": policy
                    + "  - { name: v, when: { certificate: corporate, user: [\(unknown)] }, access: none }\n",
                "users.csv": "name,groups\n" + (0..<100_000).map { "u\($0),staff\n" }.joined(),
            ]
        },
        Case("a table of one line", "line-too-long") {
            ["devices.csv": "id,digest,kind,status\ne" + String(repeating: "\u{301}", count: 15 << 20) + "\n"]
        },
        Case("a table of columns", "line-too-long") {
            ["devices.csv": String(repeating: "a,", count: 15 << 20) + "\n"]
        },
        Case("a table of short rows", "bad-csv", diagnostics: 50_001) {
            ["devices.csv": "id,digest,kind,status\n" + String(repeating: "a\n", count: 1 << 20)]
        },
        Case("a quote that is never closed", "bad-csv") {
            ["devices.csv": "id,digest,kind,status\n\"" + String(repeating: "a\n", count: 4 << 20)]
        },
    ]

    private static let policy = """
        inside: [10.10.0.0/16]
        classes:
          - name: staff
            when: { certificate: corporate, group: staff }
            access: [crm]

        """
    private static let users = "users:\n  alice: { groups: [staff] }\n"

    private static let base = [
        "authorities.yaml": "authorities:\n  corporate: { digest: \(String(repeating: "1", count: 64)) }\n",
        "policy.yaml": policy, "users.yaml": users, "systems.yaml": systems(0) { _ in "" },
    ]

    @Test(arguments: cases) func isBounded(example: Case) throws {
        let report = try Self.check(Self.base.merging(example.files()) { _, own in own })
        print("hostile: \(example.name): \(report)")
        #expect(report.status == example.status)
        #expect(report.diagnostics == example.diagnostics)
        #expect(example.diagnostics == 0 || report.ids.contains(example.id), "\(report.ids)")
        // A debug build: what is released takes about a tenth of the time.
        #expect(report.seconds < 240)
        #expect(report.megabytes < 900)
    }

    private struct Report: CustomStringConvertible {
        var status = -1
        var seconds = 0.0
        var megabytes = 0
        var diagnostics = 0
        var ids: Set<String> = []

        var description: String {
            "ended with \(status) after \(seconds) s of processor time in \(megabytes) MB, \(diagnostics) diagnostics"
        }
    }

    /// Its own process, so that the memory is its own. Python counts, since it comes with the other tests' tools.
    private static let program = """
        import re, resource, subprocess, sys
        out = subprocess.run(sys.argv[1:3] + [sys.argv[3]], capture_output=True)
        use = resource.getrusage(resource.RUSAGE_CHILDREN)
        ids = re.findall(rb'(?m)^[^ \\n]+: (?:error|warning): .* \\[([a-z0-9-]+)\\]$', out.stdout)
        print(out.returncode, round(use.ru_utime + use.ru_stime, 1), use.ru_maxrss // 1024, len(ids),
              *sorted({i.decode() for i in ids}))
        """

    private static func check(_ files: [String: String]) throws -> Report {
        var report = Report()
        try Executable.inFolder(files) { folder in
            let words = try shell("python3 - '\(Executable.path)' check '\(folder)'", input: program)
                .split(whereSeparator: \.isWhitespace).map(String.init)
            report.status = words.first.flatMap { Int($0) } ?? -1
            report.seconds = Double(words[1]) ?? .infinity
            report.megabytes = Int(words[2]) ?? .max
            report.diagnostics = Int(words[3]) ?? -1
            report.ids = Set(words.dropFirst(4))
        }
        return report
    }
}
