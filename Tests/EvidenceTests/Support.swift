import Evidence
import Sessions
import Testing

extension Secret {
    init(_ text: String) { self.init(text.utf8) }

    /// In clear: for tests only.
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

extension Instant {
    static func seconds(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }
}

extension TOTPSeed {
    /// The seed of RFC 6238 Appendix B: the digits 1 to 0 over and over, as many as the hash is long.
    static func appendixB(_ algorithm: Algorithm, digits: Int = 8) throws -> TOTPSeed {
        let length = [Algorithm.sha1: 20, .sha256: 32, .sha512: 64]
        let bytes = try (0..<#require(length[algorithm])).map { UInt8(ascii: "0") + UInt8(($0 + 1) % 10) }
        return try #require(TOTPSeed(key: bytes, algorithm: algorithm, digits: digits))
    }
}
