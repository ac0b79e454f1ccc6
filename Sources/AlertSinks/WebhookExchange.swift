import NIOCore
import NIOHTTP1

/// One request and its answer on a connection. The head of the answer is all that counts; its body is not waited for.
final class WebhookExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: [UInt8]
    private let answer: EventLoopPromise<WebhookAnswer>

    init(_ head: HTTPRequestHead, _ body: [UInt8], _ answer: EventLoopPromise<WebhookAnswer>) {
        self.head = head
        self.body = body
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), head.status.code >= 200 else { return }
        // A date, which the header may be too (RFC 9110 section 10.2.3), is not read: then the own pauses count.
        let seconds = head.headers.first(name: "retry-after").flatMap(UInt32.init)
        answer.succeed(
            WebhookAnswer(
                status: Int(head.status.code), retryAfter: seconds.map { .seconds(Int64($0)) }))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Nothing where it was answered.
        answer.fail(WebhookError("the connection was cut before an answer"))
        context.fireChannelInactive()
    }
}
