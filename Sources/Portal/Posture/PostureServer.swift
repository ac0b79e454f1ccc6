package import Logging
internal import NIOSSL
internal import ServiceLifecycle
package import Sessions
internal import Synchronization

/// Where the portal listens: an address of this machine, or `0.0.0.0` or `::` for all, and a port.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Takes posture reports over HTTPS from devices, which prove themselves with their certificate, and from management
/// systems, which have a key.
///
/// Listens on every address of its list. One that cannot be had, say of a tunnel that is not there yet, is tried again
/// every few seconds: neither the other addresses nor the rest of the process wait for it. Sockets are made in the
/// network namespace of the thread that happens to run the service, so a process that listens in a namespace enters it
/// before it does anything else.
package final class PostureServer: Service {
    package struct Settings: Sendable {
        package var addresses: [ListenAddress]
        package var files: TLSFiles
        package var keys: [APIKey]

        package init(addresses: [ListenAddress], files: TLSFiles, keys: [APIKey]) {
            self.addresses = addresses
            self.files = files
            self.keys = keys
        }
    }

    struct Limits: Sendable {
        var posture = PostureResponder.Limits()
        var patience = DeadlineHandler.Patience()
        var connections = 1024
        /// From one address. Behind one there may be many devices.
        var connectionsOfOne = 256
        var retry = Duration.seconds(5)
    }

    private let settings: Settings
    private let limits: Limits
    private let log: Logger
    private let context: Mutex<NIOSSLContext>
    private let responder: PostureResponder
    private let listening: @Sendable (ListenAddress) -> Void

    /// Reads the files of `settings`; throws when one of them is no good.
    ///
    /// - Parameters:
    ///   - now: the wall clock, by which certificates are valid or not.
    ///   - listening: called for each address once connections are taken there, with the port that was given where port 0
    ///     was asked for.
    package convenience init(
        _ settings: Settings, sink: any PostureSink, now: @escaping @Sendable () -> Instant, log: Logger,
        listening: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) throws(PortalProblem) {
        try self.init(settings, limits: Limits(), sink: sink, now: now, log: log, listening: listening)
    }

    init(
        _ settings: Settings, limits: Limits, sink: any PostureSink, now: @escaping @Sendable () -> Instant,
        log: Logger, listening: @escaping @Sendable (ListenAddress) -> Void
    ) throws(PortalProblem) {
        self.settings = settings
        self.limits = limits
        self.log = log
        self.listening = listening
        context = Mutex(try settings.files.context())
        responder = PostureResponder(
            sink: sink, keys: settings.keys, limits: limits.posture, now: now, log: log)
    }

    /// Reads the certificate, the key and the authorities anew, for connections from now on. When one of them is no good,
    /// throws, and the old ones stay.
    package func reload() throws(PortalProblem) {
        let new = try settings.files.context()
        context.withLock { $0 = new }
    }

    package func run() async throws {
        let listener = PortalListener(
            name: "posture", addresses: settings.addresses,
            limits: .init(
                patience: limits.patience, connections: limits.connections,
                connectionsOfOne: limits.connectionsOfOne, retry: limits.retry), log: log,
            tls: { self.context.withLock { $0 } },
            responder: { [responder] in await responder.admit($0, $1) }, listening: listening)
        await listener.run()
    }
}
