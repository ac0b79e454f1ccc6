import Classification
import Foundation
import PolicyLanguage
import PolicyProof
import Sessions

/// What it costs to check a big pack: read it, run its tests, and decide what holds for every session.
@main
struct PolicyBench {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let sizes = arguments.compactMap(Int.init)
        var missed = false
        for vendors in sizes.isEmpty ? [100, 500, 1_000] : sizes {
            let pack = BigPack(vendors: vendors)
            let clock = ContinuousClock()
            let start = clock.now
            let (compiled, diagnostics) = PolicyCompiler.compile(pack.files, now: BigPack.now)
            guard let policy = compiled else { throw Mistake(text: DiagnosticRenderer.text(diagnostics)) }
            let read = clock.now
            let failed = PolicyTestRunner.run(policy).filter { !$0.passed }
            let tested = clock.now
            let prover = Prover(policy, from: BigPack.now)
            var slow: [(String, Duration)] = []
            for property in Property.allCases {
                let began = clock.now
                let proof = prover.prove(property)
                slow.append((property.rawValue, clock.now - began))
                guard proof.holds else { throw Mistake(text: "\(property): \(proof.outcome)") }
            }
            let end = clock.now
            guard failed.isEmpty else { throw Mistake(text: "\(failed.count) tests failed") }
            let parts = [("read", read - start), ("tests", tested - read), ("proofs", end - tested)]
            print("\(vendors) vendors, 1000 systems, 50 classes: \(Self.text(end - start)) in all")
            print("  " + (parts + slow).map { "\($0.0) \(Self.text($0.1))" }.joined(separator: ", "))
            if vendors == 500, end - start > .seconds(2) { missed = true }
        }
        if missed {
            print("MISS 500 vendors: at most 2 s")
            exit(1)
        }
    }

    private static func text(_ duration: Duration) -> String {
        String(format: "%.3f s", duration / .seconds(1))
    }
}

struct Mistake: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// A pack as a big organisation's: every team its own systems, every vendor its own contract and test.
struct BigPack {
    static let now = Instant(secondsSince1970: 1_795_212_000)
    private static let systems = 1_000
    private static let teams = 25

    let vendors: Int

    var files: [PackFile] {
        [
            PackFile(path: "policy.yaml", text: policy), PackFile(path: "systems.yaml", text: systems),
            PackFile(path: "authorities.yaml", text: authorities),
            PackFile(path: "users.yaml", text: users),
            PackFile(
                path: "properties.yaml",
                text: """
                    without-mfa: [portal]
                    personal-data: [s0]
                    must-never: [ { class: "vendor:*", reach: portal } ]
                    """),
            PackFile(path: "tests/vendors.yaml", text: tests),
        ] + (0..<vendors).map { PackFile(path: "vendors/v\($0).yaml", text: vendor($0)) }
    }

    private var policy: String {
        let lines = (0..<Self.teams).map { team in
            let reached = (0..<20).map { "s\(1 + (team * 37 + $0 * 11) % (Self.systems - 1))" }.joined(
                separator: ", ")
            return """
                  - name: team-\(team)
                    when:
                      certificate: corporate
                      device: { status: in-use, kind: laptop }
                      group: g\(team)
                      mfa: { within: 12h }
                      posture: { antivirus: { within: 24h }, disk-encryption: on }
                      user: { steps: [training] }
                      country: GB
                    access: [\(reached), portal]
                """
        }
        let bare = (0..<Self.teams - 1).map { team in
            "  - { name: team-\(team)-bare, when: { certificate: corporate, device: in-use, group: g\(team) }, access: portal }"
        }
        return """
            inside: [10.0.0.0/8, "fd10::/16"]
            classes:
              - { name: lost, when: { device: [lost, stolen] }, access: none }
              - vendors
            \((lines + bare).joined(separator: "\n"))
            """
    }

    private var systems: String {
        let lines = (0..<Self.systems).map { number in
            "  s\(number): { addresses: [10.16.\(number >> 8).\(number & 255), \"fd10:10::\(String(number + 1, radix: 16))\"], "
                + "services: [tcp/443, tcp/\(1000 + number % 500)] }"
        }
        return "systems:\n  portal: { addresses: [10.200.0.1, \"fd10:10:200::1\"], services: [tcp/443] }\n"
            + lines.joined(separator: "\n")
    }

    private var authorities: String {
        """
        authorities:
          corporate: { digest: \(String(repeating: "c", count: 64)) }
          third-party: { digest: \(String(repeating: "d", count: 64)) }
        """
    }

    private var users: String {
        "users:\n" + (0..<Self.teams).map { "  u\($0): { groups: [g\($0)] }" }.joined(separator: "\n")
    }

    private var tests: String {
        let lines = (0..<vendors).map { number in
            "  - { name: vendor \(number), at: 2026-11-23T10:00:00Z, session: { certificate: third-party, organisation: "
                + "\"Vendor \(number) Ltd\", device: { id: v, status: in-use }, mfa: 5m }, class: \"vendor:Vendor \(number)\", "
                + "reaches: [s\(1 + number % (Self.systems - 1))], refused: [portal] }"
        }
        return "tests:\n" + lines.joined(separator: "\n")
    }

    private func vendor(_ number: Int) -> String {
        """
        vendor: Vendor \(number)
        certificate: { authority: third-party, organisation: Vendor \(number) Ltd }
        contract: { reference: C-\(number), from: 2026-01-01, until: 2028-\(number % 2 == 0 ? "06" : "12")-28, sponsor: head }
        systems: [s\(1 + number % (Self.systems - 1)), s\(1 + number * 7 % (Self.systems - 1))]
        hours: { days: mon-fri, from: "0\(7 + number % 3):00", to: "18:00", zone: Europe/London }
        mfa: { within: 8h }
        """
    }
}
