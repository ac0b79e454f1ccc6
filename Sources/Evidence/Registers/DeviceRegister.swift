package import Sessions

/// The devices that the organisation knows, found by certificate digest or by inventory id.
package struct DeviceRegister: Sendable, Hashable {
    private var records: [CertificateDigest: DeviceRecord] = [:]
    private var certificates: [String: CertificateDigest] = [:]

    package init() {}

    /// A later record with the id or the certificate of an earlier one is left out: callers that read files report
    /// such doubles first, with their places.
    package init(_ records: some Sequence<DeviceRecord>) {
        for record in records where self[id: record.id] == nil && self[record.certificate] == nil {
            self.records[record.certificate] = record
            certificates[record.id] = record.certificate
        }
    }

    package subscript(certificate: CertificateDigest) -> DeviceRecord? { records[certificate] }

    package subscript(id id: String) -> DeviceRecord? { certificates[id].flatMap { records[$0] } }

    /// All devices, by inventory id.
    package var all: [DeviceRecord] { records.values.sorted { $0.id < $1.id } }

    /// Changes the status of a known device; false when the id is unknown.
    package mutating func setStatus(_ status: DeviceStatus, of id: String, at instant: Instant) -> Bool {
        guard let certificate = certificates[id] else { return false }
        records[certificate]?.status = status
        records[certificate]?.statusSince = instant
        return true
    }
}
