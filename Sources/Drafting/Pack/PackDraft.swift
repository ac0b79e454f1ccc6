import Classification
import NetworkTypes
package import PolicyLanguage
package import Sessions

/// The first pack of an organisation: small, commented, with tests, and every clause covered.
package struct PackDraft {
    let answers: PackAnswers
    let now: Instant

    /// - Parameter now: today is the first day of the example's contract, and a year from now the rules are reviewed.
    package init(_ answers: PackAnswers, at now: Instant) {
        self.answers = answers
        self.now = now
    }

    /// By path inside the pack. They compile, and their tests pass, unless an answer is no good.
    package var files: [PackFile] {
        let own = [
            YAMLText.file("policy.yaml", policy), YAMLText.file("systems.yaml", systems),
            YAMLText.file("authorities.yaml", authorities), YAMLText.file("devices.yaml", Self.devices),
            YAMLText.file("users.yaml", Self.users), YAMLText.file("clauses.yaml", clauses),
            YAMLText.file("properties.yaml", properties),
            YAMLText.file("tests/settings.yaml", settingTests),
            YAMLText.file("tests/staff.yaml", staffTests),
        ]
        guard answers.hasVendors else { return own }
        // An answer that is no good leaves out the example; it is told of all the same.
        guard case .drafted(let files, _) = example.draft(for: own, at: now) else { return own }
        return own + files
    }

    /// The first thing that is wrong with what the answers make; nil when it is a pack that may be loaded.
    package func problem() -> String? {
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        if let first = diagnostics.first {
            return ([first.message] + first.notes.map(\.message)).joined(separator: "; ")
        }
        let failed = policy.map(PolicyTestRunner.run)?.first { !$0.passed }
        return failed.map { "then it is not so that \($0.name): \($0.failures.joined(separator: "; "))" }
    }

    var today: CivilDate { ZoneClock.utc.date(at: now) }

    // MARK: The rules

    private var policy: String {
        """
        \(YAMLText.comment("The rules of remote access to the systems of \(answers.name)."))#
        # A session (one device, connected through the VPN) is held against the classes below, from top to bottom. The first
        # class whose conditions all hold decides what the session may reach. If none matches, it reaches nothing.
        #
        # After a change:  gatehouse check DIR    (mistakes with their places, and the tests of this pack)
        #                  gatehouse fmt DIR      (the layout)
        #                  gatehouse prove DIR    (what holds for every session that there can be: properties.yaml)
        #                  gatehouse coverage DIR (which clause of the written policy is served by what)
        about: \(YAMLText.scalar("Remote access to the systems of \(answers.name)"))

        # Past this day, every check reminds you that the written policy is due for review. Nothing is cut off by it.
        review-by: { date: \(today.adding(days: 365)), cites: [review] }

        # A session in which no packet passes for so long is ended: nobody sits there.
        idle: { after: 30m, cites: [log-out] }

        # What the gateway does under any rules, and which clauses that serves.
        always:
          no-direct-internet: [proxy-only]
          withdraw-at-once: [device-loss]

        # The networks that are yours. Every system lies inside them.
        inside: \(YAMLText.list(answers.networks.map { "\($0)" }))

        classes:
          - name: unregistered
            when: { device: unregistered }
            access: none
            cites: [device-register]
            tell: \(tell("This device is not on the register."))

          # Reported lost or stolen: nothing, at once.
          - name: lost
            when: { device: [lost, stolen] }
            access: none
            cites: [device-loss]
            tell: \(tell("This device was reported lost or stolen."))

          # Nobody works on equipment of their own. That the register knows it does not change that.
          - name: own-device
            when: { device: { kind: personal } }
            access: none
            cites: [device-register]
            tell: \(tell("Use the laptop that you were given."))
        \(answers.hasVendors ? Self.vendors : "")
          # Staff: on a laptop of the register, with a code from their phone.
          - name: staff
            when:
              certificate: corporate
              device: in-use
              group: staff
              mfa: { within: \(answers.code) }
            access: [proxy, dns, \(answers.systemName)]
            cites: [two-factors, proxy-only]

          # The same without a code, or with an old one: nothing, but they are told why.
          - name: without-code
            when: { certificate: corporate, device: in-use, group: staff }
            access: none
            cites: [two-factors]
            tell: \(tell("Connect again with a new code from your phone."))

        """
    }

    private static let vendors = """

          # Here stand the classes that are made from the files in vendors/, one for each. Add one with
          # gatehouse vendor add NAME --pack DIR
          - vendors

        """

    private func tell(_ text: String) -> String { YAMLText.scalar("\(text) \(answers.helpDesk)") }

    private var systems: String {
        """
        # What can be reached: addresses, and what is offered there. Classes and vendors refer to these names.
        #
        # addresses  single (10.10.0.20), networks (10.10.4.0/24) or ranges (10.10.4.1-10.10.4.9), IPv4 and IPv6
        # services   tcp/443, udp/5000-5010, ping, or a whole protocol: esp, gre, ah, sctp
        # needs      conditions on top of those of the class:  needs: { mfa: { within: 1h } }
        systems:
          proxy:
            about: The web proxy, and with it the only way to the internet
            addresses: \(Self.list(answers.proxy.addresses))
            services: [tcp/\(answers.proxy.port)]

          dns:
            about: The resolver
            addresses: \(Self.list(answers.resolver))
            services: [udp/53, tcp/53]

          \(answers.systemName):
            about: A system that people work with
            addresses: \(Self.list(answers.system.addresses))
            services: [tcp/\(answers.system.port)]

        """
    }

    private static func list(_ addresses: [IPAddress]) -> String { YAMLText.list(addresses.map { "\($0)" }) }

    // MARK: Who is who

    private var authorities: String {
        let vendors =
            answers.hasVendors
            ? "\n  third-party:\n    about: The authority that issues to vendors\n"
                + Self.authority(answers.vendorAuthority, placeholder: "2") : ""
        return """
            # Who issues certificates that count. The name of an authority means nothing, since anyone can write any name into a
            # certificate: it is known by its own certificate, or by the SHA-256 digest of that.
            #
            #   openssl x509 -in ca.pem -noout -fingerprint -sha256
            authorities:
              corporate:
                about: The authority that issues to laptops
            \(Self.authority(answers.authority, placeholder: "1"))\(vendors)
            """
    }

    private static func authority(_ authority: PackAnswers.Authority, placeholder: Character) -> String {
        switch authority {
        case .later:
            "    # A placeholder: no certificate has it, so nobody gets in until you put yours here.\n    digest: "
                + String(repeating: placeholder, count: 64) + "\n"
        case .digest(let digest): "    digest: \(digest)\n"
        case .certificate(let text):
            "    certificate: |\n"
                + text.split(separator: "\n").map { "      \($0)\n" }.joined()
        }
    }

    private static let devices = """
        # The device register. A device is known by the digest of its certificate:
        #
        #   openssl x509 -in device.pem -noout -fingerprint -sha256
        #
        # kind    laptop, pool, remote-access-point, personal
        # status  in-use, lost, stolen, returned, retired
        #
        # A table of your inventory system can stand beside this file as devices.csv, with such names in its header. The digests
        # below are placeholders: put yours there, or take the lines out and change the tests.
        devices:
          - id: laptop-0001
            digest: a000000000000000000000000000000000000000000000000000000000000001
            owner: alice
            kind: laptop
            status: in-use

          - id: laptop-0002
            digest: a000000000000000000000000000000000000000000000000000000000000002
            owner: alice
            kind: laptop
            status: lost

        """

    private static let users = """
        # The people, by the name that they give to the VPN, and their groups. Classes refer to groups.
        users:
          alice: { groups: [staff] }

        """

    // MARK: What it is for

    private var clauses: String {
        let vendors =
            answers.hasVendors
            ? "  third-parties: { title: Vendors reach what they are contracted for, document: Third parties 1 }\n"
            : ""
        return """
            # The clauses of the written policy that rules cite: put yours here, in your own words. A citation that is not listed is
            # an error.
            #
            # kind      enforced (packets pass or fall by it), recorded (the gateway keeps the evidence), out-of-reach
            # because   why a clause is out of reach
            # controls  controls of ISO 27001:2022 Annex A that it belongs to:  controls: [A.8.1]
            clauses:
              two-factors: { title: Remote access needs two factors, document: Remote working 1 }
              proxy-only: { title: The internet is reached through the proxy, document: Remote working 2 }
              device-register: { title: Only equipment on the register is used, document: Remote working 3 }
              device-loss: { title: A lost device is cut off when it is reported, document: Remote working 4 }
              log-out: { title: Nobody stays connected who is not there, document: Remote working 5 }
              review: { title: The policy is reviewed in time, document: Remote working 6, kind: recorded }
            \(vendors)  paper:
                title: Paper is locked away
                document: Remote working 7
                kind: out-of-reach
                because: No paper passes a gateway.

            """
    }

    // MARK: Vendors

    private var example: VendorDraft {
        VendorDraft(
            name: "Example Vendor", organisation: "Example Vendor Ltd", authority: "third-party",
            reference: "C-0001", from: today, until: today.adding(days: 364), sponsor: "name.of.the.sponsor",
            zone: answers.zone, systems: [answers.systemName],
            hours: .init(days: ["mon-fri"], from: "08:00", to: "18:00"), mfa: "8h", cites: ["third-parties"],
            about:
                "An example: take this file and its tests out, and add your vendors with gatehouse vendor add"
        )
    }

    /// How the daemon is told where things are; not a file of the pack.
    ///
    /// - Parameter folder: where the pack is, as an absolute path.
    package func configuration(folder: String) -> String {
        """
        # Where things are, for the daemon:  gatehouse run --config FILE
        # Every key is explained in the readme; what sessions may reach is in the rules, never here.
        rules: \(YAMLText.scalar(folder))
        state: /var/lib/gatehouse
        control: /run/gatehouse/control.sock
        totp-seeds: /etc/gatehouse/totp-seeds  # lines "user BASE32SEED", mode 0600
        sources:
          - name: office
            openvpn: { management: \(YAMLText.scalar(answers.management)) }
            tunnel: \(YAMLText.scalar(answers.tunnel))
            push: \(YAMLText.list(["redirect-gateway def1 ipv6"] + answers.resolver.map { "dhcp-option DNS \($0)" }))

        """
    }
}
