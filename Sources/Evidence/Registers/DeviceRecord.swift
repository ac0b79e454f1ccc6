package import Sessions

/// Where a device stands in its life, as the register says.
package enum DeviceStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case inUse = "in-use"
    case lost
    case stolen
    case returned
    case retired
}

/// What kind of equipment a device is.
package enum DeviceKind: String, Sendable, Hashable, Codable, CaseIterable {
    case laptop
    case pool
    case remoteAccessPoint = "remote-access-point"
    case personal
}

/// One line of the device register: a certificate, and what the organisation knows of the device that holds its key.
package struct DeviceRecord: Sendable, Hashable, Codable {
    /// The inventory's name of the device: unique, and what people type.
    package var id: String
    /// The digest of the device's own (leaf) certificate: unique.
    package var certificate: CertificateDigest
    /// The user name of the person it was given to; nil for shared equipment.
    package var owner: String?
    package var kind: DeviceKind
    package var status: DeviceStatus
    /// When the status was recorded; nil when it comes from the rule files.
    package var statusSince: Instant?

    package init(
        id: String, certificate: CertificateDigest, owner: String? = nil, kind: DeviceKind = .laptop,
        status: DeviceStatus = .inUse, statusSince: Instant? = nil
    ) {
        self.id = id
        self.certificate = certificate
        self.owner = owner
        self.kind = kind
        self.status = status
        self.statusSince = statusSince
    }
}
