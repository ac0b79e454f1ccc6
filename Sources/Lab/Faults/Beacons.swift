import Foundation
import Glibc
import NetworkTypes
import Synchronization

/// Small packets in every direction that matters, each some hundred times a second: those that the rules permit are
/// answered, and of the others none must arrive.
///
/// Sockets are made in the namespaces; a thread each sends or receives. Counting is done where packets arrive, so that
/// what the gateway believes has no say.
final class Beacons: Sendable {
    private let streams: [Stream]
    private let isOver = Mutex(false)

    static let allowedPort: UInt16 = 7000
    static let refusedPort: UInt16 = 7001
    private static let clientPort: UInt16 = 7003
    /// Between two packets of a stream.
    private static let period: UInt32 = 4_000

    /// Who sends, in which namespace.
    private struct Sender: Sendable {
        let stream: Stream
        let socket: Datagrams
        let peer: SocketAddress
    }

    /// - Parameters:
    ///   - client: Has a session, and the inner addresses told.
    ///   - stranger: Its packets are sent from addresses that are no session's.
    static func start(client: VPNClient, stranger: VPNClient) async throws -> Beacons {
        var numbers: UInt32 = 0
        let stream = { (title: String, kind: Stream.Kind) -> Stream in
            numbers += 1
            return Stream(title, kind, number: numbers)
        }
        var senders: [Network.Space: [Sender]] = [:]
        for family in AddressFamily.allCases {
            let finance = Network.Host.finance.address(family)
            let plain = try await client.actor.space.inside { try Datagrams(family) }
            let web = Network.Host.web.address(family)
            for (title, kind, address, port) in [
                ("allowed system", Stream.Kind.allowed, finance, allowedPort),
                ("other port", .refused, finance, refusedPort), ("internet", .refused, web, refusedPort),
            ] {
                senders[client.actor.space, default: []].append(
                    Sender(
                        stream: stream("\(title), \(family)", kind), socket: plain,
                        peer: try peer(address, port)))
            }
            let spoofed = try await stranger.actor.space.inside {
                try Datagrams(family, at: peer(Network.spoofed(family), clientPort))
            }
            senders[stranger.actor.space, default: []].append(
                Sender(
                    stream: stream("from no session, \(family)", .refused), socket: spoofed,
                    peer: try peer(finance, allowedPort)))
            let inside = try await Network.Space.inside.inside { try Datagrams(family) }
            senders[.inside, default: []].append(
                Sender(
                    stream: stream("opened from inside, \(family)", .refused), socket: inside,
                    peer: try peer(client.address(family) ?? "", clientPort)))
        }
        let beacons = Beacons(senders.values.flatMap { $0.map(\.stream) })
        try await beacons.listen(client)
        for group in senders.values { beacons.keepSending(group) }
        return beacons
    }

    private init(_ streams: [Stream]) { self.streams = streams.sorted { $0.number < $1.number } }

    private static func peer(_ address: String, _ port: UInt16) throws -> SocketAddress {
        guard let peer = SocketAddress(address, port: port) else {
            throw LabError.system(operation: "read address \(address)", errno: EINVAL)
        }
        return peer
    }

    func end() { isOver.withLock { $0 = true } }

    private var isToGoOn: Bool { isOver.withLock { !$0 } }

    // MARK: Sending and receiving

    private func keepSending(_ group: [Sender]) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 256)
            while isToGoOn {
                for sender in group {
                    sender.stream.send { sender.socket.send($0, to: sender.peer) }
                    while let packet = sender.socket.receive(into: &buffer) {
                        note(buffer.prefix(packet.count)) { $0.answered($1) }
                    }
                }
                usleep(Self.period)
            }
        }
    }

    private func listen(_ client: VPNClient) async throws {
        var listeners: [Datagrams] = []
        for family in AddressFamily.allCases {
            listeners += try await Network.Space.inside.inside {
                try [Self.allowedPort, Self.refusedPort].map { port in
                    try Datagrams(family, at: Self.peer(Network.Host.finance.address(family), port))
                }
            }
            listeners.append(
                try await Network.Space.internet.inside {
                    try Datagrams(family, at: Self.peer(Network.Host.web.address(family), Self.refusedPort))
                })
            let address = client.address(family) ?? ""
            listeners.append(
                try await client.actor.space.inside {
                    try Datagrams(family, at: Self.peer(address, Self.clientPort))
                })
        }
        for listener in listeners { keepReceiving(listener) }
    }

    private func keepReceiving(_ socket: Datagrams) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 256)
            while isToGoOn {
                while let packet = socket.receive(into: &buffer) {
                    let payload = buffer.prefix(packet.count)
                    note(payload) { stream, _ in
                        stream.arrived()
                        if stream.kind == .allowed { _ = socket.send(Array(payload), to: packet.from) }
                    }
                }
                usleep(500)
            }
        }
    }

    private func note(_ payload: ArraySlice<UInt8>, _ body: (Stream, UInt32) -> Void) {
        guard let (number, sequence) = Stream.read(payload), (1...streams.count).contains(Int(number)) else {
            return
        }
        body(streams[Int(number) - 1], sequence)
    }

    // MARK: Looking

    /// Begins to count anew.
    func open() { for stream in streams { stream.open() } }

    /// Whether every permitted stream was answered since then.
    func flow(since instant: UInt64) -> Bool {
        streams.filter { $0.kind == .allowed }.allSatisfy { $0.isAnswered(since: instant) }
    }

    /// Whether any of them was.
    func anyFlows(since instant: UInt64) -> Bool {
        streams.contains { $0.kind == .allowed && $0.isAnswered(since: instant) }
    }

    /// What became of everything sent until now. Takes a moment: the last answers are waited for.
    func tally() async throws -> [(stream: Stream, tally: Stream.Tally)] {
        let last = streams.map(\.sequence)
        try await Task.sleep(for: .milliseconds(300))
        return zip(streams, last).map { ($0, $0.tally(through: $1)) }
    }
}
