package import Evidence
package import Sessions

/// What must outlive the process. Whoever implements it makes `record` durable before it returns.
package protocol Ledger: Sendable {
    /// All of the changes or none; when this returns they survive a kill -9 and a loss of power.
    func record(_ changes: [LedgerChange]) async throws
}

/// One durable change.
package enum LedgerChange: Sendable {
    case deviceStatus(device: String, DeviceStatus, by: String, at: Instant, reason: String)
    case hold(Hold)
    case lift(Hold.Subject, by: String, at: Instant)
    /// Written before an accepted code is acted on, so that no crash lets it be used twice.
    case totp(user: String, TOTPState)
    case forgetCodes(user: String)
    case session(Session, mfaVerifiedAt: Instant?, interfaceIndex: UInt32)
    case forget(SessionID)
}

/// What an earlier process left, read once at the start.
package struct Recollection: Sendable {
    package var deviceStatuses: [(device: String, status: DeviceStatus, at: Instant)]
    package var holds: [Hold]
    package var sessions: [(session: Session, mfaVerifiedAt: Instant?, interfaceIndex: UInt32)]

    package init(
        deviceStatuses: [(device: String, status: DeviceStatus, at: Instant)] = [], holds: [Hold] = [],
        sessions: [(session: Session, mfaVerifiedAt: Instant?, interfaceIndex: UInt32)] = []
    ) {
        self.deviceStatuses = deviceStatuses
        self.holds = holds
        self.sessions = sessions
    }
}
