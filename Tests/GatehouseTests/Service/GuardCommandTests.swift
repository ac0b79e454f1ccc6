import Foundation
import TestSupport
import Testing

@testable import gatehouse

/// `gatehouse guard`, as a shell finds it.
@Suite struct GuardCommandTests {
    private static let configuration = """
        rules: /etc/gatehouse/rules
        sources:
          - { name: office, openvpn: { management: /run/office.sock }, tunnel: tun7 }
          - { name: branch, openvpn: { management: /run/branch.sock }, tunnel: tap-branch }
        """

    @Test func namesTheTunnelsOfTheConfiguration() throws {
        try Executable.inFolder(["gatehouse.yaml": Self.configuration]) { folder in
            let printed = try Executable.run("guard --config gatehouse.yaml --print", in: folder)
            #expect(printed.status == 0)
            #expect(printed.output == GuardCommand.file(of: ["tun7", "tap-branch"]))
            for name in ["tun7", "tap-branch"] {
                #expect(printed.output.contains("iifname \"\(name)\" goto refuse"))
                #expect(printed.output.contains("oifname \"\(name)\" goto refuse"))
            }
            #expect(!printed.output.contains("tun*"))
        }
    }

    @Test func mistakesAreSaid() throws {
        try Executable.inFolder(["bad.yaml": "rules: [x]\n"]) { folder in
            let table: [(String, Int, String)] = [
                ("guard --config nowhere.yaml", 2, "nowhere.yaml: cannot be read"),
                ("guard --config bad.yaml --print", 1, "bad.yaml:1"),
                ("guard --print --tunnel '*'", 64, "no interface name"),
                ("guard --print --tunnel 'tu*n'", 64, "no interface name"),
                ("guard --print --tunnel 'tun0\" accept'", 64, "no interface name"),
                ("guard --print --tunnel fifteen-letters", 0, "\"fifteen-letters\""),
                ("guard --print --tunnel fifteen-letters-", 64, "no interface name"),
                ("guard --print --tunnel 'fifteen-letters*'", 64, "no interface name"),
            ]
            for (words, status, text) in table {
                let result = try Executable.run(words, in: folder)
                #expect(result.status == status && result.output.contains(text), "\(words): \(result)")
            }
        }
    }

    /// A stop leaves the gate shut, whatever is asked.
    @Test func nothingOpensTheGate() throws {
        try Executable.inFolder { folder in
            for words in ["stop", "stop --open", "run --open", "guard --remove", "guard --open"] {
                let result = try Executable.run(words, in: folder)
                #expect(result.status == 64, "\(words)")
            }
        }
    }

    @Test func namesOfConfigurationsAreExact() throws {
        let text = Self.configuration.replacing("tun7", with: "\"tun*\"")
        try Executable.inFolder(["gatehouse.yaml": text]) { folder in
            let result = try Executable.run("guard --config gatehouse.yaml --print", in: folder)
            #expect(result.status == 1 && result.output.contains("an interface name"), "\(result)")
        }
    }
}

/// The same in the kernel, in namespaces of its own.
@Suite(.needsRoot) struct GuardCommandRealKernelTests {
    @Test func textAndNetlinkAreOne() throws {
        try Executable.inFolder { folder in
            let words = "guard --tunnel tun0 --tunnel 'vpn*'"
            let list = "nft list table inet gatehouse-guard"
            let gatehouse = "'\(Executable.path)' \(words)"
            let byNetlink = try shell(
                "unshare -n sh -ec \"\(gatehouse.replacing("\"", with: "\\\"")); \(list)\"")
            let byText = try shell(
                "\(gatehouse) --print > '\(folder)/guard.nft'; unshare -n sh -ec \"nft -f '\(folder)/guard.nft'; "
                    + "\(list)\"")
            #expect(byNetlink == byText && byNetlink.contains("vpn*"))
        }
    }

    @Test func withoutTheCapabilityItSaysSo() throws {
        let text = try shell(
            "unshare -n setpriv --bounding-set=-all --inh-caps=-all '\(Executable.path)' guard --tunnel tun0 "
                + "|| echo \"= $?\"")
        #expect(text.contains("is CAP_NET_ADMIN there?") && text.contains("= 2"))
    }
}
