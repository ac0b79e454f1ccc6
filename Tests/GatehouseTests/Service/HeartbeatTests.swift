import Control
import Enforcement
import Evidence
import FakeKernel
import Foundation
import Logging
import PolicyLanguage
import RulesetCompiler
import Sessions
import Synchronization
import TestSupport
import Testing

@testable import gatehouse

/// A disk, and a kernel, that take their time: whoever asks waits while it is shut.
private final class Barrier: Ledger, RulesetBackend {
    private struct State {
        var isShut = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let kernel = FakeKernel { SystemClock().now() }
    let isOfKernel: Bool

    init(ofKernel: Bool) { isOfKernel = ofKernel }

    func shut() { state.withLock { $0.isShut = true } }

    func open() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Returns when somebody waits.
    func isWaitedFor() async {
        while state.withLock({ $0.waiting.isEmpty }), !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isShut { state.waiting.append(continuation) }
                return !state.isShut
            }
            if isOpen { continuation.resume() }
        }
    }

    func record(_ changes: [LedgerChange]) async throws { if !isOfKernel { await pass() } }

    func commit(_ transaction: Transaction) async throws(CommitFailure) -> CommitReceipt {
        if isOfKernel { await pass() }
        return try await kernel.commit(transaction)
    }

    func commit(_ changeover: Changeover) async throws(CommitFailure) -> CommitReceipt {
        if isOfKernel { await pass() }
        return try await kernel.commit(changeover)
    }

    func hold(_ transaction: Transaction) async throws(CommitFailure) { try await kernel.hold(transaction) }

    func watch(
        _ tables: [String], _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) async throws(CommitFailure) {
        try await kernel.watch(tables, handler)
    }

    func snapshot(of layout: RulesetLayout) async throws(CommitFailure) -> RulesetSnapshot? {
        try await kernel.snapshot(of: layout)
    }

    func interfaceIndex(named name: String) async -> UInt32? {
        if isOfKernel { await pass() }
        return 1
    }
}

@Suite(.timeLimit(.minutes(30))) struct HeartbeatTests {
    /// The sign of life follows the loop's own work: there is none while the loop waits for the disk or the kernel.
    @Test(arguments: [false, true]) func stopsWhenTheLoopHangs(ofKernel: Bool) async throws {
        let path = "@gatehouse-heartbeat-\(UUID())"
        let socket = try DatagramSocket(path)
        let manager = try #require(
            ServiceManager(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"]))
        let barrier = Barrier(ofKernel: ofKernel)
        let files = Gateway.pack().map { PackFile(path: $0.key, text: $0.value) }
        let policy = try #require(PolicyCompiler.compile(files, now: SystemClock().now()).policy)
        let enforcer = Enforcer(
            settings: EnforcementSettings(layout: RulesetLayout(tunnels: ["tun0"])), policy: policy,
            codes: TOTPVerifier(seeds: [:]), backend: barrier, ledger: barrier, clock: SystemClock(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await enforcer.start()
        let loop = Task { await enforcer.run() }
        let heart = Heartbeat(manager: manager, enforcer: enforcer, backend: barrier)
        #expect(heart.interval == .seconds(10))
        for _ in 1...2 { await heart.beatOnce() }
        #expect(socket.all == Array(repeating: "WATCHDOG=1\nSTATUS=0 sessions", count: 2))

        barrier.shut()
        // An order has to be recorded: with it the loop hangs on the disk.
        let order = Task {
            try await enforcer.carryOut(.disconnect(.user("alice"), by: "test", reason: "test"))
        }
        if !ofKernel { await barrier.isWaitedFor() }
        let beat = Task { await heart.beatOnce() }
        await barrier.isWaitedFor()
        #expect(await !socket.hears("WATCHDOG=1", times: 3, within: .seconds(1)))

        barrier.open()
        await beat.value
        #expect(socket.all.count == 3)
        _ = try await order.value
        enforcer.stop()
        await loop.value
        // Nobody is there to answer, and nobody waits.
        await heart.beatOnce()
    }

    /// Beats until it is told to end.
    @Test func beatsAgainAndAgain() async throws {
        let path = "@gatehouse-heartbeat-\(UUID())"
        let socket = try DatagramSocket(path)
        let manager = try #require(
            ServiceManager(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000"]))
        try await Gateway.with { gateway in
            let heart = Heartbeat(manager: manager, enforcer: gateway.enforcer, backend: gateway.kernel)
            let beating = Task { await heart.beat() }
            #expect(await socket.hears("WATCHDOG=1", times: 3))
            beating.cancel()
            await beating.value
        }
    }
}
