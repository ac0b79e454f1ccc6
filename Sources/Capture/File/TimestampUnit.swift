/// The unit of a pcapng interface's timestamps (option `if_tsresol`).
struct TimestampUnit: Equatable {
    /// Bit 7: a negative power of two; else of ten. The rest is the exponent.
    let option: UInt8
    /// Nanoseconds in a unit; zero when they are no whole number, or too many.
    private let whole: UInt64

    static let microseconds = TimestampUnit(option: 6)

    init(option: UInt8) {
        self.option = option
        whole = option <= 9 ? Self.powerOfTen(9 - Int(option)) : 0
    }

    /// `count` units in nanoseconds, rounded down; what does not fit 64 bits wraps.
    func nanoseconds(_ count: UInt64) -> UInt64 {
        if whole != 0 { return count &* whole }
        let exponent = Int(option & 0x7f)
        if option & 0x80 != 0 {
            return UInt64(truncatingIfNeeded: (UInt128(count) * 1_000_000_000) >> UInt128(exponent))
        }
        // A count of 64 bits is less than 10 to the 20th.
        return exponent < 29 ? count / Self.powerOfTen(exponent - 9) : 0
    }

    private static func powerOfTen(_ exponent: Int) -> UInt64 {
        var power: UInt64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}
