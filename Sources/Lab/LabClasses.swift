import NetworkTypes

/// Classes and systems that the lab puts into the shipped pack, for sessions of its own.
package enum LabClasses {
    /// The group, and the class, of the assessed laptop's user.
    package static let assessed = "assessed"
    /// The group, and the class, of the fleet's user.
    package static let fleet = "fleet"

    /// Items for `classes` of `policy.yaml`. What all rungs have in common is asked for by the class, the rest by them.
    package static var classes: String {
        """
          - name: \(assessed)
            when: { certificate: corporate, group: \(assessed), mfa: { within: 12h } }
            access: [finance, \(Rung.all.map(\.id).joined(separator: ", "))]
            idle: none
            cites: [protection, procedures, travel, loans]

          - name: \(fleet)
            when: { certificate: corporate, device: in-use, group: \(fleet) }
            access: [finance]
            idle: none
            cites: [device-loss]


        """
    }

    /// Items for `systems` of `systems.yaml`.
    package static var systems: String {
        let addresses = [Network.Host.ladder.address(.ipv4), "\"\(Network.Host.ladder.address(.ipv6))\""]
            .joined(separator: ", ")
        return Rung.all.map { rung in
            """
              \(rung.id):
                addresses: [\(addresses)]
                services: [tcp/\(rung.port)]
                \(rung.needs)

            """
        }.joined()
    }

    /// The pack's loans: of the assessed laptop to its user, and over.
    package static let loans = """
        loans:
          - { reference: \(Rung.loan), device: \(Device.assessedLaptop.rawValue), user: lena, from: 2020-01-01, until: 2020-01-31 }

        """

    /// The pack's approvals: for the assessed laptop's user, and over.
    package static var approvals: String {
        let lines = [
            ("remote-working", ""), ("travel", ", countries: [FR]"),
            ("system", ", labels: [official-sensitive]"),
            ("exception", ", exception: no-phone"),
        ]
        return "approvals:\n"
            + lines.map { kind, more in
                "  - { reference: A-\(kind), kind: \(kind), user: lena, approver: head.of.housing, "
                    + "from: 2020-01-01, until: 2020-01-31\(more) }\n"
            }.joined()
    }
}
