import ControlAPI
import Foundation
import PolicyLanguage
import Testing

@testable import gatehouse

/// The daemon's own settings: who may ask what at the control socket.
@Suite struct DaemonConfigurationTests {
    private static func read(
        _ text: String
    ) throws -> (configuration: DaemonConfiguration?, problems: [String]) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let whole = """
            rules: /etc/gatehouse/rules
            sources: [{ name: office, tunnel: tun0, openvpn: { management: /run/openvpn/office.sock } }]
            \(text)
            """
        try Data(whole.utf8).write(to: file)
        let read = try DaemonConfiguration.read(file.path)
        return (read.configuration, read.diagnostics.map { "\($0.range.start.line): \($0.message)" })
    }

    private static let usual: [Role: String] = [
        .viewer: "gatehouse-viewer", .operator: "gatehouse-operator", .policyAdmin: "gatehouse-policy",
    ]

    private static func usual(but role: Role, _ name: String?) -> [Role: String] {
        var groups = usual
        groups[role] = name
        return groups
    }

    @Test(
        arguments: [
            ("", usual),
            ("control-groups: {}", usual),
            ("control-groups: { viewer: wheel }", usual(but: .viewer, "wheel")),
            ("control-groups: { operator: netops }", usual(but: .operator, "netops")),
            ("control-groups: { policy-admin: '-' }", usual(but: .policyAdmin, nil)),
            ("control-groups: { viewer: 121 }", usual(but: .viewer, "121")),
            ("control-groups: { viewer: \"121\" }", usual(but: .viewer, "121")),
            ("control-groups: { viewer: _apt.x-y }", usual(but: .viewer, "_apt.x-y")),
            ("control-groups: { viewer: machine$ }", usual(but: .viewer, "machine$")),
            (
                "control-groups: { viewer: \(String(repeating: "g", count: 32)) }",
                usual(but: .viewer, String(repeating: "g", count: 32))
            ),
            ("control-groups: { viewer: '-', operator: '-', policy-admin: '-' }", [:]),
            (
                "control-groups: { viewer: all, operator: all, policy-admin: all }",
                [.viewer: "all", .operator: "all", .policyAdmin: "all"]
            ),
        ] as [(String, [Role: String])])
    func groupsOfRoles(text: String, groups: [Role: String]) throws {
        let (configuration, problems) = try Self.read(text)
        #expect(problems.isEmpty, "\(problems)")
        #expect(try #require(configuration).controlGroups == groups)
    }

    /// A word that nobody understands gives nobody a role: there is no configuration at all then.
    @Test(arguments: [
        ("control-groups: { admin: wheel }", "admin"),
        ("control-groups: { Viewer: wheel }", "Viewer"),
        ("control-groups: { viewer: '' }", "Unix group"),
        ("control-groups: { viewer: 'two words' }", "Unix group"),
        ("control-groups: { viewer: -x }", "Unix group"),
        ("control-groups: { viewer: '--' }", "Unix group"),
        ("control-groups: { viewer: ../wheel }", "Unix group"),
        ("control-groups: { viewer: \"a\\nb\" }", "Unix group"),
        ("control-groups: { viewer: gästé }", "Unix group"),
        ("control-groups: { viewer: \(String(repeating: "g", count: 33)) }", "Unix group"),
        ("control-groups: { viewer: [wheel, netops] }", "list"),
        ("control-groups: { viewer: { group: wheel } }", "mapping"),
        ("control-groups: wheel", "control"),
        ("control-groups: [wheel]", "control"),
        ("control-groups: { viewer: wheel, viewer: netops }", "viewer"),
    ])
    func whatIsNoGroup(text: String, said: String) throws {
        let (configuration, problems) = try Self.read(text)
        #expect(configuration == nil)
        #expect(problems.contains { $0.contains(said) }, "\(problems)")
    }
}
