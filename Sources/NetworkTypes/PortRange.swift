/// A closed interval of TCP or UDP ports.
package struct PortRange: Sendable, Hashable, LosslessStringConvertible {
    package let first: UInt16
    package let last: UInt16

    /// Returns nil when `first` is after `last`.
    package init?(first: UInt16, last: UInt16) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    package init(_ port: UInt16) {
        first = port
        last = port
    }

    package static let all = PortRange(first: 0, last: .max) ?? PortRange(0)

    /// Reads `443` or `8000-8010`. No sign, no space, no leading zero.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { part in UInt16(part).flatMap { String($0) == part ? $0 : nil } }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil else { return nil }
        self.init(first: first, last: last)
    }

    package func contains(_ port: UInt16) -> Bool { first <= port && port <= last }

    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
