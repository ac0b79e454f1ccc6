import Testing

/// A checker that sees nothing passes everything: these are the things that it must see.
@Suite struct SwiftTextTests {
    @Test(arguments: [
        ("import Foundation", ["Foundation"], "plain"),
        ("package import NetworkTypes", ["NetworkTypes"], "with an access level"),
        ("@preconcurrency import Dispatch", ["Dispatch"], "with an attribute"),
        ("@_spi(Testing) package import Sessions", ["Sessions"], "with an attribute that has an argument"),
        ("import struct Foundation.Date", ["Foundation"], "one declaration of a module"),
        ("import A; import B", ["A", "B"], "two on a line"),
        ("  #if canImport(Glibc)\n  import Glibc\n  #endif", ["Glibc"], "indented, in a condition"),
        ("// import A\n/// import B\nimport C", ["C"], "comments"),
        ("/* import A /* import B */ import C */ import D", ["D"], "nested comments"),
        ("let a = \"import A\"\nimport B", ["B"], "a string"),
        ("let a = \"\"\"\n  import A\n  \"\"\"\nimport B", ["B"], "a string of many lines"),
        ("let a = #\"\\\"#\nimport B", ["B"], "a raw string that ends in a backslash"),
        ("let a = \"// \\\" /*\"\nimport B", ["B"], "comment marks and an escaped quote in a string"),
        ("let a = /\"/\nimport B", ["B"], "a quote in a regex harms its line alone"),
        ("case `import`\nlet a = .import", [], "a name"),
        ("importer()", [], "a word that begins alike"),
    ])
    func findsImports(source: String, modules: [String], because reason: Comment) {
        #expect(SwiftText(source).imports.map(\.text) == modules, reason)
    }

    @Test(arguments: [
        ("let now = Date()", true, "the wall clock"),
        ("let now = Date ( )", true, "spaced out"),
        ("let now = Foundation.Date()", true, "with its module"),
        ("let text = \"at \\(Date())\"", true, "in an interpolation"),
        ("let text = \"\"\"\n  \\(f(\"x\", Date.now))\n  \"\"\"", true, "in an interpolation of many lines"),
        ("let day = Date(timeIntervalSince1970: 0)", false, "a given time"),
        ("// Date() reads the clock", false, "a comment"),
        ("let text = \"Date()\"", false, "a string"),
        ("func reads(now: Instant)", false, "a parameter"),
        ("let clock = ContinuousClock()", true, "a monotonic clock is a clock"),
        ("let file = open(path, O_RDONLY)", true, "a file"),
        ("connection.open(path)", false, "a method of something that was handed in"),
        ("func open(path: String)", false, "the declaration of a method"),
        ("func open(path: String)\nopen(path: name)", false, "the file's own function"),
        ("case system(String)", false, "a case"),
        ("let line = readLine()", true, "standard input is I/O"),
        ("reopen(path)", false, "a word that ends alike"),
        ("print(decision)", true, "standard output is I/O"),
        ("list.append(contentsOf: more)", false, "a collection"),
        ("let text = String(contentsOf: url)", true, "a file"),
        ("let zone = TimeZone.current", true, "the machine's time zone"),
        ("let zone = TimeZone(identifier: name)", false, "a named zone"),
        ("let n = Int.random(in: f(0)..<9)", true, "the system's generator"),
        ("let n = Int.random(in: f(0)..<9, using: &generator)", false, "a generator that was handed in"),
        ("let all = list.shuffled()", true, "the system's generator"),
        ("let all = list.shuffled(using: &generator)", false, "a generator that was handed in"),
        ("let process = Process()", true, "another program"),
        ("let id = SessionID(serverProcess: 1)", false, "a word that ends alike"),
    ])
    func findsImpurities(source: String, isImpure: Bool, because reason: Comment) {
        let text = SwiftText(source)
        let found =
            Impurity.all.contains { !text.lines(of: $0.words).isEmpty }
            || !text.linesOfSystemRandomness.isEmpty
        #expect(found == isImpure, reason)
    }

    @Test func linesAreTheFilesOwn() {
        let source = "/* one\n two */\nlet a = \"\"\"\n four\n \"\"\"\nimport A // six\nlet b = Date()\n"
        let text = SwiftText(source)
        #expect(text.imports == [SwiftText.Token(text: "A", line: 6)])
        #expect(text.lines(of: SwiftText.words("Date()")) == [7])
    }

    @Test(arguments: [
        ("NetworkTypes", "FlowSpace", false), ("FlowSpace", "NetworkTypes", true),
        ("Evidence", "Crypto", true),
        ("Evidence", "PolicyLanguage", false), ("Classification", "Foundation", false),
        ("PolicyLanguage", "Yams", true), ("RulesetCompiler", "Netfilter", false),
        ("Enforcement", "Netfilter", false),
        ("Enforcement", "VPNSources", false), ("Netfilter", "PolicyLanguage", false),
        ("Lab", "Enforcement", false),
        ("Store", "SQLite3", false), ("gatehouse", "Netfilter", true),
    ])
    func objects(target: String, module: String, isAllowed: Bool) throws {
        let floor = try #require(Floor.all.first { $0.name == target })
        let objection = floor.objection(toImporting: module)
        #expect((objection == nil) == isAllowed)
        if let objection {
            #expect(objection.contains(floor.why), "an objection gives its reason: \(objection)")
        }
    }
}
