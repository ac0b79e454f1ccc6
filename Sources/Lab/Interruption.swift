import Glibc
import Synchronization

/// SIGINT and SIGTERM, as cancellation of the task that runs the lab.
package enum Interruption {
    private static let seen = Atomic<Bool>(false)

    /// Runs `body`; a signal cancels it. Its own tidying up then decides when the process ends.
    ///
    /// The handler is a function, not "ignore": children would inherit that across exec and could not be ended.
    package static func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in Interruption.seen.store(true, ordering: .relaxed) }
        }
        // Whoever reads the table may go away; the namespaces must not stay for it.
        signal(SIGPIPE) { _ in }
        defer { for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) } }
        let work = Task { try await body() }
        let watch = Task {
            while !seen.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(50)) }
            work.cancel()
        }
        defer { watch.cancel() }
        return try await work.value
    }
}
