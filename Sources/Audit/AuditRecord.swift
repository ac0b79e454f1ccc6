/// One line of the record: what happened, in its place.
package struct AuditRecord: Sendable, Hashable {
    /// Counted from 1, without a gap.
    package let number: UInt64
    /// The hash of the record before.
    package let previous: AuditHash
    package let entry: AuditEntry
    /// Of this record.
    package let hash: AuditHash
}

/// How far a record goes: whoever knows this notices when its end is missing, or another has taken its place.
package struct AuditHead: Sendable, Hashable {
    /// 0 before the first.
    package let number: UInt64
    package let hash: AuditHash

    package init(number: UInt64, hash: AuditHash) {
        self.number = number
        self.hash = hash
    }

    package static let empty = AuditHead(number: 0, hash: .zero)
}

extension AuditHead: LosslessStringConvertible {
    /// `1234:9f86d0…`, as it is printed and typed.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt64(parts[0]),
            let hash = AuditHash(hexadecimal: parts[1].utf8)
        else { return nil }
        self.init(number: number, hash: hash)
    }

    package var description: String { "\(number):\(hash)" }
}
