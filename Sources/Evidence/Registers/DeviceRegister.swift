package import Sessions

/// The devices that the organisation knows, found by certificate, by public key or by inventory id.
package struct DeviceRegister: Sendable, Hashable {
    private var records: [String: DeviceRecord] = [:]
    private var byCertificate: [CertificateDigest: String] = [:]
    private var byKey: [KeyDigest: String] = [:]

    package init() {}

    /// A later record with the id, the certificate or the key of an earlier one is left out: callers that read files
    /// report such doubles first, with their places.
    package init(_ records: some Sequence<DeviceRecord>) {
        for record in records where self.records[record.id] == nil { try? put(record) }
    }

    package subscript(certificate: CertificateDigest) -> DeviceRecord? {
        byCertificate[certificate].flatMap { records[$0] }
    }

    package subscript(key: KeyDigest) -> DeviceRecord? { byKey[key].flatMap { records[$0] } }

    package subscript(id id: String) -> DeviceRecord? { records[id] }

    /// All devices, by inventory id.
    package var all: [DeviceRecord] { records.values.sorted { $0.id < $1.id } }

    package var count: Int { records.count }

    /// Adds a device, or replaces what is said of it. No two devices have one certificate or one key.
    package mutating func put(_ record: DeviceRecord) throws(RegisterProblem) {
        if let certificate = record.certificate, let other = byCertificate[certificate], other != record.id {
            throw .taken(field: "digest", by: other)
        }
        if let key = record.key, let other = byKey[key], other != record.id {
            throw .taken(field: "key", by: other)
        }
        remove(record.id)
        records[record.id] = record
        if let certificate = record.certificate { byCertificate[certificate] = record.id }
        if let key = record.key { byKey[key] = record.id }
    }

    package mutating func remove(_ id: String) {
        guard let record = records.removeValue(forKey: id) else { return }
        if let certificate = record.certificate { byCertificate[certificate] = nil }
        if let key = record.key { byKey[key] = nil }
    }
}
