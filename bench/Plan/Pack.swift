import Classification
import PolicyLanguage
import Sessions

/// A pack of a thousand systems, fifty classes, five thousand devices, and as many vendors as are asked for.
struct Pack {
    let vendors: Int
    /// Which system is the first of each vendor's, from its number.
    var step = 7
    /// Classes in another order, other needs, a vendor gone and one come, a few contracts that run longer.
    var isChanged = false

    static let now = Instant(secondsSince1970: 1_795_212_000)
    private static let systems = 1000
    private static let classes = 50
    private static let devices = 5000
    private static let tests = 200

    var withFewChanges: Pack {
        var pack = self
        pack.isChanged = true
        return pack
    }

    /// Every vendor reaches other systems, and every system has moved.
    var allChanged: Pack {
        var pack = withFewChanges
        pack.step = 11
        return pack
    }

    var files: [PackFile] {
        [
            PackFile(path: "policy.yaml", text: policy), PackFile(path: "systems.yaml", text: systemsFile),
            PackFile(path: "authorities.yaml", text: Self.authorities),
            PackFile(path: "devices.csv", text: Self.devicesFile),
            PackFile(path: "users.csv", text: Self.usersFile),
            PackFile(path: "tests/staff.yaml", text: Self.testsFile),
        ] + vendorFiles
    }

    static func policy(_ files: [PackFile]) throws -> Policy {
        let (policy, diagnostics) = PolicyCompiler.compile(files, now: now)
        guard let policy else { throw Mistake(text: DiagnosticRenderer.text(diagnostics)) }
        if let failed = PolicyTestRunner.run(policy).first(where: { !$0.passed }) {
            throw Mistake(text: "\(failed.name): \(failed.failures)")
        }
        return policy
    }

    struct Mistake: Error, CustomStringConvertible {
        var text: String
        var description: String { text }
    }

    private static func digest(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "a" + String(repeating: "0", count: 63 - digits.count) + digits
    }

    private static let authorities = """
        authorities:
          corporate: { digest: \(String(repeating: "c", count: 64)) }
          third-party: { digest: \(String(repeating: "d", count: 64)) }
        """

    private var policy: String {
        var classes = (1..<Self.classes).map { number in
            let first = number * 20 % Self.systems
            let names = (0..<40).map { "s\((first + $0) % Self.systems)" }.joined(separator: ", ")
            return """
                  - name: team-\(number)
                    when: { certificate: corporate, device: in-use, group: team-\(number), mfa: { within: \(isChanged && number % 10 == 0 ? 8 : 12)h } }
                    access: [\(names)]
                """
        }
        if isChanged { classes.swapAt(3, 4) }
        return """
            inside: [10.0.0.0/8]
            classes:
              - { name: lost, when: { device: [lost, stolen] }, access: none }
              - vendors

            """ + classes.joined(separator: "\n") + "\n"
    }

    /// Two addresses and three services each; every tenth needs an approval, by its label.
    private var systemsFile: String {
        let lines = (0..<Self.systems).map { number in
            let address = "10.\(number / 250).\(number % 250)"
            let moved = isChanged && (step == 11 || number % 100 == 0) ? 30 : 10
            return "  s\(number): { addresses: [\(address).\(moved), \(address).40-\(address).49], "
                + "services: [tcp/443, tcp/8000-8010, udp/53], label: \(number % 10 == 0 ? "sensitive" : "plain") }"
        }
        return """
            labels:
              plain: { remote: freely }
              sensitive: { remote: \(isChanged ? "freely" : "with-approval") }
            systems:

            """ + lines.joined(separator: "\n") + "\n"
    }

    private var vendorFiles: [PackFile] {
        let numbers = isChanged ? Array(1...vendors) : Array(0..<vendors)
        return numbers.map { number in
            let systems = (0..<3).map { "s\((number * step + $0) % Self.systems)" }.joined(separator: ", ")
            let year = isChanged && number % 100 == 0 ? 2029 : 2028
            return PackFile(
                path: "vendors/v\(number).yaml",
                text: """
                    vendor: Vendor \(number)
                    certificate: { authority: third-party, organisation: Organisation \(number) }
                    contract: { reference: C-\(number), from: 2026-04-01, until: \(year)-03-31, sponsor: head.of.finance }
                    systems: [\(systems)]
                    hours: { days: mon-fri, from: "08:00", to: "18:00", zone: Europe/London }
                    mfa: { within: 8h }

                    """)
        }
    }

    private static let devicesFile =
        (["id,digest,owner,kind,status"]
        + (0..<devices).map { "laptop-\($0),\(digest($0)),person-\($0),laptop,in-use" })
        .joined(separator: "\n")

    private static let usersFile =
        (["name,groups"] + (0..<devices).map { "person-\($0),team-\($0 % (classes - 1) + 1)" })
        .joined(separator: "\n")

    private static let testsFile =
        "tests:\n"
        + (0..<tests).map { number in
            """
              - name: test \(number)
                at: 2026-11-23T10:00:00Z
                session: { certificate: corporate, device: { id: laptop-\(number), status: in-use }, user: { name: person-\(number), steps: [training] }, mfa: 5m }
                class: team-\(number % (classes - 1) + 1)

            """
        }.joined()
}
