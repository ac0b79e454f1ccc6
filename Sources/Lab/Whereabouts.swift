/// Where the assessed laptop connects from, as the gateway sees it: it has an address of each place, and uses one.
package enum Whereabouts: String, Sendable, Hashable, CaseIterable {
    case home
    case office
    case abroad
    /// An address that the country database does not list.
    case nowhere

    package static let elsewhere: [Whereabouts] = [.office, .abroad, .nowhere]

    package var address: String {
        switch self {
        case .home: "198.51.100.40"
        case .office: "198.51.100.130"
        case .abroad: "198.51.100.200"
        case .nowhere: "198.51.100.240"
        }
    }

    /// The address abroad of another laptop.
    static let abroadToo = "198.51.100.201"

    package var title: String {
        switch self {
        case .home: "at home"
        case .office: "in the office"
        case .abroad: "abroad"
        case .nowhere: "nobody knows where"
        }
    }

    /// The daemon's country database, as the text of Debian's `tor-geoipdb` has it: everybody is in the kingdom, but who
    /// is in France, and who is in no list.
    package static let countries = """
        # Generated for the lab.
        \(number(198, 51, 100, 0)),\(number(198, 51, 100, 191)),GB
        \(number(198, 51, 100, 192)),\(number(198, 51, 100, 223)),FR
        2001:db8:51::,2001:db8:51::ffff,GB

        """

    private static func number(_ parts: UInt32...) -> UInt32 { parts.reduce(0) { $0 << 8 | $1 } }

    /// The pack's `offices.yaml`.
    package static let offices = """
        offices:
          town-hall: [198.51.100.128/28]

        """
}
