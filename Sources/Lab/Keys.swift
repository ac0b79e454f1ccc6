/// An authority of the lab. Those that sign people's certificates have names; the VPN server trusts two roots.
package enum Issuer: String, Sendable, Hashable, CaseIterable {
    /// A root, which the rules know by digest.
    case corporate
    /// Below it, and in the rules with its certificate. It signs no clients' certificates.
    case field
    /// Below that. The rules do not know it: gatehouse sees its certificate when the VPN server hands it over.
    case depot
    /// The vendors' root.
    case thirdParty = "third-party"
    /// Below the vendors' root, and named like the depot: anybody can write any name.
    case lookalike
}

/// Everything that has a key in the lab, made anew for each run.
package struct Keys: Sendable {
    package static let corporation = "Example Corp"
    package static let vendorOrganisation = "Northwind Support Ltd"
    package static let serverName = "vpn.example.test"

    package let corporate: Credential
    package let field: Credential
    package let depot: Credential
    package let thirdParty: Credential
    package let lookalike: Credential
    package let server: Credential
    package let devices: [Device: Credential]

    package init() throws {
        let corporate = try Authority(
            organisation: Self.corporation, commonName: "Example Corp Device CA", below: 2)
        let field = try Authority(
            organisation: Self.corporation, commonName: "Example Corp Field CA", below: 1,
            issuedBy: corporate)
        let depot = try Authority(
            organisation: Self.corporation, commonName: "Example Corp Depot CA", issuedBy: field)
        let thirdParty = try Authority(
            organisation: "Third Party Trust", commonName: "Third Party Issuing CA", below: 1)
        let lookalike = try Authority(
            organisation: Self.corporation, commonName: "Example Corp Depot CA", issuedBy: thirdParty)
        self.corporate = corporate.credential
        self.field = field.credential
        self.depot = depot.credential
        self.thirdParty = thirdParty.credential
        self.lookalike = lookalike.credential
        server = try corporate.issue(
            organisation: Self.corporation, commonName: Self.serverName, server: true)
        devices = try Dictionary(
            uniqueKeysWithValues: Device.allCases.map { device in
                let authority =
                    switch device.issuer {
                    case .corporate: corporate
                    case .field: field
                    case .depot: depot
                    case .thirdParty: thirdParty
                    case .lookalike: lookalike
                    }
                let credential = try authority.issue(
                    organisation: device.issuer == .thirdParty ? Self.vendorOrganisation : Self.corporation,
                    commonName: device.commonName, says: device.words)
                return (device, credential)
            })
    }

    /// The digest of a device's certificate.
    package func digest(_ device: Device) -> String { devices[device]?.digest ?? "" }

    package subscript(issuer: Issuer) -> Credential {
        switch issuer {
        case .corporate: corporate
        case .field: field
        case .depot: depot
        case .thirdParty: thirdParty
        case .lookalike: lookalike
        }
    }
}
