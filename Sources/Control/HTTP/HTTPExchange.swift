internal import ControlAPI
internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Answers the requests of one connection, one after the other. Lives on the connection's event loop.
///
/// One deadline at a time, moved by whole steps only: a client that sends a byte now and then gains nothing by it.
final class HTTPExchange: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Nothing of a request has come.
        case idle
        /// Its body is coming.
        case reading(Router.Admission, body: ByteBuffer)
        /// It has been answered before its end: so many bytes more are read, so that the client sees why.
        case discarding(left: Int)
        /// A handler is at work, or an answer is on its way.
        case answering
        case over
    }

    /// Everybody is to go.
    struct Stop: Sendable {}

    /// How much of a body that nobody wants is read: closing with bytes unread would reset the connection.
    static let lingering = 8 << 20

    private let peer: Peer
    private let role: Role
    private let listener: ControlListener
    private var state = State.idle
    /// There is no request after this one.
    private var isLast = false
    /// Its answer has a head alone: it was asked with HEAD.
    private var isHead = false
    /// Answers that the socket has not taken whole.
    private var unsent = 0
    private var deadline: Scheduled<Void>?

    init(_ peer: Peer, _ role: Role, of listener: ControlListener) {
        self.peer = peer
        self.role = role
        self.listener = listener
    }

    func handlerAdded(context: ChannelHandlerContext) { schedule(context) }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        state = .over
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes): take(bytes, context)
        case .end: end(context)
        }
    }

    // MARK: Reading

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard case .idle = state else { return close(context) }
        isLast = !head.isKeepAlive
        isHead = head.method == .HEAD
        schedule(context)
        do throws(Router.Refusal) {
            let admission = try listener.router.admit(
                try Router.Head(head), as: role, limit: listener.limits.request)
            state = .reading(admission, body: ByteBuffer())
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                let go = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(Self.wrapOutboundOut(.head(go)), promise: nil)
            }
        } catch {
            refuse(HTTPAnswer(error), head.hasBody ? Self.lingering : nil, context)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        switch state {
        case .reading(let admission, var body):
            // Let go of what is kept before it grows: the buffer is not copied then.
            state = .over
            guard body.readableBytes + bytes.readableBytes <= listener.limits.request else {
                let limit = listener.limits.request
                let failure = ControlFailure(
                    id: "too-long", message: "a request has at most \(limit) bytes")
                return refuse(HTTPAnswer(failure), Self.lingering, context)
            }
            body.writeImmutableBuffer(bytes)
            state = .reading(admission, body: body)
        case .discarding(let left):
            state = .discarding(left: left - bytes.readableBytes)
            if left < bytes.readableBytes { close(context) }
        case .idle, .answering, .over: break
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        switch state {
        case .reading(let admission, let body): answer(admission, Data(body.readableBytesView), context)
        case .discarding: close(context)
        case .idle, .answering, .over: break
        }
    }

    // MARK: Answering

    private func answer(_ admission: Router.Admission, _ body: Data, _ context: ChannelHandlerContext) {
        state = .answering
        deadline?.cancel()
        let tell = answerer(context)
        let peer = peer
        let listener = listener
        // Off the event loop: reading a megabyte takes its time.
        Task { tell(await listener.reply(to: admission, body, peer)) }
    }

    /// Writes an answer from wherever it was found.
    private func answerer(_ context: ChannelHandlerContext) -> @Sendable (ControlReply) -> Void {
        let here = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        return { reply in
            loop.execute {
                let (exchange, context) = here.value
                guard case .answering = exchange.state else { return }
                exchange.write(HTTPAnswer(reply), context)
            }
        }
    }

    private func write(_ answer: HTTPAnswer, _ context: ChannelHandlerContext) {
        let closes = isLast
        schedule(context)
        send(answer, closes: closes, context)
        if closes { close(context) }
    }

    /// The next request, if it is there already, comes before this returns.
    private func send(_ answer: HTTPAnswer, closes: Bool, _ context: ChannelHandlerContext) {
        let here = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        unsent += 1
        context.write(Self.wrapOutboundOut(.head(answer.head(closes: closes))), promise: nil)
        if !isHead {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        // What comes next may be no request at all, which is told why.
        isHead = false
        if !closes { state = .idle }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (exchange, context) = here.value
            exchange.unsent -= 1
            if exchange.unsent == 0, case .over = exchange.state { context.close(promise: nil) }
        }
    }

    /// Answers before the request's end, and closes after it. Without a body there is nothing to wait for.
    private func refuse(_ answer: HTTPAnswer, _ lingering: Int?, _ context: ChannelHandlerContext) {
        listener.logger.debug(
            "refused a control request", metadata: ["peer": "\(peer)", "status": "\(answer.status)"])
        guard let lingering else {
            state = .answering
            return write(answer, context)
        }
        state = .discarding(left: lingering)
        isLast = true
        send(answer, closes: true, context)
    }

    // MARK: The end

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Stop:
            isLast = true
            switch state {
            case .idle: close(context)
            case .reading:
                let failure = ControlFailure(id: "stopping", message: "gatehouse is stopping")
                refuse(HTTPAnswer(failure), Self.lingering, context)
            // What was done should be told.
            case .answering, .discarding, .over: break
            }
        case ChannelEvent.inputClosed:
            isLast = true
            // Half a request is none.
            if case .answering = state { return }
            close(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return close(context) }
        switch state {
        case .idle, .reading:
            state = .answering
            isLast = true
            write(
                HTTPAnswer(ControlFailure(id: "bad-http", message: "that is no request of HTTP/1.1")), context
            )
        case .answering: isLast = true
        case .discarding, .over: close(context)
        }
    }

    /// Once what was answered is on its way; the deadline ends also that.
    private func close(_ context: ChannelHandlerContext) {
        state = .over
        if unsent == 0 { context.close(promise: nil) }
    }

    private func schedule(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let here = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(listener.limits.idle)) {
            let (exchange, context) = here.value
            exchange.isTooLate(context)
        }
    }

    private func isTooLate(_ context: ChannelHandlerContext) {
        guard case .reading = state else { return context.close(promise: nil) }
        let failure = ControlFailure(id: "timed-out", message: "the request did not end in time")
        state = .answering
        isLast = true
        write(HTTPAnswer(failure), context)
    }
}

@available(*, unavailable)
extension HTTPExchange: Sendable {}

extension Router.Head {
    /// Throws for heads that could mean two things, or ask for what is not done here.
    init(_ head: HTTPRequestHead) throws(Router.Refusal) {
        if let expectation = head.headers.first(name: "expect"), expectation.lowercased() != "100-continue" {
            throw Router.Refusal("expectation", "nothing but 100-continue can be expected here")
        }
        // RFC 9112 section 3.2.
        if (head.version.major, head.version.minor) >= (1, 1), head.headers["host"].count != 1 {
            throw Router.Refusal("bad-http", "expected one Host")
        }
        guard head.headers["content-type"].count < 2 else {
            throw Router.Refusal("bad-http", "expected one Content-Type")
        }
        self.init(
            method: head.method.rawValue, target: head.uri,
            contentType: head.headers.first(name: "content-type"), bodyBytes: head.bodyBytes)
    }
}

extension HTTPRequestHead {
    var hasBody: Bool { bodyBytes.map { $0 > 0 } ?? false }

    fileprivate var bodyBytes: Int? {
        if headers.contains(name: "transfer-encoding") { return .max }
        return headers.first(name: "content-length").map { Int($0) ?? .max }
    }
}
