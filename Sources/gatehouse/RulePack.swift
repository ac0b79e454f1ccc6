import Classification
import PolicyLanguage
import PolicyProof
import Sessions

/// A pack, read and judged whole: what it means, every mistake in it, what became of its own tests, and what holds for
/// every session.
struct RulePack: Sendable {
    /// As they were read.
    let files: [PackFile]
    /// Nil when there is any error.
    let policy: Policy?
    let diagnostics: [Diagnostic]
    /// Empty when there was an error: a pack that does not compile has no meaning to test.
    let tests: [PolicyTestResult]
    /// Empty when there was an error.
    let proofs: [Proof]

    /// The policy, when the pack may be put in force: no errors, no failing test, and nothing refuted that must hold.
    var loadable: Policy? { failedTests.isEmpty && refuted.isEmpty ? policy : nil }

    var failedTests: [PolicyTestResult] { tests.filter { !$0.passed } }

    /// Proofs that failed of what no pack may be without.
    var refuted: [Proof] { proofs.filter { $0.property.isRequired && !$0.counterexamples.isEmpty } }

    static func read(_ path: String, at now: Instant) throws -> RulePack {
        RulePack(try PackDirectory(path: path).files(), at: now)
    }

    /// - Parameter files: by path inside the pack.
    init(_ files: [(path: String, bytes: [UInt8])], at now: Instant) {
        self.init(files.map { PackFile(path: $0.path, bytes: $0.bytes) }, at: now)
    }

    init(_ files: [PackFile], at now: Instant) {
        self.files = files
        (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        tests = policy.map(PolicyTestRunner.run) ?? []
        proofs = policy.map { Prover($0, from: now).prove() } ?? []
    }

    /// Everything that an administrator should read, as text: diagnostics, then failing tests.
    var complaints: String {
        var parts: [String] = []
        if !diagnostics.isEmpty { parts.append(DiagnosticRenderer.text(diagnostics)) }
        for test in failedTests {
            let failures = test.failures.map { "  \($0)" }.joined(separator: "\n")
            parts.append("\(test.location): test failed: \(test.name)\n\(failures)")
        }
        return (parts + proofs.flatMap(complaints)).joined(separator: "\n")
    }

    private func complaints(_ proof: Proof) -> [String] {
        if case .undecided(let why) = proof.outcome {
            return ["warning: it is not decided whether \(proof.property.statement): \(why)"]
        }
        let told = Set(diagnostics.filter { $0.id == .shadowedClass }.map(\.range.start))
        return proof.counterexamples.filter { !told.contains($0.location) }.map { example in
            let kind = proof.property.isRequired ? "proof failed" : "warning"
            return ProofText.text(example, kind: kind)
        }
    }
}
