internal import ControlAPI
internal import Foundation
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// Takes connections on a thread of its own, which asks the kernel who is there before a byte is read, and hands them to an
/// event loop. It lives until the last connection has ended.
final class ControlListener: Sendable {
    let limits: ControlServer.Limits
    let logger: Logger
    let router: Router
    let handler: ControlServer.Handler
    private let stop: StopSignal
    private let access: ControlServer.Access
    private let credentials: @Sendable (Int32) -> Peer?
    private let path: String
    private let socket: FileDescriptor
    private let loops = MultiThreadedEventLoopGroup.singleton
    private let state = Mutex(State())
    /// Held until the last connection has ended.
    private let lock: ProcessLock

    private struct State {
        var isAccepting = false
        var isStopping = false
        var channels: [ObjectIdentifier: any Channel] = [:]
        var seats = Seats()
        /// Whom nobody knows, and the log does.
        var strangers: Set<UInt32> = []
        var waiting: [CheckedContinuation<Void, Never>] = []

        var isOver: Bool { !isAccepting && channels.isEmpty }
    }

    init(
        path: String, limits: ControlServer.Limits, access: ControlServer.Access, logger: Logger,
        credentials: @escaping @Sendable (Int32) -> Peer?, operations: [ControlOperation],
        handler: @escaping ControlServer.Handler
    ) throws(ControlServerError) {
        do {
            guard let lock = try ProcessLock(path: path + ".lock") else {
                throw ControlServerError.running(path: path)
            }
            guard Self.isFreeOrSocket(path) else { throw ControlServerError.notASocket(path: path) }
            self.lock = lock
            stop = try StopSignal()
            socket = try UnixSocket.listen(at: path, mode: access.groups.isEmpty ? 0o600 : 0o666)
        } catch let error as ControlServerError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
        self.path = path
        self.limits = limits
        self.access = access
        self.logger = logger
        self.credentials = credentials
        self.handler = handler
        router = Router(operations)
    }

    private static func isFreeOrSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK
    }

    func start() {
        state.withLock { $0.isAccepting = true }
        Thread.detachNewThread {
            self.acceptUntilStopped()
            self.endIfOver { $0.isAccepting = false }
        }
    }

    func raiseStop() { stop.raise() }

    /// Returns when the last connection has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    func reply(to admission: Router.Admission, _ body: Data, _ peer: Peer) async -> ControlReply {
        do throws(ControlFailure) {
            switch admission {
            case .asked(let operation, let arguments):
                return await handler(try ControlRequest(operation, arguments: arguments), peer)
            case .ordered(let operation):
                return await handler(try ControlRequest(operation, body: body), peer)
            }
        } catch {
            return .failure(error)
        }
    }

    private func endIfOver(after change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            guard state.isOver else { return [CheckedContinuation<Void, Never>]() }
            lock.release()
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Accepting

    private func acceptUntilStopped() {
        while true {
            do {
                let deadline = ContinuousClock.now + .seconds(3600)
                switch try UnixSocket.wait(for: UnixSocket.readable, on: socket, stop: stop, until: deadline)
                {
                case .ready: admit(try UnixSocket.accept(socket))
                case .timedOut: continue
                case .stopped: return dismissAll()
                }
            } catch {
                if error.code == EAGAIN || error.code == ECONNABORTED || error.code == EINTR { continue }
                logger.error("cannot take a control connection", metadata: ["error": "\(error)"])
                pause()
            }
        }
    }

    private func dismissAll() {
        // We hold the lock, so what has the name is ours.
        _ = unsafe unlink(path)
        let channels = state.withLock { state in
            state.isStopping = true
            return Array(state.channels.values)
        }
        for channel in channels { dismiss(channel) }
    }

    private func dismiss(_ channel: any Channel) {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(HTTPExchange.Stop())
        }
    }

    /// Out of descriptors or memory, say: the connection stays in the queue, and trying again at once would spin.
    private func pause() {
        let deadline = ContinuousClock.now + .milliseconds(100)
        _ = try? UnixSocket.wait(for: 0, on: socket, stop: stop, until: deadline)
    }

    /// Whoever cannot be told apart from a stranger is one.
    private func admit(_ descriptor: FileDescriptor) {
        let peer = credentials(descriptor.number)
        guard let peer, let role = access.role(of: peer) else {
            noteStranger(peer)
            return turnAway(
                descriptor,
                ControlFailure(
                    id: "forbidden",
                    message: "only root, gatehouse's own user and members of its groups may ask"))
        }
        let known = peer.with(role)
        let isOwn = access.isOwn(peer)
        guard state.withLock({ $0.seats.take(known.uid, isOwn: isOwn, limits) }) else {
            logger.warning("too many control connections", metadata: ["peer": "\(known)"])
            return turnAway(
                descriptor,
                ControlFailure(id: "too-many-connections", message: "too many connections; try again"))
        }
        let leave: @Sendable (inout State) -> Void = { $0.seats.leave(known.uid, isOwn: isOwn) }
        open(descriptor, leave) { [self] channel in
            let pipeline = channel.pipeline.syncOperations
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = limits.header
            decoder.maxHeaderListSize = 2 * limits.header
            decoder.maxHeaderFieldCount = 64
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true, withErrorHandling: false,
                withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoder)
            try pipeline.addHandler(HTTPExchange(known, role, of: self))
        }
    }

    /// Once a user: who tries again and again must not fill the log.
    private func noteStranger(_ peer: Peer?) {
        let isNew = state.withLock { state in
            if state.strangers.count >= 1024 { state.strangers = [] }
            return state.strangers.insert(peer?.uid ?? .max).inserted
        }
        let name = peer.map { "\($0)" } ?? "unknown"
        logger.log(
            level: isNew ? .warning : .debug, "refused a control connection", metadata: ["peer": "\(name)"])
    }

    /// Says why and reads nothing. Those for whom there is no seat are not waited for either: the answer fits into an empty
    /// socket.
    private func turnAway(_ descriptor: FileDescriptor, _ failure: ControlFailure) {
        let bytes = HTTPAnswer(failure).closingBytes
        guard state.withLock({ $0.seats.takeFarewell() }) else {
            _ = try? UnixSocket.send(bytes[...], to: descriptor)
            return
        }
        open(descriptor, { $0.seats.leaveFarewell() }) { channel in
            try channel.pipeline.syncOperations.addHandler(FarewellHandler(bytes))
        }
    }

    /// `leave` is called once, when the connection has ended.
    private func open(
        _ descriptor: FileDescriptor, _ leave: @escaping @Sendable (inout State) -> Void,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) {
        let opening = ClientBootstrap(group: loops)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let isStopping = state.withLock { state in
                        state.channels[ObjectIdentifier(channel)] = channel
                        return state.isStopping
                    }
                    channel.closeFuture.whenComplete { [self] _ in
                        endIfOver {
                            $0.channels[ObjectIdentifier(channel)] = nil
                            leave(&$0)
                        }
                    }
                    try prepare(channel)
                    if isStopping { dismiss(channel) }
                }
            }
            .withConnectedSocket(descriptor.release())
        opening.whenFailure { [logger] error in
            logger.debug("lost a control connection", metadata: ["why": "\(error)"])
        }
    }
}

/// Who has a place. Some are kept for root and gatehouse's own user: what others hold open must not keep them out.
struct Seats: Sendable {
    private var others: [UInt32: Int] = [:]
    private var own = 0
    private var farewells = 0

    /// Each true is to be followed by one `leave`.
    mutating func take(_ user: UInt32, isOwn: Bool, _ limits: ControlServer.Limits) -> Bool {
        let taken = others.values.reduce(0, +)
        if isOwn {
            guard own + taken < limits.connections else { return false }
            own += 1
            return true
        }
        guard own + taken < limits.connections, taken < limits.connections * 3 / 4,
            others[user, default: 0] < max(1, limits.connections / 4)
        else { return false }
        others[user, default: 0] += 1
        return true
    }

    mutating func leave(_ user: UInt32, isOwn: Bool) {
        if isOwn { return own -= 1 }
        let left = others[user, default: 1] - 1
        others[user] = left > 0 ? left : nil
    }

    mutating func takeFarewell() -> Bool {
        guard farewells < 8 else { return false }
        farewells += 1
        return true
    }

    mutating func leaveFarewell() { farewells -= 1 }
}
