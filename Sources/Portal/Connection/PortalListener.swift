internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization

/// Listens over HTTPS on every address of a list, and has requests answered.
///
/// An address that cannot be had, say of a tunnel that is not there yet, is tried again every few seconds: neither the
/// others nor the rest of the process wait for it.
struct PortalListener: Sendable {
    struct Limits: Sendable {
        var patience = DeadlineHandler.Patience()
        var connections = 1024
        /// From one address.
        var connectionsOfOne = 256
        var retry = Duration.seconds(5)
    }

    let name: String
    let addresses: [ListenAddress]
    let limits: Limits
    let log: Logger
    /// Taken anew for every connection.
    let tls: @Sendable () -> NIOSSLContext
    let responder: PortalChannel.Responder
    let listening: @Sendable (ListenAddress) -> Void

    func run() async {
        let gate = ConnectionGate(limit: limits.connections, fromOne: limits.connectionsOfOne)
        await withDiscardingTaskGroup { group in
            for address in addresses { group.addTask { await listen(address, gate) } }
        }
    }

    private func listen(_ address: ListenAddress, _ gate: ConnectionGate) async {
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            do {
                try await server(address, gate).run()
                // A listener that ends without being asked to had an error of its own, which it has logged.
            } catch {
                log.error("\(name): cannot listen on \(address), tried again in \(limits.retry): \(error)")
            }
            if Task.isShuttingDownGracefully { return }
            try? await cancelWhenGracefulShutdown { [limits] in try await Task.sleep(for: limits.retry) }
        }
    }

    private func server(_ address: ListenAddress, _ gate: ConnectionGate) -> Server<PortalChannel> {
        var http = HTTP1Channel.Configuration(additionalChannelHandlers: [DeadlineHandler(limits.patience)])
        http.httpDecoder = .init(maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 64)
        return Server(
            childChannelSetup: PortalChannel(tls: tls, gate: gate, configuration: http, responder: responder),
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: address.port), serverName: nil),
            onServerRunning: { [listening] channel in
                listening(ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port))
            }, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log)
    }
}
