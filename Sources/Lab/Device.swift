/// A device of the lab, by the name its certificate bears.
package enum Device: String, Sendable, Hashable, CaseIterable {
    case employeeLaptop = "laptop-0042"
    case colleagueLaptop = "laptop-0043"
    case stolenLaptop = "laptop-0077"
    /// Has a corporate certificate, but is not on the register.
    case unregisteredLaptop = "laptop-0099"
    /// Of which other things are known from one moment to the next.
    case assessedLaptop = "laptop-0051"
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

    package var isCorporate: Bool {
        switch self {
        case .vendorLaptop, .impostor: false
        default: true
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

/// Everything that has a key in the lab, made anew for each run.
package struct Keys: Sendable {
    package static let corporation = "Example Corp"
    package static let vendorOrganisation = "Northwind Support Ltd"
    package static let serverName = "vpn.example.test"

    package let corporate: Credential
    package let thirdParty: Credential
    package let server: Credential
    package let devices: [Device: Credential]

    package init() throws {
        let corporate = try Authority(organisation: Self.corporation, commonName: "Example Corp Device CA")
        let thirdParty = try Authority(
            organisation: "Third Party Trust", commonName: "Third Party Issuing CA")
        self.corporate = corporate.credential
        self.thirdParty = thirdParty.credential
        server = try corporate.issue(
            organisation: Self.corporation, commonName: Self.serverName, server: true)
        devices = try Dictionary(
            uniqueKeysWithValues: Device.allCases.map { device in
                let authority = device.isCorporate ? corporate : thirdParty
                let organisation = device.isCorporate ? Self.corporation : Self.vendorOrganisation
                return (
                    device, try authority.issue(organisation: organisation, commonName: device.commonName)
                )
            })
    }

    /// The digest of a device's certificate.
    package func digest(_ device: Device) -> String { devices[device]?.digest ?? "" }
}
