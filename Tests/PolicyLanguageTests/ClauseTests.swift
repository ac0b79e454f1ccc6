import PolicyLanguage
import Testing

/// What a pack lists of the written policy.
struct ClauseTests {
    private static func compile(_ clauses: String) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        PolicyCompiler.compile(
            [
                PackFile(path: "policy.yaml", text: "inside: [10.10.0.0/16]\nclasses: []"),
                PackFile(path: "clauses.yaml", text: "clauses:\n" + clauses),
            ], now: Packs.now)
    }

    private static func place(_ line: Int) -> PolicyLanguage.SourceLocation {
        PolicyLanguage.SourceLocation(file: "clauses.yaml", line: line, column: 3)
    }

    @Test func areKeptInTheirOrder() throws {
        let result = Self.compile(
            """
              proxy: { title: Only through the proxy, document: Remote working 5.3, controls: [A.8.20, A.8.23, A.8.20] }
              audit: { title: Audited at any time, kind: recorded, controls: A.5.35 }
              paper: { title: Paper, kind: out-of-reach, because: No packet tells of it, controls: [] }
            """)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        let policy = try #require(result.policy)
        #expect(
            policy.clauses == [
                Clause(
                    id: "proxy", title: "Only through the proxy", document: "Remote working 5.3",
                    controls: ["A.8.20", "A.8.23"], location: Self.place(2)),
                Clause(
                    id: "audit", title: "Audited at any time", kind: .recorded, controls: ["A.5.35"],
                    location: Self.place(3)),
                Clause(
                    id: "paper", title: "Paper", kind: .outOfReach, because: "No packet tells of it",
                    location: Self.place(4)),
            ])
    }

    @Test(arguments: [
        ("A.5.1", true), ("A.5.37", true), ("A.5.38", false), ("A.6.8", true), ("A.6.9", false),
        ("A.7.14", true), ("A.7.15", false), ("A.8.34", true), ("A.8.35", false), ("A.4.1", false),
        ("A.8.0", false), ("A.8.-1", false), ("A.8.+1", false), ("A.8.01", false), ("A.8.1.1", false),
        ("B.8.1", false), ("A.9.2", false), ("A.8.99999999999999999999", false),
    ])
    func controlsAreThoseOfTheStandard(number: String, isOne: Bool) {
        let result = Self.compile("  a: { title: One, controls: [\"\(number)\"] }")
        #expect((result.policy != nil) == isOne)
        #expect(result.diagnostics.map(\.id) == (isOne ? [] : [.wrongValue]))
    }

    /// A reason helps anywhere; only what is out of reach must have one.
    @Test(arguments: [
        ("kind: enforced", true), ("kind: recorded", true), ("kind: out-of-reach", false),
        ("kind: out-of-reach, because: Paper", true), ("because: So it is", true),
        ("kind: out-of-reach, because: ''", false),
    ])
    func whatIsOutOfReachSaysWhy(written: String, isGood: Bool) {
        #expect((Self.compile("  a: { title: One, \(written) }").policy != nil) == isGood)
    }

    @Test func withoutAListThereAreNone() throws {
        let files = [PackFile(path: "policy.yaml", text: "inside: [10.10.0.0/16]\nclasses: []")]
        #expect(try #require(PolicyCompiler.compile(files, now: Packs.now).policy).clauses.isEmpty)
        let standard = try #require(Packs.compile(try Packs.bytes(in: Packs.standard)).policy)
        #expect(standard.clauses.count == 16)
        #expect(standard.clauses.filter { $0.kind == .outOfReach }.map(\.id) == ["paper"])
    }
}
