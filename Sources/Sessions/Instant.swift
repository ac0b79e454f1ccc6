/// A moment of civil time: nanoseconds since 1970-01-01 00:00 UTC, leap seconds not counted (POSIX time).
///
/// Decisions are about civil time (contracts, office hours), so this is the wall clock, never a monotonic one. It
/// is always a parameter: only the composition root reads a clock. The range is 1677 to 2262.
package struct Instant: Sendable, Hashable, Comparable {
    package var nanosecondsSince1970: Int64

    package init(nanosecondsSince1970: Int64) { self.nanosecondsSince1970 = nanosecondsSince1970 }

    /// Saturates at the ends of the range.
    package init(secondsSince1970 seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        nanosecondsSince1970 = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since 1970, rounded down.
    package var secondsSince1970: Int64 {
        let (quotient, remainder) = nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.nanosecondsSince1970 < rhs.nanosecondsSince1970
    }

    /// Saturates: an instant that is too far away is the end of time, not a wrap into the past.
    package static func + (lhs: Self, rhs: Duration) -> Self {
        let (sum, overflow) = lhs.nanosecondsSince1970.addingReportingOverflow(rhs.nanoseconds)
        return Instant(nanosecondsSince1970: overflow ? (rhs < .zero ? .min : .max) : sum)
    }

    package static func - (lhs: Self, rhs: Duration) -> Self { lhs + (.zero - rhs) }

    package static func - (lhs: Self, rhs: Self) -> Duration {
        let (difference, overflow) = lhs.nanosecondsSince1970
            .subtractingReportingOverflow(rhs.nanosecondsSince1970)
        return .nanoseconds(overflow ? (lhs < rhs ? .min : .max) : difference)
    }
}

extension Duration {
    /// Saturates at the range of `Int64`.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }
}

extension Instant: Codable {
    package init(from decoder: any Decoder) throws {
        nanosecondsSince1970 = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanosecondsSince1970)
    }
}
