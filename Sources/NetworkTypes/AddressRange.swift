/// A closed, non-empty interval of addresses of one family.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    package let first: IPAddress
    package let last: IPAddress

    /// Returns nil when the families differ or `first` is after `last`.
    package init?(first: IPAddress, last: IPAddress) {
        guard first.family == last.family, first <= last else { return nil }
        self.first = first
        self.last = last
    }

    package init(_ address: IPAddress) {
        first = address
        last = address
    }

    /// Every address of a family.
    package static func all(_ family: AddressFamily) -> AddressRange {
        switch family {
        case .ipv4: AddressRange(unchecked: IPAddress(ipv4: 0), IPAddress(ipv4: .max))
        case .ipv6: AddressRange(unchecked: IPAddress(ipv6: 0), IPAddress(ipv6: .max))
        }
    }

    private init(unchecked first: IPAddress, _ last: IPAddress) {
        self.first = first
        self.last = last
    }

    package var family: AddressFamily { first.family }

    package func contains(_ address: IPAddress) -> Bool { first <= address && address <= last }

    package func contains(_ other: AddressRange) -> Bool { first <= other.first && other.last <= last }

    package func overlaps(_ other: AddressRange) -> Bool { first <= other.last && other.first <= last }

    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
