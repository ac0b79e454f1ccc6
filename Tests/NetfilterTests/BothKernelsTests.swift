import FakeKernel
import Netfilter
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions
import Synchronization
import TestSupport
import Testing

/// One table of cases through the pretended kernel and the real one.
@Suite struct BothKernelsTests {
    /// Time that stands still until it is turned.
    final class Clock: Sendable {
        private let instant = Mutex(Samples.now)
        var now: Instant { instant.withLock { $0 } }
        func advance(_ duration: Duration) { instant.withLock { $0 = $0 + duration } }
    }

    @Test(arguments: KernelCase.all) func pretended(_ item: KernelCase) async throws {
        let clock = Clock()
        let kernel = FakeKernel { clock.now }
        try await check(item, kernel) { clock.advance(.milliseconds(10)) }
    }

    @Test(.needsRoot, arguments: KernelCase.all) func real(_ item: KernelCase) async throws {
        let gateway = try await Gateway(isBare: true)
        try await check(item, gateway.backend) { _ = try await gateway.run("sleep 0.01") }
    }

    /// Without DESTROYSETELEM: what is destroyed is looked up first.
    @Test(.needsRoot, arguments: KernelCase.all) func realAndOld(_ item: KernelCase) async throws {
        let gateway = try await Gateway(isBare: true, hasDestroy: false)
        // A missing set is a missing element to whoever asks.
        guard !item.name.hasPrefix("destroying in a set") else { return }
        try await check(item, gateway.backend) { _ = try await gateway.run("sleep 0.01") }
    }

    private func check(
        _ item: KernelCase, _ kernel: some RulesetBackend, wait: () async throws -> Void
    ) async throws {
        if !item.before.isEmpty {
            _ = try await kernel.commit(Transaction(table: KernelCase.table, item.before))
        }
        try await wait()
        var refusal: KernelCase.Refusal?
        do throws(CommitFailure) {
            _ = try await kernel.commit(Transaction(table: KernelCase.table, item.operations))
        } catch {
            refusal = KernelCase.Refusal(errno: error.errno, index: error.index)
        }
        let layout = RulesetLayout(table: KernelCase.table, tunnels: [])
        let sessions = try await kernel.snapshot(of: layout)?.sessions ?? [:]
        let scopes = Dictionary(
            uniqueKeysWithValues: sessions.map { ($0.key.address.bytes[3], $0.value.scope.rawValue) })
        if refusal == nil, let collected = item.sessionsIfCollected, scopes == collected { return }
        #expect(refusal == item.refusal)
        #expect(scopes == item.sessions)
    }
}
