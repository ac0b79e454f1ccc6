import Foundation
import Glibc

/// What the lab needs of the machine.
package enum Prerequisites {
    /// Programs, and the Debian packages that bring them.
    package static let programs: [(name: String, package: String)] = [
        ("ip", "iproute2"), ("openvpn", "openvpn"), ("squid", "squid"), ("nginx", "nginx-light"),
        ("dnsmasq", "dnsmasq-base"), ("tcpdump", "tcpdump"), ("curl", "curl"), ("timeout", "coreutils"),
        ("openssl", "openssl"), ("nft", "nftables"),
        ("jose", "jose"), ("python3", "python3"),
    ]
    /// What it takes to let things go wrong, beside these.
    package static let programsForFaults: [(name: String, package: String)] = [
        ("prlimit", "util-linux"), ("strace", "strace"),
    ]

    package static func check(helper: String, forFaults: Bool = false) throws {
        guard geteuid() == 0 else { throw LabError.needsRoot }
        for program in programs + (forFaults ? programsForFaults : []) where !isInstalled(program.name) {
            throw LabError.missingProgram(name: program.name, package: program.package)
        }
        guard FileManager.default.isExecutableFile(atPath: helper) else {
            throw LabError.missingHelper(path: helper)
        }
    }

    private static func isInstalled(_ name: String) -> Bool {
        (Surroundings.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }
}
