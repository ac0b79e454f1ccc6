import NetworkTypes
import PolicyLanguage
import Sessions

/// What must come of the rules: properties for every session, and examples.
extension PackDraft {
    var properties: String {
        let third =
            answers.hasVendors
            ? """
              - when: { certificate: third-party }
                reach: [proxy]
                because: Vendors come for their systems, and not for the internet.
                cites: [third-parties]

            """ : ""
        return """
            # What must hold for every session that there can be, whatever somebody changes in the classes. Unlike the examples in
            # tests/, these are proved, and a pack that breaks one is not loaded.
            #
            #   gatehouse prove DIR

            # Systems that one factor is enough for.
            without-mfa: []

            # Systems, or labels, that hold personal data: nobody reaches them on a device of their own.
            personal-data: [\(answers.systemName)]

            # Systems that are offered over only one of IPv4 and IPv6, and meant to be. For others that are, check warns.
            one-family: \(YAMLText.list(ofOneFamily))

            must-never:
              - when: { device: [lost, stolen] }
                reach: any
                because: Whoever holds a device that was reported lost is not whom it was given to.
                cites: [device-loss]
            \(third)
            """
    }

    private var ofOneFamily: [String] {
        let systems = [
            ("proxy", answers.proxy.addresses), ("dns", answers.resolver),
            (answers.systemName, answers.system.addresses),
        ]
        return systems.filter { Set($0.1.map(\.family)).count == 1 }.map(\.0)
    }

    var settingTests: String {
        """
        tests:
          - { name: the policy is reviewed in time, setting: review-by, is: \(today.adding(days: 365)), cites: [review] }
          - { name: nobody stays connected who is not there, setting: idle, is: 30m, cites: [log-out] }
          - { name: no rule opens the internet, setting: always.no-direct-internet, is: proxy-only, cites: [proxy-only] }
          - { name: an order ends access at once, setting: always.withdraw-at-once, is: device-loss, cites: [device-loss] }

        """
    }

    var staffTests: String {
        let at = "\(today)T10:00:00Z"
        let system = answers.systemName
        let all = "[proxy, dns, \(system)]"
        let age = TimeText.text(VendorExamples.fresh([TimeText.duration(answers.code)].compactMap(\.self)))
        return """
            # What these rules are for, as examples. They are run at every check; a pack with a failing test is not loaded.
            #
            # A session is described by its certificate's authority, the device, the user, and how long ago a code was typed. Leave
            # a line out, and that is not known. Then say what must come of it.
            tests:
              - name: staff with a code reach their systems
                at: \(at)
                session: { certificate: corporate, device: laptop-0001, user: alice, mfa: \(age) }
                class: staff
                reaches: \(all)
                refused: \(YAMLText.list(Elsewhere.packets(outside: answers.networks)))
                cites: [two-factors, proxy-only]

              - name: without a code there is nothing
                at: \(at)
                session: { certificate: corporate, device: laptop-0001, user: alice }
                class: without-code
                refused: \(all)
                cites: [two-factors]

              - name: a code without the laptop's certificate is nothing
                at: \(at)
                session: { device: laptop-0001, user: alice, mfa: \(age) }
                class: none
                refused: \(all)
                cites: [two-factors]

              - name: a lost laptop is cut off, whoever holds it
                at: \(at)
                session: { certificate: corporate, device: laptop-0002, user: alice, mfa: \(age) }
                class: lost
                refused: \(all)
                cites: [device-loss]

              - name: a device of one's own is not for work
                at: \(at)
                session: { certificate: corporate, device: { id: laptop-0001, kind: personal }, user: alice, mfa: \(age) }
                class: own-device
                refused: \(all)
                cites: [device-register]

              - name: the right certificate on an unknown device is not enough
                at: \(at)
                session: { certificate: corporate, user: alice, mfa: \(age) }
                class: unregistered
                refused: \(all)
                cites: [device-register]

              - name: a laptop that was handed back reaches nothing
                at: \(at)
                session: { certificate: corporate, device: { id: laptop-0001, status: returned }, user: alice, mfa: \(age) }
                class: none
                refused: \(all)
                cites: [device-register]

              - name: people who are not staff reach nothing
                at: \(at)
                session: { certificate: corporate, device: laptop-0001, user: { name: bob, groups: [visitors] }, mfa: \(age) }
                class: none
                refused: \(all)

            """
    }
}
