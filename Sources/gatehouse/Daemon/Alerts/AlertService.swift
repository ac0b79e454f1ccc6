import AlertSinks
import Alerts
import Audit
import Enforcement
import Foundation
import Logging
import PolicyLanguage
import ServiceLifecycle
import Sessions
import Synchronization

/// Alerts that sinks will never get, until that is said: noted by the threads of the sinks.
final class AlertLosses: Sendable {
    private let losses = Mutex<[String: (count: UInt64, because: String)]>([:])

    func note(_ loss: SinkLoss) {
        losses.withLock { losses in
            let before = losses[loss.sink]?.count ?? 0
            losses[loss.sink] = (before + loss.count, loss.because)
        }
    }

    func take() -> [SinkLoss] {
        losses.withLock { losses in
            defer { losses = [:] }
            return losses.sorted { $0.key < $1.key }.map {
                SinkLoss(sink: $0.key, count: $0.value.count, because: $0.value.because)
            }
        }
    }
}

/// Delivers alerts, and looks every few seconds for what nobody reports.
struct AlertService: Service {
    let alerts: DaemonAlerts
    let looks: AlertLooks
    let trail: AuditTrail
    let log: Logger

    func run() async throws {
        let notices = ToldNotices(alerts.folder)
        var ends = EndNotices(ahead: alerts.configuration.ahead, told: notices.read())
        var faults = StandingFaults()
        alerts.center.start()
        if await looks.enforcer.policy.settings.incidents == nil {
            log.notice("alerts: the rules ask for none of logins, sessions, scans and spoofing ('incidents')")
        }
        var round = 0
        while !Task.isShuttingDownGracefully {
            let now = SystemClock().now()
            tellLosses(at: now)
            if round % Self.faultsEvery == 0 {
                alerts.center.report(faults.look(await looks.faults(at: now), at: now))
                alerts.open.withLock { $0 = faults.open }
            }
            if round % Self.endsEvery == 0 {
                let ahead = alerts.configuration.ahead.max() ?? .zero
                let sightings = ends.look(await looks.endings(within: ahead, at: now), at: now)
                alerts.center.report(sightings)
                let told = ends.told
                // Said before it is noted as said: after a crash it is said twice rather than never.
                let fault = await onThread { [center = alerts.center] in
                    if !sightings.isEmpty { center.flush() }
                    return notices.keep(told)
                }
                if let fault { log.error("alerts: what was announced cannot be kept: \(fault)") }
            }
            round += 1
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        await onThread { [center = alerts.center] in center.stop() }
    }

    /// In rounds of a second.
    private static let faultsEvery = 10
    private static let endsEvery = 600

    private func tellLosses(at now: Instant) {
        for loss in alerts.losses.take() {
            log.error("alerts: \(loss.count) will not reach \(loss.sink): \(loss.because)")
            var entry = AuditEntry(.incident, at: now)
            entry[.outcome] = "alerts dropped"
            entry[.subject] = loss.sink
            entry[number: .count] = loss.count
            entry[.why] = loss.because
            // Where it cannot be recorded, the record counts it as lost.
            try? trail.record([entry])
            alerts.center.report(
                [
                    Sighting(
                        .alertsDropped, .error, about: loss.sink,
                        says: "alerts will not reach sink '\(loss.sink)': \(loss.because)",
                        fields: [.sink: loss.sink, .why: loss.because])
                ], count: loss.count)
        }
    }
}

/// The sinks of the configuration, and what hands alerts to them.
struct DaemonAlerts: Sendable {
    let configuration: AlertConfiguration
    let center: AlertCenter
    let folder: String
    let losses: AlertLosses
    /// What is wrong now.
    let open = OpenFaults()

    /// Throws a ``StartProblem`` where a secret is none, or not ours alone.
    init(_ configuration: AlertConfiguration, state: String, log: Logger) throws {
        let losses = AlertLosses()
        let folder = state + "/alerts"
        let host = ProcessInfo.processInfo.hostName
        self.configuration = configuration
        self.folder = folder
        self.losses = losses
        let workers = try configuration.sinks.map { sink in
            SinkWorker(
                name: sink.name, route: sink.route, sink: try Self.sink(sink.kind, host: host, log),
                spool: Spool("\(folder)/\(sink.name)", bounds: sink.bounds),
                now: { SystemClock().now() }, onLoss: losses.note)
        }
        let run = String(UInt64.random(in: .min ... .max), radix: 36)
        center = AlertCenter(
            desk: AlertDesk(window: configuration.window, run: run), workers: workers,
            now: { SystemClock().now() })
    }

    private static func sink(
        _ kind: AlertConfiguration.Kind, host: String, _ log: Logger
    ) throws -> any AlertSink {
        switch kind {
        case .journal(let target): return JournalSink(target)
        case .syslog(let target, let facility, let enterprise):
            return SyslogSink(.init(target: target, facility: facility, enterprise: enterprise, host: host))
        case .command(let words, let from, let to, let patience):
            return CommandSink(.init(arguments: words, from: from, to: to, patience: patience, gateway: host))
        case .webhook(let hook):
            if !hook.url.isEncrypted {
                log.warning(
                    "alerts: \(hook.url.host) gets names of people over a connection that anybody can read")
            }
            do { _ = try secret(hook.secretFile) } catch let error as PackUnreadable {
                throw StartProblem("\(error)", isMistake: true)
            }
            return WebhookSink(
                .init(
                    isEncrypted: hook.url.isEncrypted, host: hook.url.host, port: hook.url.port,
                    path: hook.url.path, authorities: hook.authorities, patience: hook.patience, gateway: host
                ),
                secret: { try secret(hook.secretFile) }, now: { SystemClock().now() })
        }
    }

    private static func secret(_ path: String) throws -> WebhookSecret {
        let bytes = try PrivateFile.read(path, limit: 4096, isTrusted: SealKeyFile.credential)
        guard let secret = WebhookSecret(file: bytes) else {
            throw PackUnreadable(path: path, reason: "expected \(WebhookSecret.expected)")
        }
        return secret
    }
}

/// What is wrong now, for whoever asks.
final class OpenFaults: Sendable {
    private let faults = Mutex<[(fault: Sighting, since: Instant)]>([])

    func withLock<Result>(
        _ body: (inout sending [(fault: Sighting, since: Instant)]) -> sending Result
    ) -> Result { faults.withLock(body) }

    var all: [(fault: Sighting, since: Instant)] { faults.withLock { $0 } }
}
