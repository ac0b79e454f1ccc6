import AuditLog
import Classification
import Control
import Enforcement
import Evidence
import NetworkTypes
import PolicyLanguage
import RulesetCompiler
import Sessions
import Store
import Trust

/// Answers what the command line asks: each command is one question to the reconciler, or one order.
struct ControlHandlers: Sendable {
    let enforcer: Enforcer
    let changes: RuleChanges
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
    /// Whether there is a key to seal seeds of one-time codes with.
    var canSeal = false

    func answer(_ request: ControlRequest, _ peer: Peer) async -> ControlReply {
        do {
            switch request.command {
            case "sessions": return .success(await sessions())
            case "explain": return .success(try await explain(request.arguments()))
            case "disconnect": return .success(try await disconnect(request.arguments(), peer))
            case "readmit": return .success(try await readmit(request.arguments(), peer))
            case "device.set-status": return .success(try await setStatus(request.arguments(), peer))
            case "register.list": return .success(try await registerLines(request.arguments()))
            case "register.state-part":
                try await parts.keep(request.arguments(), of: peer, at: SystemClock().now())
                return .done
            case "register.state": return .success(try await state(request.arguments(), peer))
            case "posture.list": return .success(try await postures(request.arguments()))
            case "posture.report": return .success(try await report(request.arguments(), peer))
            case "evidence": return .success(try await evidence(request.arguments()))
            case "spot-check": return .success(try await spotCheck(request.arguments()))
            case "user.forget-codes": return .success(try await forgetCodes(request.arguments(), peer))
            case "register.history": return .success(try await history(request.arguments()))
            case "user.enrol": return .success(try await enrol(request.arguments(), peer))
            case "user.unenrol": return .success(try await unenrol(request.arguments(), peer))
            case "step-up": return .success(try await stepUp(request.arguments(), peer))
            case "audit.head": return .success(try auditHead())
            case "doctor": return .success(try await knowledge())
            case "kernel.inspect": return .success(try await inspectKernel())
            case "acknowledge-damage": return .success(try await acknowledgeDamage(peer))
            case "reload": return .success(try await changes.reload(by: RuleChangeAuthor(peer)))
            case "rules.part":
                try await keepPart(request.arguments(), peer)
                return .done
            case "rules.plan": return .success(try await plan(request.arguments(), peer))
            case "rules.apply": return .success(try await apply(request.arguments(), peer))
            case "rules.confirm":
                try await confirm(request.arguments(), peer)
                return .done
            case "rules.revert": return .success(try await revert(request.arguments(), peer))
            case "rules.changes":
                let arguments: ControlMessages.ChangesArguments = try request.arguments()
                return .success(try await changes.changes(arguments.reference))
            case "rules.pack":
                let arguments: ControlMessages.PackArguments = try request.arguments()
                return .success(try await changes.files(of: arguments.digest))
            default: throw ControlFailure(id: "unknown-command", message: "no command '\(request.command)'")
            }
        } catch let failure as ControlFailure {
            return .failure(failure)
        } catch let refusal as OrderRefusal {
            let id = refusal == .registersMoved ? ControlMessages.registersMoved : "refused"
            return .failure(ControlFailure(id: id, message: "\(refusal)"))
        } catch {
            return .failure(ControlFailure(id: "internal", message: "\(error)"))
        }
    }

    // MARK: Looking

    private func sessions() async -> ControlMessages.SessionList {
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

    private func explain(
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

    private func disconnect(
        _ arguments: ControlMessages.DisconnectArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let target = try await target(arguments)
        return done(
            try await enforcer.carryOut(.disconnect(target, by: peer.name, reason: arguments.reason)))
    }

    private func readmit(
        _ arguments: ControlMessages.DisconnectArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        done(try await enforcer.carryOut(.readmit(try await target(arguments), by: peer.name)))
    }

    private func target(_ arguments: ControlMessages.DisconnectArguments) async throws -> Order.Target {
        if let name = arguments.session { return .session(try await session(name).session.id) }
        if let user = arguments.user { return .user(user) }
        guard let device = arguments.device else {
            throw ControlFailure(id: "bad-request", message: "name a session, a user or a device")
        }
        return .device(device)
    }

    private func setStatus(
        _ arguments: ControlMessages.StatusArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        guard let status = DeviceStatus(rawValue: arguments.status) else {
            throw ControlFailure(id: "bad-request", message: "no device status '\(arguments.status)'")
        }
        let order = Order.setStatus(
            status, device: arguments.device, by: peer.name, reason: arguments.reason)
        return done(try await enforcer.carryOut(order))
    }

    private func forgetCodes(
        _ arguments: ControlMessages.UserArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        done(try await enforcer.carryOut(.forgetCodes(arguments.owner, by: peer.name)))
    }

    func done(_ receipt: OrderReceipt, isTrial: Bool = false) -> ControlMessages.OrderDone {
        ControlMessages.OrderDone(receipt, isTrial: isTrial)
    }
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
