package import Sessions

/// What was last reported of how well a device is protected, each item with the time that it was seen on the device.
///
/// An item that no report ever named is nil, and meets no condition.
package struct DevicePosture: Sendable, Hashable, Codable {
    /// One item, and when it was so on the device.
    package struct Item<Value: Sendable & Hashable & Codable>: Sendable, Hashable, Codable {
        package var value: Value
        package var observedAt: Instant

        package init(_ value: Value, observedAt: Instant) {
            self.value = value
            self.observedAt = observedAt
        }
    }

    /// When the anti-virus signatures in use were made.
    package var antivirus: Item<Instant>?
    /// When operating system updates were last installed to the full.
    package var patches: Item<Instant>?
    package var diskEncryption: Item<Bool>?
    /// After how many idle minutes the screen locks; 0 for never.
    package var screenLockMinutes: Item<Int>?
    package var firewall: Item<Bool>?

    package init() {}
}

/// One report about one device: what was seen, when, and by whom it was told.
package struct PostureReport: Sendable, Hashable {
    /// The device's own identity, proven by the connection (its certificate), or named by a management system that may
    /// speak for devices.
    package enum Subject: Sendable, Hashable {
        case certificate(CertificateDigest)
        /// By inventory id.
        case device(String)
    }

    package var subject: Subject
    /// Who told: the device itself, or the name of the management system.
    package var reporter: String
    /// Only items that the report names are there; each with its own time.
    package var posture: DevicePosture

    package init(subject: Subject, reporter: String, posture: DevicePosture) {
        self.subject = subject
        self.reporter = reporter
        self.posture = posture
    }
}
