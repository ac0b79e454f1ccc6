import Classification
import PolicyLanguage
import Sessions

/// A pack, read and judged whole: what it means, every mistake in it, and what became of its own tests.
struct RulePack {
    /// Nil when there is any error.
    let policy: Policy?
    let diagnostics: [Diagnostic]
    /// Empty when there was an error: a pack that does not compile has no meaning to test.
    let tests: [PolicyTestResult]

    /// The policy, when the pack may be put in force: no errors, and no failing test.
    var loadable: Policy? { failedTests.isEmpty ? policy : nil }

    var failedTests: [PolicyTestResult] { tests.filter { !$0.passed } }

    static func read(_ path: String, at now: Instant) throws -> RulePack {
        var files: [PackFile] = []
        var unreadable: [Diagnostic] = []
        for file in try PackDirectory(path: path).files() {
            let (decoded, diagnostics) = PackFile.decode(path: file.path, bytes: file.bytes)
            if let decoded { files.append(decoded) }
            unreadable += diagnostics
        }
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        guard unreadable.isEmpty else {
            return RulePack(policy: nil, diagnostics: unreadable + diagnostics, tests: [])
        }
        return RulePack(
            policy: policy, diagnostics: diagnostics, tests: policy.map(PolicyTestRunner.run) ?? [])
    }

    /// Everything that an administrator should read, as text: diagnostics, then failing tests.
    var complaints: String {
        var parts: [String] = []
        if !diagnostics.isEmpty { parts.append(DiagnosticRenderer.text(diagnostics)) }
        for test in failedTests {
            let failures = test.failures.map { "  \($0)" }.joined(separator: "\n")
            parts.append("\(test.location): test failed: \(test.name)\n\(failures)")
        }
        return parts.joined(separator: "\n")
    }
}
