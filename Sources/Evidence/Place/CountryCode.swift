package import NetworkTypes

/// An ISO 3166-1 alpha-2 code: two capital letters. Codes that are nobody's (`A1`, `XX`, `??`) are not told from others;
/// databases that use them for "not known" are asked not to by whoever reads them.
package struct CountryCode: Sendable, Hashable, Comparable, Codable, LosslessStringConvertible {
    private let letters: UInt16

    /// Reads two ASCII letters, in either case; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 2 else { return nil }
        let capitals = bytes.map { $0 & 0xdf }
        guard capitals.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }),
            bytes.allSatisfy({ $0 >= UInt8(ascii: "A") })
        else { return nil }
        letters = UInt16(capitals[0]) << 8 | UInt16(capitals[1])
    }

    /// As registers and rules write it: `UK` and `EL`, which people write for GB and GR and no database answers, are
    /// refused rather than never met.
    package init?(register text: String) {
        self.init(text)
        if ["UK", "EL"].contains(description) { return nil }
    }

    /// Continues the sentence "expected".
    package static let expected = "a country code of two letters, such as GB (not UK) or GR (not EL)"

    package var description: String {
        String(decoding: [UInt8(letters >> 8), UInt8(letters & 0xff)], as: UTF8.self)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.letters < rhs.letters }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let code = CountryCode(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a country code of two letters")
        }
        self = code
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Which country an address is in, as far as a database tells. An answer costs no I/O.
package protocol CountryLookup: Sendable {
    /// Nil when it is not known.
    func country(of address: IPAddress) -> CountryCode?
}
