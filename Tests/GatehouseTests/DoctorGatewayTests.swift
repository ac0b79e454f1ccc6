import ArgumentParser
import Diagnosis
import Foundation
import Glibc
import PolicyLanguage
import Sessions
import Testing

@testable import gatehouse

/// `gatehouse doctor` beside a daemon with a real socket and a real database, and without one. What the machine and its kernel
/// come to depends on where the tests run, and is not looked at here.
@Suite struct DoctorGatewayTests {
    private static func configuration(_ folder: String) throws -> DaemonConfiguration {
        let file = folder + "/gatehouse.yaml"
        try Data(
            """
            rules: \(folder)/rules
            state: \(folder)/state
            control: \(folder)/control.sock
            totp-seeds: \(folder)/seeds
            sources:
              - { name: office, tunnel: no-such-tun, openvpn: { management: \(folder)/vpn/m.sock } }

            """.utf8
        ).write(to: URL(filePath: file))
        return try #require(try DaemonConfiguration.read(file).configuration)
    }

    private static func look(_ folder: String) async throws -> [Diagnosis.Check: Finding] {
        let found = try await GatewayLook(configuration(folder), patience: .seconds(600))
            .findings(at: SystemClock().now())
        return Dictionary(found.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func aDaemonTellsWhatItKnows() async throws {
        try await Gateway.with { gateway in
            let found = try await Self.look(gateway.folder)
            for check in [
                Diagnosis.Check.daemon, .kernelElements, .kernelFault, .kernelDrifts, .store, .damage,
                .folder,
                .waiting, .review,
                .controlSocket, .zones,
            ] {
                #expect(found[check]?.level == .ok, "\(check): \(found[check]?.says ?? "nothing")")
            }
            // What the configuration names and nobody has made.
            #expect(found[.tunnel]?.says == "there is no interface no-such-tun")
            #expect(found[.management]?.level == .unknown && found[.secrets]?.level == .unknown)
        }
    }

    @Test func changesOfTheFolderAndOfModesAreSeen() async throws {
        try await Gateway.with { gateway in
            try Data("# edited\n".utf8 + Data(contentsOf: URL(filePath: gateway.rules + "/policy.yaml")))
                .write(
                    to: URL(filePath: gateway.rules + "/policy.yaml"))
            try Data().write(to: URL(filePath: gateway.folder + "/seeds"))
            try FileManager.default.createDirectory(
                atPath: gateway.folder + "/vpn", withIntermediateDirectories: false)
            #expect(unsafe chmod(gateway.folder + "/seeds", 0o644) == 0)
            #expect(unsafe chmod(gateway.folder + "/vpn", 0o755) == 0)
            #expect(unsafe chmod(gateway.socket, 0o777) == 0)
            var found = try await Self.look(gateway.folder)
            #expect(found[.folder]?.level == .warning)
            for check in [Diagnosis.Check.secrets, .management, .controlSocket] {
                #expect(found[check]?.level == .problem, "\(check): \(found[check]?.says ?? "nothing")")
            }
            #expect(unsafe chmod(gateway.folder + "/seeds", 0o600) == 0)
            #expect(unsafe chmod(gateway.folder + "/vpn", 0o700) == 0)
            #expect(unsafe chmod(gateway.socket, 0o600) == 0)
            found = try await Self.look(gateway.folder)
            for check in [Diagnosis.Check.secrets, .management, .controlSocket] {
                #expect(found[check]?.level == .ok, "\(check): \(found[check]?.says ?? "nothing")")
            }
        }
    }

    @Test func aChangeThatWaitsIsSeen() async throws {
        try await ApplyTests.withNew { gateway, new in
            _ = try await gateway.apply(new, "RFC-1", within: "5m")
            let found = try await Self.look(gateway.folder)
            #expect(found[.waiting]?.level == .warning)
            #expect(found[.waiting]?.says.contains("RFC-1 waits") == true)
            #expect(found[.folder]?.level == .warning)
        }
    }

    /// Everything that can be seen from outside is still looked at, and nothing else is said to be well.
    @Test func withoutADaemon() async throws {
        try await Gateway.inFolder { folder in
            let gateway = try await Gateway(folder: folder)
            await gateway.stop()
            var found = try await Self.look(folder)
            #expect(found[.daemon]?.level == .problem)
            for check in [
                Diagnosis.Check.kernelElements, .kernelFault, .kernelDrifts, .damage, .folder, .waiting,
            ] {
                #expect(found[check]?.level == .unknown, "\(check): \(found[check]?.says ?? "nothing")")
            }
            #expect(found[.store]?.level == .ok && found[.review]?.level == .ok)
            #expect(found[.source]?.says.contains("nobody listens") == true)
            try Data("nonsense".utf8).write(to: URL(filePath: folder + "/rules/policy.yaml"))
            found = try await Self.look(folder)
            #expect(found[.review]?.level == .unknown)
            #expect(found[.review]?.says.contains("have mistakes") == true)
        }
    }

    @Test(arguments: [nil, "sources: 7\n"]) func withoutAConfigurationNothingIsLookedAt(text: String?)
        async throws
    {
        try await Gateway.inFolder { folder in
            let file = folder + "/gatehouse.yaml"
            if let text { try Data(text.utf8).write(to: URL(filePath: file)) }
            let command = try #require(
                try Gatehouse.parseAsRoot(["doctor", "--config", file]) as? DoctorCommand)
            do {
                try await command.run()
                Issue.record("it ended well")
            } catch {
                #expect(Gatehouse.exitCode(for: error).rawValue == 2)
            }
        }
    }
}
