package import RulesetCompiler
import Sessions

/// What the kernel has, beside what it should have.
package struct KernelInspection: Sendable, Hashable {
    /// Elements of sessions that it has; nil when the table is not there.
    package var elements: Int?
    /// Sessions' keys that it should have and has not.
    package var missing: [SessionKey] = []
    /// Keys that it has and should not have.
    package var unexpected: [SessionKey] = []
    /// Keys that it has with another scope, or for another time.
    package var differing: [SessionKey] = []

    /// Whether it does what was decided.
    package var isRight: Bool {
        elements != nil && missing.isEmpty && unexpected.isEmpty && differing.isEmpty
    }
}

extension Enforcer {
    /// Reads the kernel's elements back and compares them. Nothing else is carried out meanwhile, so that both are of one
    /// moment; and reading takes time quadratic in the sessions (0.3 s at 100,000). For people who ask, and for tests.
    nonisolated package func inspectKernel() async throws(CommitFailure) -> KernelInspection {
        let result = await withCheckedContinuation { continuation in
            send(inspection: { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    func inspection() async -> Result<KernelInspection, CommitFailure> {
        do throws(CommitFailure) {
            let there = try await backend.snapshot(of: state.settings.layout)
            return .success(Self.compare(there, with: state.ruleset, at: clock.now()))
        } catch {
            return .failure(error)
        }
    }

    private static func compare(
        _ there: RulesetSnapshot?, with wanted: Ruleset, at now: Instant
    ) -> KernelInspection {
        guard let there else { return KernelInspection(elements: nil) }
        var result = KernelInspection(elements: there.sessions.count)
        // What is about to be over may be there or not.
        for (key, element) in wanted.sessions where element.expires > now + tolerance {
            guard let found = there.sessions[key] else {
                result.missing.append(key)
                continue
            }
            let off = found.expires - element.expires
            if found.scope != element.scope || off > tolerance || off < .zero - tolerance {
                result.differing.append(key)
            }
        }
        result.unexpected = there.sessions.keys.filter { key in
            wanted.sessions[key].map { $0.expires + tolerance < now } ?? true
        }
        return result
    }

    /// The kernel counts in ticks, and reading takes its time.
    private static let tolerance: Duration = .seconds(2)
}
