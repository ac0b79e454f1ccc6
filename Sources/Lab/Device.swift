/// A device of the lab, by the name its certificate bears.
package enum Device: String, Sendable, Hashable, CaseIterable {
    case employeeLaptop = "laptop-0042"
    case colleagueLaptop = "laptop-0043"
    case stolenLaptop = "laptop-0077"
    /// Has a corporate certificate, but is not on the register.
    case unregisteredLaptop = "laptop-0099"
    /// Of which other things are known from one moment to the next.
    case assessedLaptop = "laptop-0051"
    /// Two whose certificates say different things.
    case housingLaptop = "laptop-0061"
    case parksLaptop = "laptop-0062"
    /// Of a class that nobody is in whose whole chain is not known to be good.
    case depotLaptop = "laptop-0063"
    /// Says all the right things, by the authority that is named like the right one.
    case lookalikeLaptop = "laptop-0064"
    case fleet1 = "fleet-1"
    case fleet2 = "fleet-2"
    case fleet3 = "fleet-3"
    case fleet4 = "fleet-4"
    case fleet5 = "fleet-5"
    case fleet6 = "fleet-6"
    case fleet7 = "fleet-7"
    case fleet8 = "fleet-8"
    case vendorLaptop = "vendor-bob"
    /// The third party's certificate with the common name of the employee's laptop.
    case impostor = "northwind-02"

    package var commonName: String { self == .impostor ? Device.employeeLaptop.rawValue : rawValue }

    package var issuer: Issuer {
        switch self {
        case .vendorLaptop, .impostor: .thirdParty
        case .housingLaptop, .parksLaptop, .depotLaptop: .depot
        case .lookalikeLaptop: .lookalike
        default: .corporate
        }
    }

    /// What its certificate says beside its name; nil for nothing.
    package var words: CertificateWords? {
        switch self {
        case .housingLaptop, .depotLaptop, .lookalikeLaptop:
            CertificateWords(unit: "Housing North", mailbox: "Nora@Council.example", standing: "managed")
        case .parksLaptop:
            CertificateWords(unit: "Parks", mailbox: "omar@council.example.org", standing: "unmanaged")
        default: nil
        }
    }

    /// Vendors' devices are on the register too, so that they can be reported lost.
    package var isRegistered: Bool { self != .unregisteredLaptop }

    /// The person it was given to; nil where the register names none.
    package var owner: Person? {
        switch self {
        case .employeeLaptop: .alice
        case .colleagueLaptop: .dora
        case .stolenLaptop: .carol
        case .assessedLaptop: .lena
        default: nil
        }
    }
}
