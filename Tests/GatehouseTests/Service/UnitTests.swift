import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import gatehouse

extension Trait where Self == ConditionTrait {
    /// Root, as in continuous integration, has to have it: then the test runs, and fails without.
    fileprivate static var needsSystemdAnalyze: Self {
        .enabled(
            if: isInstalled("systemd-analyze") || geteuid() == 0, "needs systemd-analyze (Debian: systemd)")
    }
}

private func isInstalled(_ program: String) -> Bool { (try? shell("command -v \(program)")) != nil }

/// The files of `systemd`, held against the program and against systemd's own judgement.
@Suite struct UnitTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "systemd")

    static let units = ["gatehouse.service", "gatehouse-guard.service"]

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// 15 of 100 is what `systemctl` shows as 1.5.
    @Test(.needsSystemdAnalyze, arguments: units) func exposesLittle(unit: String) throws {
        let path = Self.folder.appending(path: unit).path
        let report = try shell("systemd-analyze security --no-pager --offline=true --threshold=15 '\(path)'")
        print("\(unit): \(report.split(separator: "\n").last ?? "")")
    }

    /// In a folder with all of them, and with the program that was just built where the unit has the installed one.
    @Test(.needsSystemdAnalyze) func systemdUnderstandsThem() throws {
        try Executable.inFolder { folder in
            var script = "cp -r '\(Self.folder.path)'/. '\(folder)'\n"
            script += "sed -i 's#/usr/bin/gatehouse#\(Executable.path)#' '\(folder)/gatehouse.service'\n"
            // The unit that ours follow, if it is installed: then the part that is added to it is read too.
            script += "cp /lib/systemd/system/nftables.service '\(folder)' || true\n"
            script += "export SYSTEMD_UNIT_PATH='\(folder):'\ncd '\(folder)'\n"
            script += "systemd-analyze verify --man=no \(Self.units.joined(separator: " "))\n"
            script += "test ! -f nftables.service || systemd-analyze verify --man=no nftables.service\n"
            #expect(try shell(script) == "", "warnings are failures")
            // And it does see what is wrong.
            _ = try shell("echo 'Nonsense=1' >> '\(folder)/gatehouse.service'")
            let words = try shell(
                "cd '\(folder)'; SYSTEMD_UNIT_PATH='\(folder):' systemd-analyze verify --man=no gatehouse.service || true"
            )
            #expect(words.contains("Nonsense"))
        }
    }

    /// Names of users and folders that systemd's own programs take.
    @Test(.needsSystemdAnalyze) func usersAndFoldersAreTaken() throws {
        try Executable.inFolder { folder in
            try shell(
                """
                mkdir -p '\(folder)/etc' '\(folder)/run'
                touch '\(folder)/etc/passwd' '\(folder)/etc/group'
                systemd-sysusers --root='\(folder)' '\(Self.folder.path)/gatehouse.sysusers'
                grep -q '^gatehouse:.*:/var/lib/gatehouse:/usr/sbin/nologin$' '\(folder)/etc/passwd'
                """)
            guard geteuid() == 0 else { return }
            try shell(
                """
                systemd-tmpfiles --root='\(folder)' --create '\(Self.folder.path)/gatehouse.tmpfiles'
                test "$(stat -c %a '\(folder)/etc/gatehouse')" = 750
                test "$(stat -c %a '\(folder)/run/gatehouse-management')" = 700
                """)
        }
    }

    /// The shipped guard is what the program writes for the names that OpenVPN gives its interfaces.
    @Test func shippedGuardIsTheProgramsOwn() throws {
        #expect(try Self.text("gatehouse-guard.nft") == GuardCommand.file(of: ["tun*", "tap*"]))
    }

    /// The command lines of the units, which nobody else reads before they are installed.
    @Test func commandLinesAreOnesThatThereAre() throws {
        let lines = try Self.text("gatehouse.service").split(separator: "\n")
        let start = try #require(lines.first { $0.hasPrefix("ExecStart=/usr/bin/gatehouse ") })
        let words = start.split(separator: " ").dropFirst().map(String.init)
        let command = try #require(try Gatehouse.parseAsRoot(words) as? Run)
        #expect(command.config == "/etc/gatehouse/gatehouse.yaml")
        for unit in Self.units {
            let stops = try Self.text(unit).split(separator: "\n").filter { $0.hasPrefix("ExecStop") }
            #expect(stops.isEmpty, "a stop of \(unit) takes nothing away")
        }
    }
}

/// What the guard's unit runs, in the order of systemd, with the files where they will be.
@Suite(.needsRoot) struct GuardUnitRealKernelTests {
    private static let unit = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "systemd/gatehouse-guard.service")

    /// The site's file, and which tunnels the guard knows after it. A broken or missing one leaves the shipped guard.
    @Test(
        arguments: [
            (nil, "tun*"), ("table inet gatehouse-guard { nonsense", "tun*"), ("", "tun*"),
            (GuardCommand.file(of: ["office0"]), "office0"),
        ] as [(String?, String)])
    func bootsIntoAGuard(site: String?, expected: String) throws {
        try Executable.inFolder { folder in
            let systemd = Self.unit.deletingLastPathComponent().path
            if let site { try Data(site.utf8).write(to: URL(fileURLWithPath: folder + "/guard.nft")) }
            let commands = try String(contentsOf: Self.unit, encoding: .utf8).split(separator: "\n")
                .filter { $0.hasPrefix("ExecStart=") }
                .map {
                    $0.dropFirst("ExecStart=".count)
                        .replacing("/usr/share/gatehouse/guard.nft", with: "\(systemd)/gatehouse-guard.nft")
                        .replacing("/etc/gatehouse/", with: "\(folder)/")
                }
            #expect(commands.count == 2)
            // As for a unit of type oneshot: the first that fails ends it.
            let script = (["set -e"] + commands).joined(separator: "\n")
            let list = "nft list table inet gatehouse-guard"
            try Data("(\(script)\n) || echo failed\n\(list)\n".utf8).write(
                to: URL(fileURLWithPath: folder + "/boot.sh"))
            let output = try shell("unshare -n sh '\(folder)/boot.sh' 2>&1")
            #expect(output.contains("iifname \"\(expected)\" goto refuse"), "\(output)")
            #expect(output.contains("failed") == (site?.contains("nonsense") ?? false), "\(output)")
        }
    }
}
