internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import NIOSSL
internal import Synchronization

/// Sets up a connection: limits, then TLS, then HTTP/1.1; and answers its requests one after the other, each with the
/// certificate that the peer proved itself with.
///
/// In place of Hummingbird's own TLS channel, whose requests do not know their connection's certificate.
struct PortalChannel: ServerChildChannel {
    typealias Responder = @Sendable (Request, Visitor) async -> Admission

    /// What is decided by a request's head alone.
    enum Admission: Sendable {
        /// The body is not for reading.
        case refused(PortalAnswer)
        /// Reads the body, and answers. A body can be read by one iterator only: a second one is a trap of Hummingbird's,
        /// and with it the end of the process.
        case admitted(@Sendable () async -> PortalAnswer)
    }

    /// How much of a body that nobody wants is read so that the answer arrives: closing with bytes unread resets the
    /// connection, and the peer may never see why.
    static let lingering = 1 << 20

    /// A connection that was let in, or one that was turned away and is closed.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        fileprivate let http: HTTP1Channel.Value?
        fileprivate let peer: PeerAddress
    }

    /// Taken anew for every connection, so that new certificates need no restart.
    let tls: @Sendable () -> NIOSSLContext
    let gate: ConnectionGate
    let configuration: HTTP1Channel.Configuration
    let responder: Responder

    /// Never fails: an error here would end the listener, not the connection, and a peer that resets at the right moment
    /// could close the portal.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let peer = PeerAddress(channel.remoteAddress?.ipAddress)
        let none = Value(channel: channel, http: nil, peer: peer)
        guard gate.enter(peer) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededFuture(none)
        }
        channel.closeFuture.whenComplete { [gate] _ in gate.leave(peer) }
        let http = HTTP1Channel(responder: { _, _, _ in }, configuration: configuration)
        return channel.eventLoop
            .makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls()))
            }
            .flatMap { http.setup(channel: channel, logger: logger) }
            .map { Value(channel: channel, http: $0, peer: peer) }
            .flatMapError { _ in
                channel.close(promise: nil)
                return channel.eventLoop.makeSucceededFuture(none)
            }
    }

    func handle(value: Value, logger: Logger) async {
        guard let connection = value.http else { return }
        // Requests of a connection come one after the other: the lock is never waited for.
        let visitor = Mutex<Visitor?>(nil)
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                var known = visitor.withLock { $0 }
                if known == nil {
                    // There is a first request, so the handshake is over.
                    let certificate = try await channel.nioSSL_peerCertificate().get()
                    known = Visitor(address: value.peer, certificate: certificate.map(PeerCertificate.init))
                    visitor.withLock { $0 = known }
                }
                guard let known else { return }
                switch await responder(request, known) {
                case .refused(let refusal):
                    let answer = refusal.closing(unless: request)
                    try await writer.write(response: answer.head, body: ResponseBody(byteBuffer: answer.body))
                    guard answer.closes else { return }
                    var left = Self.lingering
                    for try await chunk in request.body {
                        left -= chunk.readableBytes
                        if left < 0 { break }
                    }
                    throw ConnectionDone()
                case .admitted(let respond):
                    // RFC 9110 section 10.1.1: a client that is going to be refused need not send its body.
                    if request.headers[.expect]?.lowercased() == "100-continue" {
                        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
                    }
                    let answer = await respond()
                    try await writer.write(response: answer.head, body: ResponseBody(byteBuffer: answer.body))
                    if answer.closes { throw ConnectionDone() }
                }
            }, configuration: configuration)
        await http.handle(value: connection, logger: logger)
    }

    /// Ends a connection after its last answer.
    private struct ConnectionDone: Error {}
}

/// Who is at the other end of a connection.
struct Visitor: Sendable {
    let address: PeerAddress
    /// Nil when none was shown; an inner nil for one that TLS believed and that cannot be read.
    let certificate: PeerCertificate??
}

/// What is answered.
struct PortalAnswer: Sendable {
    var head: HTTPResponse
    var body: ByteBuffer
    /// Whether what is left of the request is worth no more reading.
    var closes = false

    init(_ status: HTTPResponse.Status, json: String, headers: HTTPFields = [:]) {
        body = ByteBuffer(string: json)
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = "\(body.readableBytes)"
        fields[.cacheControl] = "no-store"
        head = HTTPResponse(status: status, headerFields: fields)
    }

    /// The answer to a request whose body was not read to its end. The connection stays when what is left is little: a
    /// handshake costs more.
    func closing(unless request: Request) -> PortalAnswer {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), (0...65_536).contains(length) {
            return self
        }
        return closing()
    }

    func closing() -> PortalAnswer {
        var answer = self
        answer.closes = true
        answer.head.headerFields[.connection] = "close"
        return answer
    }
}
