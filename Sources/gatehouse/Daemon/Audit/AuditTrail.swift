import AlertSinks
import Alerts
import Audit
import AuditLog
import Enforcement
import Logging
import PolicyLanguage
import ServiceLifecycle
import Sessions
import Store
import Synchronization

/// The record of what happens here: what the reconciler says, and what is done to the rules.
final class AuditTrail: Auditor {
    let log: AuditLog
    /// Told of everything that is recorded; nil where nobody is alerted.
    private let alerts: AlertCenter?
    private let store: Store
    /// What the store has.
    private let keptHead: Mutex<AuditHead?>

    init(state: String, store: Store, alerts: AlertCenter? = nil, log: Logger) {
        self.store = store
        self.alerts = alerts
        var known: AuditHead?
        do {
            known = try store.auditHead().flatMap(AuditHead.init)
        } catch {
            log.error("how far the audit record went is not known: \(error)")
        }
        keptHead = Mutex(known)
        let folder = AuditFolder.inState(state)
        self.log = AuditLog(folder, known: known) { finding in
            guard let sighting = AlertSightings.of(finding: finding, folder: folder.path) else { return }
            log.error("\(sighting.says)")
            alerts?.report([sighting])
        }
    }

    func record(_ events: [AuditEvent]) async throws {
        var failure: (any Error)?
        // A change of rules can move a hundred thousand sessions: their records are not all in memory at once.
        for start in stride(from: 0, to: events.count, by: Self.bulk) {
            var entries: [AuditEntry] = []
            for event in events[start..<min(start + Self.bulk, events.count)] {
                let made = AuditEntries.of(event)
                entries += made
                alerts?.report(AlertSightings.of(event, made), count: event.count)
            }
            // People are alerted of what cannot be recorded, too.
            do { if failure == nil { try log.record(entries) } } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static let bulk = 4096

    func record(_ entries: [AuditEntry]) throws { try log.record(entries) }

    /// Records what was only counted so far: for the end of the daemon.
    func close(at now: Instant) throws { try log.close(at: now) }

    /// Notes elsewhere how far the record goes. Nothing where that is noted already.
    func keepHead() throws {
        guard let head = log.head, head != keptHead.withLock({ $0 }) else { return }
        try store.put(auditHead: KeptAuditHead(number: head.number, hash: head.hash.bytes))
        keptHead.withLock { $0 = head }
    }
}

extension AuditEvent {
    /// How often it happened.
    fileprivate var count: UInt64 {
        if case .packets(let sighting, _) = what { UInt64(max(1, sighting.count)) } else { 1 }
    }
}

extension AuditHead {
    init?(_ kept: KeptAuditHead) {
        guard let hash = AuditHash(bytes: kept.hash) else { return nil }
        self.init(number: kept.number, hash: hash)
    }
}

/// Notes every second how far the record goes, records sums that are due and what was lost once that can be said, and
/// every hour lets go of what is older than the rules say.
struct AuditService: Service {
    let trail: AuditTrail
    let enforcer: Enforcer
    let log: Logger

    func run() async throws {
        var round = 0
        var said: String?
        while !Task.isShuttingDownGracefully {
            let fault = await once(retires: round % 3600 == 0)
            if let fault, fault != said { log.error("audit record: \(fault)") }
            said = fault
            round += 1
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
    }

    /// Why something did not work; nil when all did.
    private func once(retires: Bool) async -> String? {
        let now = SystemClock().now()
        do {
            try trail.log.tick(at: now)
            if retires, let kept = await enforcer.policy.settings.audit?.retention,
                let number = try trail.log.retire(olderThan: now - kept, at: now)
            {
                log.notice("audit records up to \(number) are older than \(TimeText.text(kept)), and gone")
            }
            try trail.keepHead()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
