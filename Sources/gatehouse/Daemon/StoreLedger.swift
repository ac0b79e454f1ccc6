import Enforcement
import Evidence
import Sessions
import Store

/// What the reconciler wants remembered, in the words of the store.
struct StoreLedger: Ledger {
    let store: Store

    func record(_ changes: [LedgerChange]) async throws { try store.perform(changes.map(translate)) }

    private func translate(_ change: LedgerChange) -> StoreChange {
        switch change {
        case .deviceStatus(let device, let status, let by, let at, let reason):
            .deviceStatus(DeviceStatusRecord(device: device, status: status, at: at, by: by, reason: reason))
        case .hold(let hold): .addHold(hold)
        case .lift(let subject, let by, let at): .liftHold(subject, by: by, at: at)
        case .totp(let user, let state): .totpState(state, user: user)
        case .forgetCodes(let user): .forgetTOTPState(user: user)
        case .session(let session, let mfaVerifiedAt, let interfaceIndex):
            .putSession(
                StoredSession(session: session, mfaVerifiedAt: mfaVerifiedAt, interfaceIndex: interfaceIndex))
        case .forget(let id): .removeSession(id)
        }
    }
}
