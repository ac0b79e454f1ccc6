import Classification
import Evidence
import FlowSpace
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// The pack that comes with the program does what it says of itself, and never gives more for knowing less.
@Suite(.timeLimit(.minutes(30)))
struct DefaultPackTests {
    private static let now = Samples.now

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func policy(adding extra: [PackFile] = []) throws -> Policy {
        let folder = root.appending(path: "rules/default")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".csv") }
            .map {
                PackFile(path: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
            }
        let result = PolicyCompiler.compile(files + extra, now: now)
        #expect(DiagnosticRenderer.text(result.diagnostics) == "")
        return try #require(result.policy)
    }

    @Test func itsOwnTestsPass() throws {
        for result in PolicyTestRunner.run(try Self.policy()) {
            #expect(result.passed, "\(result.name): \(result.failures)")
        }
    }

    /// The page about conditions shows a whole session; it is one of this pack.
    @Test func theDocumentedSessionIsTrue() throws {
        let page = Self.root.appending(path: "Sources/gatehouse/Gatehouse.docc/Conditions.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "## Sessions in tests").last)
        let example = try #require(
            section.components(separatedBy: "```").dropFirst().first?.dropFirst("yaml".count))
        let file = PackFile(path: "tests/documented.yaml", text: "tests:" + example)
        let results = PolicyTestRunner.run(try Self.policy(adding: [file]))
        let documented = try #require(results.first { $0.location.file == file.path })
        #expect(documented.failures == [])
    }

    /// So do the page about settings, in its table, and in its tests of settings but for what this pack leaves unsaid.
    @Test func theDocumentedTableIsTrue() throws {
        let page = Self.root.appending(path: "Sources/gatehouse/Gatehouse.docc/Settings.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "## Tests").last)
        let blocks = section.components(separatedBy: "```").filter { $0.hasPrefix("yaml") }
            .map { $0.dropFirst("yaml".count) }
        #expect(blocks.count == 2)
        let files = blocks.enumerated().map { number, block in
            PackFile(path: "tests/documented-\(number).yaml", text: "tests:" + block)
        }
        let results = PolicyTestRunner.run(try Self.policy(adding: files))
        let table = results.filter { $0.location.file == files[0].path }
        #expect(table.count == 3 && table.allSatisfy(\.passed), "\(table.flatMap(\.failures))")
        let settings = results.filter { $0.location.file == files[1].path }
        #expect(settings.map(\.passed) == [true, false, true, true])
    }

    /// And its settings compile.
    @Test func theDocumentedSettingsCompile() throws {
        let page = Self.root.appending(path: "Sources/gatehouse/Gatehouse.docc/Settings.md")
        let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
            .filter { $0.hasPrefix("yaml") }.map { $0.dropFirst("yaml".count) }
        let (settings, monitoring, clauses) = (blocks[0], blocks[1], blocks[2])
        let unmonitored = settings.split(separator: "\n").filter { !$0.hasPrefix("monitoring") }
            .joined(separator: "\n")
        for written in [String(settings), unmonitored + "\n" + monitoring] {
            let files = [
                PackFile(path: "policy.yaml", text: "inside: [10.10.0.0/16]\nclasses: []\n" + written)
            ]
            #expect(DiagnosticRenderer.text(PolicyCompiler.compile(files, now: Self.now).diagnostics) == "")
        }
        let listed = [
            PackFile(path: "policy.yaml", text: "inside: [10.10.0.0/16]\nclasses: []"),
            PackFile(path: "clauses.yaml", text: String(clauses)),
        ]
        let compiled = PolicyCompiler.compile(listed, now: Self.now)
        #expect(DiagnosticRenderer.text(compiled.diagnostics) == "")
        #expect(compiled.policy?.clauses.map(\.kind) == [.enforced, .recorded, .outOfReach])
    }

    /// And every clause that a class serves.
    @Test func everyClassIsShownByATest() throws {
        let policy = try Self.policy()
        let shown = Set(policy.tests.compactMap { $0.expectedClass ?? nil })
        #expect(shown == Set(policy.classes.map(\.name)))
        #expect(Set(policy.classes.flatMap(\.cites)).isSubset(of: policy.tests.flatMap(\.cites)))
    }

    @Test(arguments: [UInt64(5), 20_261_127]) func knowingLessNeverReachesMore(seed: UInt64) async throws {
        let policy = try Self.policy()
        var random = Seeded(seed)
        var (admitted, narrowed) = (0, 0)
        for round in 0..<150 {
            await Task.yield()
            let full = Self.session(by: &random).evidence(under: policy, at: Self.now)
            let most = Classifier.classify(full, under: policy, at: Self.now).flowSpace(under: policy)
            if !most.isEmpty { admitted += 1 }
            for (piece, less) in full.lessByOne {
                let reached = Classifier.classify(less, under: policy, at: Self.now).flowSpace(under: policy)
                #expect(
                    reached.isSubset(of: most), "seed \(seed), round \(round): without \(piece)\n\(full)")
                if reached != most { narrowed += 1 }
            }
        }
        #expect(admitted > 30 && narrowed > 100, "\(admitted) admitted, \(narrowed) narrowed")
    }

    private static let devices = [
        "laptop-0001", "laptop-0001", "laptop-0002", "laptop-0003", "pool-01", "pool-01", "northwind-01",
    ]
    private static let users = ["alice", "alice", "bob", "bob", "dave", "carol"]

    private static func session(by random: inout Seeded) -> SessionDescription {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        var session = SessionDescription()
        session.authority = chance(90) ? "corporate" : "third-party"
        if session.authority == "third-party" { session.organisation = "Northwind Support Ltd" }
        session.device = Self.devices.randomElement(using: &random)
        session.user = Self.users.randomElement(using: &random) ?? ""
        if chance(85) { session.mfaAge = .seconds(chance(80) ? 600 : 50_000) }
        if chance(85) {
            session.posture = [
                .antivirus(age: .seconds(chance(80) ? 86_400 : 700_000)),
                .diskEncryption(chance(90), seen: .seconds(60)),
            ]
        }
        session.country = CountryCode(chance(70) ? "GB" : "FR")
        session.outer = IPAddress(chance(50) ? "192.0.2.17" : "198.51.100.1")
        return session
    }
}
