import Control
import Dispatch
import Enforcement
import Glibc
import Logging
import ServiceLifecycle
import VPNSources

/// The reconciler's loop.
struct EnforcementService: Service {
    let enforcer: Enforcer

    func run() async throws {
        await withGracefulShutdownHandler {
            await enforcer.run()
        } onGracefulShutdown: {
            enforcer.stop()
        }
    }
}

/// One VPN server's events, handed to the reconciler in their order.
struct SourceService: Service {
    let source: OpenVPNSource
    let enforcer: Enforcer

    func run() async throws {
        source.start()
        await withGracefulShutdownHandler {
            for await event in source.events { enforcer.send(event) }
        } onGracefulShutdown: {
            source.stop()
        }
    }
}

/// The administrators' socket.
struct ControlService: Service {
    let path: String
    let handlers: ControlHandlers
    var access = ControlServer.Access()
    let log: Logger
    /// Called once the socket takes requests.
    var isListening: @Sendable () -> Void = {}

    func run() async throws {
        let server = try ControlServer(
            path: path, operations: ControlOperations.all, access: access, logger: log
        ) { [handlers] request, peer in
            await handlers.answer(request, peer)
        }
        isListening()
        try? await gracefulShutdown()
        await server.stop()
    }
}

/// Takes changes of rules back that nobody confirms.
struct RuleChangeService: Service {
    let changes: RuleChanges

    func run() async throws {
        await changes.start()
        try? await gracefulShutdown()
        await changes.stop()
    }
}

/// SIGHUP: load the rules anew. Mistakes go to the log, and the old rules stay in force.
struct ReloadService: Service {
    let changes: RuleChanges
    let log: Logger
    /// Told when a reload begins, and when it is over, whatever came of it.
    var manager: ServiceManager?

    func run() async throws {
        // The default action would end the process before the source sees the signal.
        signal(SIGHUP, SIG_IGN)
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeSignalSource(signal: SIGHUP)
        source.setEventHandler { continuation.yield() }
        source.resume()
        defer { source.cancel() }
        await withGracefulShutdownHandler {
            for await _ in signals { await reload() }
        } onGracefulShutdown: {
            continuation.finish()
        }
    }

    private func reload() async {
        manager?.tell(.reloading)
        defer { manager?.tell(.ready) }
        do {
            let done = try await changes.reload(by: .hangUp)
            log.notice("rules reloaded, \(done.cut.count) sessions cut")
        } catch {
            log.error("\(error)")
        }
    }
}
