package import Evidence
package import Sessions

/// An order about a device's status, as it was given.
package struct DeviceStatusRecord: Sendable, Hashable {
    /// The inventory id. Need not be registered: the order outlives a device that leaves the register and returns.
    package var device: String
    package var status: DeviceStatus
    package var at: Instant
    /// Who gave the order.
    package var by: String
    /// Why; empty when not said.
    package var reason: String

    package init(device: String, status: DeviceStatus, at: Instant, by: String, reason: String = "") {
        self.device = device
        self.status = status
        self.at = at
        self.by = by
        self.reason = reason
    }
}

/// A hold and, once it is lifted, by whom and when.
package struct HoldRecord: Sendable, Hashable {
    package struct Lift: Sendable, Hashable {
        package var at: Instant
        package var by: String

        package init(at: Instant, by: String) {
            self.at = at
            self.by = by
        }
    }

    package var hold: Hold
    package var lifted: Lift?

    package init(hold: Hold, lifted: Lift? = nil) {
        self.hold = hold
        self.lifted = lifted
    }
}

/// A live session with what a restarted daemon cannot learn again from the VPN server.
package struct StoredSession: Sendable, Hashable {
    package var session: Session
    /// When its second factor was last proved.
    package var mfaVerifiedAt: Instant?
    /// The kernel's number of the tunnel interface, as it was. Another after the interface was made anew.
    package var interfaceIndex: UInt32

    package init(session: Session, mfaVerifiedAt: Instant? = nil, interfaceIndex: UInt32) {
        self.session = session
        self.mfaVerifiedAt = mfaVerifiedAt
        self.interfaceIndex = interfaceIndex
    }
}

/// One change of what is stored. Changes given together happen together, in their order, or not at all.
package enum StoreChange: Sendable, Hashable {
    /// Adds to the history of a device; in force is what was added last, whatever its time.
    case deviceStatus(DeviceStatusRecord)
    /// Adds a hold; of several on one subject the last is shown.
    case addHold(Hold)
    /// Lifts every standing hold on a subject.
    case liftHold(Hold.Subject, by: String, at: Instant)
    case totpState(TOTPState, user: String)
    case forgetTOTPState(user: String)
    /// Adds the session, or replaces the one with its id.
    case putSession(StoredSession)
    case removeSession(SessionID)
}
