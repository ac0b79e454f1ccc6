import Control
import ControlAPI
import Store

/// Who answers what: a row of the table, and the handler that goes with it.
struct ControlBinding: Sendable {
    typealias Answer = @Sendable (ControlHandlers, ControlRequest, Peer) async throws -> ControlReply

    let row: ControlOperation
    let answer: Answer

    init(_ row: ControlOperation, answer: @escaping Answer) {
        self.row = row
        self.answer = answer
    }

    init<Arguments: Codable & SendableMetatype, Result: Codable & SendableMetatype>(
        _ operation: TypedOperation<Arguments, Result>,
        _ handler: @escaping @Sendable (ControlHandlers, Arguments, Peer) async throws -> Result
    ) {
        self.init(operation.row) { handlers, request, peer in
            .success(try await handler(handlers, try request.arguments(), peer))
        }
    }

    /// For orders after which there is nothing to say.
    init<Arguments: Codable & SendableMetatype>(
        doing operation: TypedOperation<Arguments, ControlMessages.Nothing>,
        _ handler: @escaping @Sendable (ControlHandlers, Arguments, Peer) async throws -> Void
    ) {
        self.init(operation) { handlers, arguments, peer in
            try await handler(handlers, arguments, peer)
            return ControlMessages.Nothing()
        }
    }
}

extension ControlHandlers {
    private typealias Operations = ControlOperations

    /// As the CLI says them.
    static let bindings: [ControlBinding] = looks + orders + rules

    private static let looks: [ControlBinding] = [
        ControlBinding(Operations.openAPI) { _, _, _ in .success(OpenAPIDocument.of(Operations.all)) },
        .init(Operations.who) { _, _, peer in
            ControlMessages.Who(user: peer.name, uid: peer.uid, role: peer.role ?? .viewer)
        },
        .init(Operations.sessions) { handlers, _, _ in await handlers.sessions() },
        .init(Operations.explain) { handlers, arguments, _ in try await handlers.explain(arguments) },
        .init(Operations.evidence) { handlers, arguments, _ in try await handlers.evidence(arguments) },
        .init(Operations.spotCheck) { try await $0.spotCheck($1, $2) },
        .init(Operations.registerList) { handlers, arguments, _ in
            try await handlers.registerLines(arguments)
        },
        .init(Operations.registerHistory) { handlers, arguments, _ in
            try await handlers.history(arguments)
        },
        .init(Operations.postureList) { handlers, arguments, _ in try await handlers.postures(arguments) },
        .init(Operations.auditHead) { handlers, _, _ in try handlers.auditHead() },
        .init(Operations.alerts) { handlers, _, _ in try handlers.alertsState() },
        .init(Operations.doctor) { handlers, _, _ in try await handlers.knowledge() },
        .init(Operations.inspectKernel) { handlers, _, _ in try await handlers.inspectKernel() },
        .init(Operations.changes) { handlers, arguments, _ in
            try await handlers.changes.changes(arguments.reference)
        },
        .init(Operations.pack) { handlers, arguments, _ in
            try await handlers.changes.files(of: arguments.digest)
        },
    ]

    private static let orders: [ControlBinding] = [
        .init(Operations.disconnect) { try await $0.disconnect($1, $2) },
        .init(Operations.readmit) { try await $0.readmit($1, $2) },
        .init(Operations.setStatus) { try await $0.setStatus($1, $2) },
        .init(doing: Operations.statePart) { handlers, arguments, peer in
            try await handlers.parts.keep(arguments, of: peer, at: SystemClock().now())
        },
        .init(Operations.state) { try await $0.state($1, $2) },
        .init(Operations.report) { try await $0.report($1, $2) },
        .init(Operations.forgetCodes) { try await $0.forgetCodes($1, $2) },
        .init(Operations.enrol) { try await $0.enrol($1, $2) },
        .init(Operations.unenrol) { try await $0.unenrol($1, $2) },
        .init(Operations.stepUp) { try await $0.stepUp($1, $2) },
        .init(Operations.acknowledgeDamage) { handlers, _, peer in
            try await handlers.acknowledgeDamage(peer)
        },
        .init(Operations.testAlerts) { handlers, _, peer in try await handlers.testAlerts(by: peer) },
    ]

    private static let rules: [ControlBinding] = [
        .init(Operations.reload) { handlers, _, peer in
            try await handlers.changes.reload(by: RuleChangeAuthor(peer))
        },
        .init(doing: Operations.packPart) { try await $0.keepPart($1, $2) },
        .init(Operations.plan) { try await $0.plan($1, $2) },
        .init(Operations.apply) { try await $0.apply($1, $2) },
        .init(doing: Operations.confirm) { try await $0.confirm($1, $2) },
        .init(Operations.revert) { try await $0.revert($1, $2) },
    ]
}
