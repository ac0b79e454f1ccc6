import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Trust

/// Keeps what is known of certificates fresh: reads lists that changed, and asks responders.
///
/// On threads of its own, since both wait for others: one for the files, some for the responders.
struct TrustService: Service {
    let trust: CertificateTrust
    let log: Logger
    var period = Duration.seconds(5)
    var askers = 4
    /// Sessions should be looked at again. Called on a thread that may wait.
    let onChange: @Sendable () -> Void

    func run() async throws {
        let isStopping = Flag()
        trust.onChange(onChange)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await inThread { keepFresh(until: isStopping) } }
                for _ in 0..<askers {
                    group.addTask { await inThread { ask(until: isStopping) } }
                }
            }
        } onGracefulShutdown: {
            isStopping.raise()
            for _ in 0..<askers { trust.wakeOne() }
        }
    }

    private func keepFresh(until isStopping: Flag) {
        while !isStopping.wait(atMost: period) {
            let look = trust.refresh()
            report(look)
            if look.changed { onChange() }
        }
    }

    private func report(_ look: RevocationFiles.Look) {
        for note in look.notes { log.info("revocation lists: \(note)") }
        for warning in look.warnings { log.warning("revocation lists: \(warning)") }
    }

    private func ask(until isStopping: Flag) {
        while !isStopping.isRaised { _ = trust.answerNextQuestion(waitingAtMost: .seconds(60)) }
    }
}

/// Runs the body on a thread of its own, for what would block the threads that tasks share.
func inThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            body()
            continuation.resume()
        }
    }
}

/// The same for work that comes to something.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

/// Raised once, and waited for by threads.
private final class Flag: Sendable {
    private let value = Atomic(false)
    private let condition = DispatchSemaphore(value: 0)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() {
        // Releasing; pairs with the acquiring load in `isRaised`.
        value.store(true, ordering: .releasing)
        condition.signal()
    }

    /// Returns true once it is raised. For one thread.
    func wait(atMost time: Duration) -> Bool {
        if isRaised { return true }
        let nanoseconds = Int(time / .nanoseconds(1))
        return condition.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success || isRaised
    }
}
