import Control
import ControlAPI
import Enforcement
import Evidence
import FlowSpace
import Netfilter
import NetworkTypes
import PolicyDifference
import PolicyLanguage
import Sessions

/// What a pack would do to the sessions that are there now.
struct LivePlan {
    let old: Policy
    let new: Policy
    let difference: PolicyDifference
    /// In force.
    let registers: Registers

    /// Sessions to which something happens, by id.
    ///
    /// A connection is cut when its packets were allowed and are no more. Its session is found by the inner address: two
    /// tunnels with a session of the same address each would both be told of it.
    func movements(
        of sessions: [SessionOutlook], _ connections: Set<TrackedConnection>
    ) -> [ControlMessages.LiveMovement] {
        var judge = MovementJudge(from: old, to: new, difference)
        let bySource = Dictionary(grouping: connections, by: \.source)
        return sessions.compactMap { one in
            let session = one.known.session
            let moved = judge.movement(
                of: session.id.description, from: SessionStanding(one.known.decision),
                to: SessionStanding(one.after))
            guard let moved else { return nil }
            let own = session.addresses.flatMap { bySource[$0] ?? [] }
            let cut = own.filter { connection in
                moved.closes.contains { $0.space.contains(connection.destination) }
            }
            return ControlMessages.LiveMovement(
                movement: PlanDocument.MovementRecord(moved), user: session.userName,
                device: registers.device(of: one.known)?.id,
                cut: cut.map(ControlMessages.Connection.init).sorted(), kept: own.count - cut.count)
        }
    }
}

extension ControlMessages {
    struct PlanArguments: Codable {
        /// What to call the pack.
        var name: String
        var pieces: [PackPiece]
        var batch: RegisterBatch?
        /// For how long packets are looked at, for connections that the kernel does not track; 2 s where it is not said.
        var watchMilliseconds: Int?
    }

    struct LivePlanAnswer: Codable {
        var plan: PlanDocument
        /// How many there are.
        var sessions: Int
        /// Those to which something happens.
        var moved: [LiveMovement]
        /// How long packets were looked at.
        var watchedMilliseconds: Int
        /// Why connections are not known, or not all of them; nil when all that the kernel tracks were looked at, and every
        /// tunnel.
        var connectionsUnknown: String?
    }

    struct LiveMovement: Codable {
        /// Its name is the session's.
        var movement: PlanDocument.MovementRecord
        var user: String
        /// The inventory id; nil when the device is not on the register.
        var device: String?
        /// Open connections that would get nothing more through, and how many of its others would.
        var cut: [Connection]
        var kept: Int
    }

    struct Connection: Codable, Equatable, Comparable {
        var source: String
        /// `10.10.0.20:443/tcp`
        var destination: String

        init(_ connection: TrackedConnection) {
            let port = connection.sourcePort
            source =
                connection.destination.ipProtocol.hasPorts
                ? Destination(
                    address: connection.source, ipProtocol: connection.destination.ipProtocol, port: port
                ).description : connection.source.description
            destination = connection.destination.description
        }

        static func < (lhs: Connection, rhs: Connection) -> Bool {
            (lhs.destination, lhs.source) < (rhs.destination, rhs.source)
        }
    }
}

extension ControlHandlers {
    /// At most so many connections are looked at: a second of the kernel's time, and some 30 MB.
    static let connectionLimit = 1 << 18

    /// What people wait for, and what bounds the work.
    private static func watch(_ milliseconds: Int?) throws(ControlFailure) -> Duration {
        let milliseconds = milliseconds ?? 2000
        guard (0...30_000).contains(milliseconds) else {
            throw ControlFailure(id: "bad-request", message: "packets are looked at for 30 seconds at most")
        }
        return .milliseconds(milliseconds)
    }

    /// What a pack that was sent would do. Nothing is changed by it.
    func plan(_ arguments: ControlMessages.PlanArguments, _ peer: Peer) async throws
        -> ControlMessages.LivePlanAnswer
    {
        let files = try await files(arguments.pieces, arguments.batch, peer)
        let (before, now) = (await enforcer.policy, changes.clock.now())
        let made = await onThread {
            PreparedChange(RulePack(files, at: now), over: before, name: arguments.name)
        }
        let policy = try made.loadable()
        let sessions = await enforcer.outlook(under: policy)
        let watched = try Self.watch(arguments.watchMilliseconds)
        let look = connections
        let known = await onThread { look(watched) }
        let live = LivePlan(
            old: before, new: policy, difference: made.difference,
            registers: await enforcer.registers)
        return ControlMessages.LivePlanAnswer(
            plan: made.plan, sessions: sessions.count,
            moved: live.movements(of: sessions, known.connections),
            watchedMilliseconds: Int(watched.milliseconds), connectionsUnknown: known.unknown)
    }
}

/// Open connections, as far as they can be known.
struct KnownConnections: Sendable {
    var connections: Set<TrackedConnection> = []
    /// Why there may be others; nil for no reason.
    var unknown: String?

    mutating func formUnion(_ other: KnownConnections) {
        connections.formUnion(other.connections)
        let reasons = [unknown, other.unknown].compactMap(\.self)
        unknown = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// Of the kernel, on the caller's thread.
    static func ofKernel() -> KnownConnections {
        do {
            let read = try TrackedConnections.read(limit: ControlHandlers.connectionLimit)
            return KnownConnections(
                connections: read.connections,
                unknown: read.isCutShort
                    ? "the kernel tracks more connections than the \(ControlHandlers.connectionLimit) that were looked at"
                    : nil)
        } catch {
            return KnownConnections(unknown: "\(error)")
        }
    }
}
