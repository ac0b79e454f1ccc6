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

/// One line of the device register: what proves that it is the device, and what the organisation knows of it.
package struct DeviceRecord: Sendable, Hashable, Codable {
    /// The inventory's name of the device: unique, and what people type.
    package var id: String
    /// The digest of the device's own (leaf) certificate: unique. This or ``key``, or both.
    package var certificate: CertificateDigest?
    /// The digest of its public key, which stays when the certificate is renewed: unique.
    package var key: KeyDigest?
    /// The maker's serial number.
    package var serial: String?
    /// The user name of the person it was given to; nil for shared equipment.
    package var owner: String?
    /// Whose it is, or whose work it is for.
    package var organisation: String?
    package var kind: DeviceKind
    /// Whether its configuration is managed; nil when nobody said.
    package var isManaged: Bool?
    package var status: DeviceStatus
    /// When it was last brought on site.
    package var lastOnSite: Instant?

    package init(
        id: String, certificate: CertificateDigest?, key: KeyDigest? = nil, serial: String? = nil,
        owner: String? = nil, organisation: String? = nil, kind: DeviceKind = .laptop, isManaged: Bool? = nil,
        status: DeviceStatus = .inUse, lastOnSite: Instant? = nil
    ) {
        self.id = id
        self.certificate = certificate
        self.key = key
        self.serial = serial
        self.owner = owner
        self.organisation = organisation
        self.kind = kind
        self.isManaged = isManaged
        self.status = status
        self.lastOnSite = lastOnSite
    }
}

extension DeviceRecord {
    static let fields: [RegisterField] = [
        RegisterField("digest", "a SHA-256 digest of 64 hexadecimal digits", of: .digest) {
            CertificateDigest($0)?.description
        },
        RegisterField("key", "a SHA-256 digest of 64 hexadecimal digits", of: .digest) {
            KeyDigest($0)?.description
        },
        RegisterField("serial", "a serial number", RegisterText.name),
        RegisterField("owner", "a user name", RegisterText.name),
        RegisterField("organisation", "a name", RegisterText.name),
        RegisterField("kind", kinds.expected, of: kinds.words, isRequired: true, kinds.read),
        RegisterField("managed", "true or false", of: .truth, RegisterText.boolean),
        RegisterField("status", statuses.expected, of: statuses.words, isRequired: true, statuses.read),
        RegisterField("last-on-site", RegisterText.expectedInstant, of: .instant, RegisterText.instant),
    ]

    private static let kinds = RegisterText.choice(DeviceKind.self)
    private static let statuses = RegisterText.choice(DeviceStatus.self)

    /// - Parameter fields: canonical.
    init(id: String, fields: RegisterFields) throws(RegisterProblem) {
        let subject = RegisterSubject(.device, id)
        guard let kind = fields.first("kind").flatMap(DeviceKind.init) else {
            throw .missing(field: "kind", subject)
        }
        guard let status = fields.first("status").flatMap(DeviceStatus.init) else {
            throw .missing(field: "status", subject)
        }
        let certificate = fields.first("digest").flatMap { CertificateDigest($0) }
        let key = fields.first("key").flatMap { KeyDigest($0) }
        guard certificate != nil || key != nil else { throw .missing(field: "digest", subject) }
        self.init(
            id: id, certificate: certificate, key: key, serial: fields.first("serial"),
            owner: fields.first("owner"), organisation: fields.first("organisation"), kind: kind,
            isManaged: fields.first("managed").map { $0 == "true" }, status: status,
            lastOnSite: fields.instant("last-on-site"))
    }

    package var fields: RegisterFields {
        RegisterFields(stating: [
            "digest": [certificate?.description], "key": [key?.description], "serial": [serial],
            "owner": [owner], "organisation": [organisation], "kind": [kind.rawValue],
            "managed": [isManaged.map { $0 ? "true" : "false" }], "status": [status.rawValue],
            "last-on-site": [lastOnSite?.description],
        ])
    }
}
