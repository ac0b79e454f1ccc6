package import Logging
internal import NIOSSL
internal import ServiceLifecycle
package import Sessions

/// Takes security event tokens that transmitters push over HTTPS (RFC 8935): `POST /signals/v1/events`.
package final class SignalServer: Service {
    private let listener: PortalListener

    /// Reads the files; throws when one of them is no good.
    ///
    /// - Parameters:
    ///   - now: the wall clock, by which tokens are too old or of the future.
    ///   - listening: called for each address once connections are taken there, with the port that was given where port 0
    ///     was asked for.
    package init(
        addresses: [ListenAddress], files: TLSFiles, peers: [SignalPeer], sink: any SignalSink,
        now: @escaping @Sendable () -> Instant, log: Logger,
        listening: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) throws(PortalProblem) {
        let context = try files.context()
        let responder = SignalResponder(peers: peers, sink: sink, now: now, log: log)
        listener = PortalListener(
            name: "signals", addresses: addresses, limits: .init(), log: log, tls: { context },
            responder: { await responder.admit($0, $1) }, listening: listening)
    }

    package func run() async throws { await listener.run() }
}
