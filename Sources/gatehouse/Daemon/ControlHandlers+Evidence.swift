import Classification
import Control
import Enforcement
import Evidence
import PolicyLanguage
import Sessions

/// Registers, posture and evidence: what is known, and what administrators state.
extension ControlHandlers {
    // MARK: Registers

    func registerLines(
        _ arguments: ControlMessages.RegisterListArguments
    ) async throws -> ControlMessages.RegisterList {
        let kind = try Self.kind(arguments.kind)
        let registers = await enforcer.registers
        let keys = arguments.key.map { [$0] } ?? registers.keys(of: kind)
        var lines: [ControlMessages.RegisterLineMessage] = []
        for key in keys {
            let subject = RegisterSubject(kind, key)
            guard let fields = registers.fields(of: subject) else { continue }
            let facts = await enforcer.facts(about: subject)
            lines.append(
                ControlMessages.RegisterLineMessage(
                    key: key, fields: fields, stated: facts.map(ControlMessages.StatedField.init)))
        }
        if arguments.withUnwhole ?? false, arguments.key == nil {
            for (key, fields) in await enforcer.unwholeLines(of: kind) {
                let facts = await enforcer.facts(about: RegisterSubject(kind, key))
                lines.append(
                    ControlMessages.RegisterLineMessage(
                        key: key, fields: fields, stated: facts.map(ControlMessages.StatedField.init)))
            }
        }
        if lines.isEmpty, let key = arguments.key {
            throw ControlFailure(id: "not-found", message: "no \(kind.rawValue) '\(PlainText.shown(key))'")
        }
        return ControlMessages.RegisterList(lines: lines)
    }

    func state(
        _ arguments: ControlMessages.RegisterStateArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let earlier = try await parts.take(arguments.batch, of: peer, at: SystemClock().now())
        let statements = try (earlier + arguments.statements).map { try $0.statement() }
        let order = Order.state(statements, by: peer.name, reason: arguments.reason)
        return arguments.dryRun ?? false
            ? done(try await enforcer.tryOut(order), isTrial: true) : done(try await enforcer.carryOut(order))
    }

    static func kind(_ text: String) throws(ControlFailure) -> RegisterKind {
        guard let kind = RegisterKind(rawValue: text) else {
            throw ControlFailure(id: "bad-request", message: "no register of '\(PlainText.shown(text))'")
        }
        return kind
    }

    // MARK: Posture

    func postures(
        _ arguments: ControlMessages.PostureListArguments
    ) async throws -> ControlMessages.PostureList {
        let all = await enforcer.postures
        let wanted = arguments.device.map { device in all.filter { $0.key == device } } ?? all
        if wanted.isEmpty, let device = arguments.device {
            throw ControlFailure(
                id: "not-found", message: "nothing was reported of device '\(PlainText.shown(device))'")
        }
        return ControlMessages.PostureList(
            devices: wanted.sorted { $0.key < $1.key }.map { device, posture in
                ControlMessages.PostureLine(
                    device: device, items: posture.items.map(ControlMessages.PostureItem.init))
            })
    }

    /// What an administrator saw on a device, for a site without agents.
    func report(
        _ arguments: ControlMessages.PostureReportArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let report = PostureReport(
            subject: .device(arguments.device), reporter: "administrator \(peer.name)",
            posture: try arguments.posture(at: SystemClock().now()))
        switch await enforcer.take([report]).first {
        case .success(let receipt):
            return ControlMessages.OrderDone(
                cut: receipt.moved.filter(\.isCut).map(\.session.description),
                moved: receipt.moved.map(ControlMessages.Move.init), isTrial: false,
                committedAt: SystemClock().now().nanosecondsSince1970)
        case .failure(let rejection):
            throw ControlFailure(id: "refused", message: "\(rejection)")
        case nil: throw ControlFailure(id: "internal", message: "no answer")
        }
    }

    // MARK: Evidence

    func evidence(
        _ arguments: ControlMessages.SessionArgument
    ) async throws -> ControlMessages.EvidenceList {
        let known = try await session(arguments.session)
        guard let evidence = await enforcer.evidence(about: known.session.id) else {
            throw ControlFailure(id: "not-found", message: "session \(arguments.session) has just ended")
        }
        return ControlMessages.EvidenceList(
            session: arguments.session, facts: EvidenceText.facts(evidence, known.session))
    }
}

extension Registers {
    func keys(of kind: RegisterKind) -> [String] {
        switch kind {
        case .device: devices.all.map(\.id)
        case .user: users.names
        case .loan: loans.all.map(\.reference)
        case .approval: approvals.all.map(\.reference)
        }
    }
}
