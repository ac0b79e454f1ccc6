import NetworkTypes

/// Classes and systems that the lab puts into the shipped pack, for sessions of its own.
package enum LabClasses {
    /// The group, and the class, of the assessed laptop's user.
    package static let assessed = "assessed"
    /// The group, and the class, of the fleet's user.
    package static let fleet = "fleet"
    /// The group, and the class, of those whose certificates say different things.
    package static let certified = "certified"
    /// The group, and the class, of those whose certificates must be good to the last word.
    package static let outposts = "outposts"
    /// The authority of the rules that has its certificate there, and tells of withdrawn ones.
    package static let authority = Issuer.field.rawValue

    /// The class on the ladder, for `classes` of `policy.yaml`. What all rungs have in common is asked for by the class,
    /// the rest by them. It stands before the classes that shut out what a rung is about.
    package static var ladder: String {
        """
          - name: \(assessed)
            when:
              certificate: corporate
              device: { status: [in-use, returned], kind: [laptop, pool] }
              group: \(assessed)
              mfa: { within: 12h }
            access: [portal, finance, \(names(Rung.told + [Rung.travel, Rung.proved] + Rung.placed))]
            idle: none
            cites: [protection, procedures, travel, loans]


        """
    }

    /// The classes of those whose certificates matter and of the fleet, for `classes` of `policy.yaml`.
    package static var classes: String {
        """
          - name: \(certified)
            when: { certificate: corporate, device: in-use, group: \(certified), country: GB }
            access: [portal, finance, \(names(Rung.certified))]
            idle: none
            cites: [device-register, device-loss]

          - name: \(outposts)
            when: { certificate: \(authority), device: in-use, group: \(outposts) }
            access: [finance]
            idle: none
            cites: [device-register]

          - name: \(fleet)
            when: { certificate: corporate, device: in-use, group: \(fleet) }
            access: [finance]
            idle: none
            cites: [device-loss]


        """
    }

    /// The tenant whose codes the ladder asks for, for `policy.yaml`.
    package static var tenants: String {
        """
        tenants:
          \(Rung.tenant):
            about: Another council behind the same gateway
            organisation: Borough Council
            mfa: { within: \(Rung.codeSeconds)s }
            cites: [procedures]


        """
    }

    /// Flows are recorded, by an assessment that nobody made but for this.
    package static let monitoring = """
        monitoring:
          flows: on
          dpia: DPIA-LAB
          approved-by: data.protection.officer
          retention: 1h
          cites: [monitoring]

        """

    /// What may be reached without a code, for `properties.yaml`: some of these classes ask for none, since a code works
    /// once and their devices log in more often.
    package static var withoutCode: String { "without-mfa: [portal, finance, \(names(Rung.certified))]\n" }

    private static func names(_ rungs: [Rung]) -> String { rungs.map(\.id).joined(separator: ", ") }

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
