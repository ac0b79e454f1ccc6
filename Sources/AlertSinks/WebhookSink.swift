package import Alerts
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import Sessions

/// An HTTP server that takes alerts: one POST an alert, signed, over a connection of its own.
///
/// Only 2xx is taken for an answer of one who has it. Redirects are not followed: the body goes nowhere but where it was
/// configured to go.
package struct WebhookSink: AlertSink {
    package struct Settings: Sendable, Hashable {
        package var isEncrypted: Bool
        package var host: String
        package var port: Int
        /// With the query.
        package var path: String
        /// PEM files of the authorities that its certificate may come from; none for the system's.
        package var authorities: [String]
        /// For the whole of it, from the name's look-up to the answer.
        package var patience: Duration
        /// What the gateway calls itself.
        package var gateway: String

        package init(
            isEncrypted: Bool, host: String, port: Int, path: String, authorities: [String] = [],
            patience: Duration = .seconds(10), gateway: String
        ) {
            self.isEncrypted = isEncrypted
            self.host = host
            self.port = port
            self.path = path
            self.authorities = authorities
            self.patience = patience
            self.gateway = gateway
        }
    }

    private let settings: Settings
    private let secret: @Sendable () throws -> WebhookSecret
    private let now: @Sendable () -> Instant

    /// - Parameter secret: Asked for every try, so that a new one counts at once.
    package init(
        _ settings: Settings, secret: @escaping @Sendable () throws -> WebhookSecret,
        now: @escaping @Sendable () -> Instant
    ) {
        self.settings = settings
        self.secret = secret
        self.now = now
    }

    package func deliver(_ alert: Alert) throws(DeliveryFailure) {
        let answer: WebhookAnswer
        do {
            let body = AlertJSON.body(alert, host: settings.gateway)
            let timestamp = now().secondsSince1970
            let signature = try secret().signature(id: alert.id, timestamp: timestamp, body: body)
            var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: settings.path)
            head.headers = [
                "host": authority, "user-agent": "gatehouse", "content-type": "application/json",
                "content-length": "\(body.count)", "connection": "close", "webhook-id": alert.id,
                "webhook-timestamp": "\(timestamp)", "webhook-signature": signature,
            ]
            answer = try exchange(head, body)
        } catch {
            throw DeliveryFailure(Self.words(error))
        }
        guard !(200..<300).contains(answer.status) else { return }
        throw DeliveryFailure(
            "the server answered \(answer.status)", isOfThisAlert: [400, 413, 422].contains(answer.status),
            retryAfter: answer.retryAfter)
    }

    private var authority: String {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        return settings.port == (settings.isEncrypted ? 443 : 80) ? host : "\(host):\(settings.port)"
    }

    /// Blocks this thread, which is the sink's own, for at most a little more than the patience.
    private func exchange(_ head: HTTPRequestHead, _ body: [UInt8]) throws -> WebhookAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let tls = settings.isEncrypted ? try context() : nil
        let promise = loop.makePromise(of: WebhookAnswer.self)
        let patience = TimeAmount.nanoseconds(settings.patience.nanoseconds)
        let deadline = loop.scheduleTask(in: patience) {
            promise.fail(WebhookError("no answer within \(settings.patience.nanoseconds / 1_000_000) ms"))
        }
        let host = settings.host
        let connection = ClientBootstrap(group: loop)
            .connectTimeout(patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // A numeric host is held against the certificate's addresses.
                        let name = Self.isNumeric(host) ? nil : host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(WebhookExchange(head, body, promise))
                }
            }
            .connect(host: host, port: settings.port)
        connection.cascadeFailure(to: promise)
        defer {
            deadline.cancel()
            connection.whenSuccess { $0.close(promise: nil) }
        }
        return try promise.futureResult.wait()
    }

    private func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if !settings.authorities.isEmpty {
            let certificates = try settings.authorities.flatMap { try NIOSSLCertificate.fromPEMFile($0) }
            configuration.trustRoots = .certificates(certificates)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static func isNumeric(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return "cannot connect to \(error.host):\(error.port): "
                + (error.connectionErrors.first.map { "\($0.error)" }
                    ?? (error.dnsAAAAError ?? error.dnsAError).map { "\($0)" } ?? "no address")
        }
        return "\(error)"
    }
}

/// What a server said.
struct WebhookAnswer: Sendable {
    let status: Int
    let retryAfter: Duration?
}

struct WebhookError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
