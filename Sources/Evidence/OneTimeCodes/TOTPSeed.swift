import Crypto
package import Sessions

/// The secret that a person's authenticator shares with us, and how it makes codes of it (RFC 6238).
package struct TOTPSeed: Sendable {
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case sha1, sha256, sha512

        /// How long a new key is: as long as what the hash makes.
        package var keyBytes: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .sha512: 64
            }
        }
    }

    /// RFC 4226 section 4, R6 asks for 16 bytes at least and 20 for choice; what is shorter than 10 can be searched
    /// from a few observed codes. Between the two lies what many old enrolments have.
    package static let leastKeyBytes = 10
    package static let advisedKeyBytes = 16
    /// Seconds. A longer period keeps a seen code usable for longer.
    package static let periods = 15...120

    package let algorithm: Algorithm
    /// 6 or 8.
    package let digits: Int
    /// Seconds that a code lasts.
    package let period: Int64
    private let key: Secret

    /// Returns nil when the key is shorter than ``leastKeyBytes``, the digits are neither 6 nor 8, or the period is
    /// not of ``periods``.
    package init?(key: [UInt8], algorithm: Algorithm = .sha1, digits: Int = 6, period: Int = 30) {
        guard key.count >= Self.leastKeyBytes, digits == 6 || digits == 8, Self.periods.contains(period)
        else { return nil }
        self.init(unchecked: key, algorithm: algorithm, digits: digits, period: Int64(period))
    }

    /// A new seed, its key as long as the hash (RFC 6238 section 5.1). The generator must be fit for keys.
    package init(algorithm: Algorithm = .sha1, using generator: inout some RandomNumberGenerator) {
        let key = (0..<algorithm.keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.init(unchecked: key, algorithm: algorithm, digits: 6, period: 30)
    }

    private init(unchecked key: [UInt8], algorithm: Algorithm, digits: Int, period: Int64) {
        self.key = Secret(key)
        self.algorithm = algorithm
        self.digits = digits
        self.period = period
    }

    /// A seed that stands in for the missing one of a name nobody has, so that the work done is the same.
    static let dummy = TOTPSeed(
        unchecked: Array(repeating: 0x5a, count: 20), algorithm: .sha1, digits: 6, period: 30)

    /// The number of the period that an instant lies in, counted from 1970.
    package func step(at instant: Instant) -> Int64 {
        let (quotient, remainder) = instant.secondsSince1970.quotientAndRemainder(dividingBy: period)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// When a step is over. Saturates.
    func end(of step: Int64) -> Instant {
        let (seconds, overflow) = (step &+ 1).multipliedReportingOverflow(by: period)
        return Instant(secondsSince1970: overflow ? (step < 0 ? .min : .max) : seconds)
    }

    /// The code of a step, as digits (RFC 4226 section 5.3 with the step for the counter).
    package func code(step: Int64) -> Secret {
        let mac = authenticationCode(of: (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) })
        let offset = Int((mac.last ?? 0) & 0xf)
        let word = mac[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        var rest = word
        var text = Array(repeating: UInt8(ascii: "0"), count: digits)
        for index in text.indices.reversed() {
            text[index] += UInt8(rest % 10)
            rest /= 10
        }
        return Secret(text)
    }

    /// Hands over the key itself, for sealing and for enrolment; ``code(step:)`` does for all else.
    package func withKey<Result>(_ body: ([UInt8]) throws -> Result) rethrows -> Result {
        try key.withBytes(body)
    }

    private func authenticationCode(of message: [UInt8]) -> [UInt8] {
        key.withBytes { bytes in
            let key = SymmetricKey(data: bytes)
            return switch algorithm {
            case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: message, using: key))
            case .sha256: Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
            case .sha512: Array(HMAC<SHA512>.authenticationCode(for: message, using: key))
            }
        }
    }

    /// Whether a text is six or eight digits: what any code looks like, whoever it belongs to.
    static func hasShapeOfCode(_ text: [UInt8]) -> Bool {
        (text.count == 6 || text.count == 8) && text.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
