import Classification
import Control
import ControlAPI
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
        // One look, so that lines, statements and revision go together.
        let view = await enforcer.registerView
        let keys = arguments.key.map { [$0] } ?? view.registers.keys(of: kind)
        func line(_ subject: RegisterSubject, _ fields: RegisterFields) -> ControlMessages.RegisterLineMessage
        {
            .init(
                key: subject.key, fields: fields,
                stated: view.facts[subject].map(ControlMessages.StatedField.init))
        }
        var lines = keys.compactMap { key in
            let subject = RegisterSubject(kind, key)
            return view.registers.fields(of: subject).map { line(subject, $0) }
        }
        if arguments.withUnwhole ?? false, arguments.key == nil {
            lines += view.unwholeLines(of: kind).map { line(RegisterSubject(kind, $0.key), $0.value) }
        }
        if lines.isEmpty, let key = arguments.key {
            throw ControlFailure(id: "not-found", message: "no \(kind.rawValue) '\(PlainText.shown(key))'")
        }
        return ControlMessages.RegisterList(lines: lines, revision: view.revision.description)
    }

    func state(
        _ arguments: ControlMessages.RegisterStateArguments, _ peer: Peer
    ) async throws -> ControlMessages.OrderDone {
        let earlier = try await parts.take(arguments.batch, of: peer, at: SystemClock().now())
        let statements = try (earlier + arguments.statements).map { try $0.statement() }
        let revision = try arguments.ifRevision.map(Self.revision)
        let order = Order.state(
            statements, ifRevision: revision, by: peer.name, reason: arguments.reason)
        return arguments.dryRun ?? false
            ? done(try await enforcer.tryOut(order), isTrial: true)
            : done(try await enforcer.carryOut(order, by: peer.orderer))
    }

    /// An order whose condition is not understood must not be carried out without it.
    private static func revision(_ text: String) throws(ControlFailure) -> RegisterRevision {
        guard let revision = RegisterRevision(text) else {
            throw ControlFailure(
                id: "bad-request", message: "'\(PlainText.shown(text))' is no revision of the registers")
        }
        return revision
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
        let order = Order.report(report, by: peer.name)
        return arguments.dryRun ?? false
            ? done(try await enforcer.tryOut(order), isTrial: true)
            : done(try await enforcer.carryOut(order, by: peer.orderer))
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
