import AlertSinks
import Alerts
import Control
import ControlAPI
import Enforcement
import PolicyLanguage
import Sessions

extension ControlHandlers {
    func alertsState() throws(ControlFailure) -> ControlMessages.AlertsState {
        Self.state(of: try configuredAlerts())
    }

    func testAlerts(by peer: Peer) async throws -> ControlMessages.AlertTest {
        await test(try configuredAlerts(), peer)
    }

    private func configuredAlerts() throws(ControlFailure) -> DaemonAlerts {
        if let alerts { return alerts }
        throw ControlFailure(
            id: "not-found",
            message: "no sinks are configured ('alerts' of the configuration): nobody is alerted")
    }

    private static func state(of alerts: DaemonAlerts) -> ControlMessages.AlertsState {
        ControlMessages.AlertsState(
            sinks: alerts.center.workers.map(\.look).map { look in
                .init(
                    name: look.name, queued: look.queued, bytes: look.bytes, unsaved: look.unsaved,
                    diskFault: look.diskFault, delivered: look.delivered, lost: look.lost,
                    failures: look.failures, lastError: look.lastError,
                    lastErrorAt: look.lastErrorAt?.description,
                    lastDeliveryAt: look.lastDeliveryAt?.description)
            },
            open: alerts.open.all.map { fault, since in
                .init(
                    kind: fault.kind.rawValue, severity: fault.severity.word, says: fault.says,
                    since: since.description, clauses: fault.clauses)
            },
            recent: alerts.center.recent.map { alert in
                .init(
                    id: alert.id, kind: alert.kind.rawValue, severity: alert.severity.word, says: alert.says,
                    at: alert.until.description, count: alert.count, clauses: alert.clauses,
                    fields: alert.fields)
            })
    }

    /// Sends one alert through every sink, and waits a while for each.
    private func test(_ alerts: DaemonAlerts, _ peer: Peer) async -> ControlMessages.AlertTest {
        let id = alerts.center.tell(
            Sighting(
                .test, .notice, about: "test", says: "a test of the alerts, asked for by \(peer.name)",
                fields: [.by: peer.name],
                clauses: await enforcer.policy.settings.incidents?.serving.cites ?? []))
        let deadline = ContinuousClock.now + Self.testPatience
        while !alerts.center.workers.allSatisfy({ $0.hasDelivered(id) }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(50))
        }
        return ControlMessages.AlertTest(
            id: id,
            sinks: alerts.center.workers.map { worker in
                let hasArrived = worker.hasDelivered(id)
                let look = worker.look
                return .init(
                    name: worker.name, hasArrived: hasArrived,
                    why: hasArrived ? nil : look.lastError ?? "\(look.queued) wait, and no try has ended yet")
            })
    }

    private static let testPatience = Duration.seconds(15)
}
