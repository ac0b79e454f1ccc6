import Control
import Enforcement
import Logging
import RulesetCompiler
import ServiceLifecycle

/// Tells the service manager that the daemon is alive, for as long as it does its work: each sign of life is preceded by
/// a way through the reconciler's mailbox and one through the kernel's backend. A loop that hangs sends no more, and the
/// manager starts the daemon anew; what is in force stays meanwhile, until its leases run out.
struct Heartbeat: Service {
    let manager: ServiceManager
    let enforcer: Enforcer
    let backend: any RulesetBackend
    /// Between two signs of life.
    let interval: Duration

    /// Three signs within the manager's patience, so that one may come late; without a watchdog, often enough for people
    /// who read the status.
    init(manager: ServiceManager, enforcer: Enforcer, backend: any RulesetBackend) {
        self.manager = manager
        self.enforcer = enforcer
        self.backend = backend
        interval = manager.watchdog.map { $0 / 3 } ?? .seconds(30)
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown { await beat() }
        } onGracefulShutdown: {
            manager.tell(.stopping)
        }
    }

    /// Until the task is cancelled.
    func beat() async {
        while !Task.isCancelled {
            await beatOnce()
            try? await Task.sleep(for: interval)
        }
    }

    func beatOnce() async {
        await enforcer.settled()
        _ = await backend.interfaceIndex(named: "lo")
        manager.tell(.alive, .status(await status))
    }

    private var status: String {
        get async {
            let count = await enforcer.sessionCount
            var parts = ["\(count) session\(count == 1 ? "" : "s")"]
            if let reason = await enforcer.closedBecause { parts.append("nobody is let in: \(reason)") }
            if let fault = await enforcer.kernelFault {
                parts.append("the kernel does not take the rules: \(fault)")
            }
            let unheard = await enforcer.detachedSources.keys.sorted()
            if !unheard.isEmpty { parts.append("not heard: \(unheard.joined(separator: ", "))") }
            return parts.joined(separator: "; ")
        }
    }
}
