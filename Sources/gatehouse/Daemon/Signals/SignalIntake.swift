import Enforcement
import Evidence
import Logging
import Portal
import Sessions

/// Hands checked tokens to the reconciler, and says what came of it.
struct SignalIntake: SignalSink {
    let enforcer: Enforcer
    let log: Logger

    func take(_ signal: ReceivedSignal) async -> SignalOutcome {
        let began = ContinuousClock.now
        do throws(OrderRefusal) {
            let receipt = try await enforcer.carryOut(.signal(signal))
            let took = (ContinuousClock.now - began) / .milliseconds(1)
            log.info(
                "signal of \(signal.transmitter) in force",
                metadata: [
                    "token": "\(signal.token.id)", "cut": "\(receipt.cut.count)",
                    "moved": "\(receipt.moved.count)",
                    "ms": "\((took * 10).rounded() / 10)",
                    "committed": "\(receipt.committedAt.nanosecondsSince1970)",
                ])
            return .taken
        } catch {
            switch error {
            case .heardBefore: return .takenBefore
            // On the disk and in force; that the record lacks it is said there, and by whoever keeps it.
            case .notAudited: return .taken
            default:
                log.error("signals: a token of \(signal.transmitter) is not taken now: \(error)")
                return .notNow
            }
        }
    }
}
