import Audit
import AuditLog
import Classification
import Control
import ControlAPI
import Enforcement
import Evidence
import Logging
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Store
import Trust

/// Answers what is asked at the control socket: each operation is one question to the reconciler, or one order.
struct ControlHandlers: Sendable {
    let enforcer: Enforcer
    let changes: RuleChanges
    var log = Logger(label: "gatehouse")
    /// Interfaces that should be watched and are not; nil when the packet path is switched off.
    var unwatched: @Sendable () -> [String: String]? = { nil }
    /// What the packet path counted of a session; nil when it does not run, or does not know the session.
    var usage: @Sendable (SessionID) async -> ControlMessages.SessionUseSummary? = { _ in nil }
    /// Open connections of sessions. Waits for the kernel.
    /// What is open, with so much time to look.
    var connections: @Sendable (Duration) -> KnownConnections = { _ in
        KnownConnections(unknown: "nobody looks")
    }
    /// What rules ask of the world, and what is at hand of it.
    var ruleKnowledge: @Sendable (Policy) -> ControlMessages.RuleKnowledge = { policy in
        ControlMessages.RuleKnowledge(
            policy, CertificateTrust(clock: { SystemClock().now() }), countries: nil)
    }
    /// Statements that are too many for one request.
    let parts = RegisterParts()
    /// Packs that are.
    let packs = RequestParts<ControlMessages.PackPiece>(limit: packBytes) { $0.text.utf8.count }

    /// Every fact that was ever stated of a line.
    var history: @Sendable (RegisterSubject) throws -> [FactRecord] = { _ in [] }
    /// The audit record; nil where none is kept.
    var trail: AuditTrail?
    /// Puts what is no order of the reconciler's on it. On the disk when it returns.
    var keep: @Sendable ([AuditEntry]) throws -> Void = { _ in }
    /// Nil where nobody is alerted.
    var alerts: DaemonAlerts?
    /// Of security events, and how each is heard.
    var transmitters: @Sendable () -> [ControlMessages.TransmitterSummary] = { [] }
    /// Whether there is a key to seal seeds of one-time codes with.
    var canSeal = false

    private static let answers = Dictionary(uniqueKeysWithValues: bindings.map { ($0.row.id, $0.answer) })

    func answer(_ request: ControlRequest, _ peer: Peer) async -> ControlReply {
        do {
            guard let answer = Self.answers[request.operation.id] else {
                throw ControlFailure(id: "internal", message: "nobody answers that")
            }
            return try await answer(self, request, peer)
        } catch let failure as ControlFailure {
            return .failure(failure)
        } catch let refusal as OrderRefusal {
            let id = refusal == .registersMoved ? ControlMessages.registersMoved : "refused"
            return .failure(ControlFailure(id: id, message: "\(refusal)"))
        } catch {
            // What it says is for those who keep the gateway, who read its log.
            log.error("cannot answer", metadata: ["asked": "\(request.operation.id)", "error": "\(error)"])
            return .failure(
                ControlFailure(id: "internal", message: "something went wrong here; the daemon's log has it"))
        }
    }

    // MARK: Looking

    func sessions() async -> ControlMessages.SessionList {
        let registers = await enforcer.registers
        let idleEnds = await enforcer.idleEnds
        var sessions: [ControlMessages.SessionSummary] = []
        for known in await enforcer.sessions {
            let id = known.session.id
            let around = Explanations.Surroundings(
                device: registers.device(of: known), use: await use(of: known), idleEnd: idleEnds[id],
                scan: known.scan)
            sessions.append(Explanations.summary(known, around))
        }
        return ControlMessages.SessionList(
            sessions: sessions,
            kernelFault: await enforcer.kernelFault?.description,
            closedBecause: await enforcer.closedBecause, auditFault: trail?.log.loss?.because,
            detachedSources: await enforcer.detachedSources.mapValues(\.description),
            unwatched: unwatched(),
            holds: await enforcer.holds.map { hold in
                ControlMessages.HoldSummary(
                    subject: Self.words(hold.subject, registers.devices), since: hold.since.description,
                    by: hold.by,
                    reason: hold.reason)
            })
    }

    /// The packet path counts; what passed last is known here, from what it told.
    private func use(of known: EnforcedSession) async -> ControlMessages.SessionUseSummary? {
        guard var use = await usage(known.session.id) else { return nil }
        use.lastUsed = use.lastUsed ?? known.lastUsed?.description
        return use
    }

    private static func words(_ subject: Hold.Subject, _ devices: DeviceRegister) -> String {
        switch subject {
        case .user(let name): "user \(name)"
        case .certificate(let digest): devices[digest].map { "device \($0.id)" } ?? "certificate \(digest)"
        case .key(let key): devices[key].map { "device \($0.id)" } ?? "key \(key)"
        }
    }

    func explain(
        _ arguments: ControlMessages.ExplainArguments
    ) async throws -> ControlMessages.Explanation {
        let known = try await session(arguments.session)
        guard let decision = await enforcer.explain(known.session.id) else {
            throw ControlFailure(id: "not-found", message: "session \(arguments.session) has just ended")
        }
        var packet: ControlMessages.PacketAnswer?
        if let text = arguments.to {
            guard let destination = Destination(parsing: text) else {
                throw ControlFailure(
                    id: "bad-request", message: "'\(text)' is no destination such as 10.10.0.20:443/tcp")
            }
            packet = Explanations.packet(destination, decision, await enforcer.policy)
        }
        let id = known.session.id
        let around = Explanations.Surroundings(
            device: await enforcer.registers.device(of: known), use: await use(of: known),
            idleEnd: await enforcer.idleEnd(of: id), scan: await enforcer.scan(of: id))
        let summary = Explanations.summary(known, around)
        return Explanations.explanation(
            summary, decision, claims: known.session.claims, packet: packet)
    }

    /// Finds a session by the name that people use: source and client number.
    func session(_ name: String) async throws -> EnforcedSession {
        let matching = await enforcer.sessions.filter { $0.session.id.description == name }
        guard let found = matching.last else {
            throw ControlFailure(
                id: "not-found", message: "no session '\(name)'; 'gatehouse sessions' lists them")
        }
        return found
    }

    // MARK: Orders

    func disconnect(
        _ arguments: ControlMessages.DisconnectArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let target = try await target(arguments)
        return done(
            try await enforcer.carryOut(
                .disconnect(target, by: peer.name, reason: arguments.reason), by: peer.orderer))
    }

    func readmit(
        _ arguments: ControlMessages.DisconnectArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let order = Order.readmit(try await target(arguments), by: peer.name)
        return done(try await enforcer.carryOut(order, by: peer.orderer))
    }

    private func target(_ arguments: ControlMessages.DisconnectArguments) async throws -> Order.Target {
        if let name = arguments.session { return .session(try await session(name).session.id) }
        if let user = arguments.user { return .user(user) }
        guard let device = arguments.device else {
            throw ControlFailure(id: "bad-request", message: "name a session, a user or a device")
        }
        return .device(device)
    }

    func setStatus(
        _ arguments: ControlMessages.StatusArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        guard let status = DeviceStatus(rawValue: arguments.status) else {
            throw ControlFailure(id: "bad-request", message: "no device status '\(arguments.status)'")
        }
        let order = Order.setStatus(
            status, device: arguments.device, by: peer.name, reason: arguments.reason)
        return done(try await enforcer.carryOut(order, by: peer.orderer))
    }

    func forgetCodes(
        _ arguments: ControlMessages.UserArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        done(
            try await enforcer.carryOut(
                .forgetCodes(arguments.owner, by: peer.name), by: peer.orderer))
    }

    func done(_ receipt: OrderReceipt, isTrial: Bool = false) -> ControlMessages.OrderDone {
        ControlMessages.OrderDone(receipt, isTrial: isTrial)
    }
}

extension Peer {
    var orderer: Orderer? { role.map { Orderer(uid: uid, role: $0.rawValue) } }
}

extension ControlMessages.UserArguments {
    var owner: CodeOwner { CodeOwner(user, tenant: tenant) }
}

extension Registers {
    /// The record of the device that a session came with.
    func device(of known: EnforcedSession) -> DeviceRecord? {
        known.session.certificates.flatMap { devices[$0.leaf.digest] }
            ?? known.proofs.certificates.flatMap { devices[$0.attributes.key] }
    }
}
