import Logging
import RulesetCompiler
import Sessions

extension Enforcer {
    /// Puts a burst on the record. Nil when it is there; otherwise why not.
    func keepRecord(
        of effects: Effects, kernel: CommitFailure?, record: String?
    ) async -> String? {
        let events = heard + effects.audit.map { $0.corrected(kernel: kernel, record: record) }
        heard = []
        guard let auditor, !events.isEmpty else { return nil }
        do {
            try await auditor.record(events)
        } catch {
            let reason = "\(error)"
            if auditFault != reason {
                log.critical("there is no audit record, and nobody new is let in until there is: \(reason)")
            }
            auditFault = reason
            return reason
        }
        if auditFault != nil {
            log.notice("the audit record is kept again")
            auditFault = nil
        }
        return nil
    }
}

extension AuditEvent {
    /// What came of it, once kernel and disk have answered.
    fileprivate func corrected(kernel: CommitFailure?, record: String?) -> AuditEvent {
        guard kernel != nil || record != nil else { return self }
        switch what {
        case .admitted(let judged):
            return AuditEvent(.refused(judged, because: "not in force or not recorded"), at: at)
        case .order(let order, nil, let orderer, let policy):
            let refusal = kernel.map(OrderRefusal.kernelRefused) ?? record.map(OrderRefusal.notRecorded)
            return AuditEvent(.order(order, refusal, by: orderer, under: policy), at: at)
        case .refused, .opened, .decided, .cut, .closed, .order, .scan, .stranger, .drift, .packets:
            return self
        }
    }
}
