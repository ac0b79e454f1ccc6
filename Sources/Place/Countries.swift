import Evidence

/// The codes that are countries, so that whatever else a database says is "not known".
///
/// Databases also write what is no country: `??`, `A1` (a proxy), `EU` and `AP` (a region, or a registry's), `XX`,
/// `ZZ`, and codes that were withdrawn (`AN`, `CS`). Were they told, a rule that keeps a country out would let them
/// pass, for they are not that country. So only what ISO 3166-1 assigns is told, with `XK` (Kosovo, user-assigned, but
/// meant by everybody who writes it), and `UK`, which ISO 3166-1 reserves for the United Kingdom, is told as `GB`.
enum Countries {
    /// One byte for what a database says of an address, which is what the tables of the text form hold.
    typealias Number = UInt8

    /// No database says anything of the address.
    static let unlisted: Number = 0
    /// A database says that it does not know, or something that is no country.
    static let unknown: Number = 1

    /// A country's code, by its number.
    static func code(_ number: Number) -> CountryCode? {
        Int(number) < byNumber.count ? byNumber[Int(number)] : nil
    }

    /// The number for two letters of either case; ``unknown`` for any other two bytes.
    static func number(_ first: UInt8, _ second: UInt8) -> Number {
        guard let row = place(first), let column = place(second) else { return unknown }
        return numbers[row * 26 + column]
    }

    /// The country that a database means by the text; nil when it means none.
    static func code(_ text: some Collection<UInt8>) -> CountryCode? {
        guard text.count == 2, let first = text.first, let second = text.dropFirst().first else { return nil }
        return code(number(first, second))
    }

    private static func place(_ letter: UInt8) -> Int? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(letter - UInt8(ascii: "a"))
        default: nil
        }
    }

    private static let byNumber: [CountryCode?] =
        [nil, nil] + assigned.split(separator: " ").map { CountryCode(String($0)) }

    private static let numbers: [Number] = {
        var numbers = [Number](repeating: unknown, count: 26 * 26)
        func put(_ number: Number, at code: String) {
            let places = code.utf8.compactMap(place)
            if places.count == 2 { numbers[places[0] * 26 + places[1]] = number }
        }
        for (number, code) in byNumber.enumerated() {
            if let code { put(Number(number), at: code.description) }
        }
        if let britain = byNumber.firstIndex(of: CountryCode("GB")) { put(Number(britain), at: "UK") }
        return numbers
    }()

    /// ISO 3166-1 alpha-2, officially assigned, as of 2026: 249 codes, and XK.
    private static let assigned = """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
        CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
        FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
        JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
        MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
        PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
        TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
        """
}
