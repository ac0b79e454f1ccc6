internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection on which something takes too long: a handshake, the pause between two requests, a request from
/// its first line to its last byte, an answer.
///
/// One deadline at a time, moved by whole steps only and never by bytes: a peer that sends a byte now and then (a slow
/// loris) gains nothing by it.
final class DeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart

    struct Patience: Sendable {
        /// From the connection, or the last answer, to the first line of a request.
        var idle = Duration.seconds(30)
        /// From the first line to the last byte.
        var request = Duration.seconds(20)
        /// From the last byte to the last byte of the answer.
        var answer = Duration.seconds(30)
    }

    private let patience: Patience
    private var isReading = false
    private var answersDue = 0
    private var task: Scheduled<Void>?

    init(_ patience: Patience) { self.patience = patience }

    func handlerAdded(context: ChannelHandlerContext) { schedule(context) }

    func handlerRemoved(context: ChannelHandlerContext) { task?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head:
            isReading = true
            answersDue += 1
            schedule(context)
        case .body: break
        case .end:
            isReading = false
            schedule(context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) {
            answersDue -= 1
            // While a body that was refused is still coming, the deadline of its request holds.
            if !isReading { schedule(context) }
        }
        context.write(data, promise: promise)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        task?.cancel()
        let time = isReading ? patience.request : answersDue > 0 ? patience.answer : patience.idle
        let channel = context.channel
        task = context.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
    }
}

@available(*, unavailable)
extension DeadlineHandler: Sendable {}
