import ControlAPI
import Foundation
import PolicyLanguage
import Sessions
import Trust
import VPNSources

/// The daemon's own settings: where things are. What sessions may reach is in the rules, never here.
struct DaemonConfiguration: Sendable {
    /// The pack's folder.
    var rules: String
    /// The folder of the database; made when it is not there.
    var state: String
    var control: String
    /// Whose members may ask what at the control socket: names of Unix groups, or their numbers.
    var controlGroups: [Role: String]
    /// The file of one-time code seeds; nil when nobody logs in with codes.
    var seeds: String?
    /// The file of the key that seeds in the database are sealed with; nil for systemd's credential, if there is one.
    var sealKey: String?
    /// Where VPN servers hand over certificates; nil for nowhere.
    var handOver: HandOverServer.Settings?
    /// Nil where no posture reports are taken.
    var posture: PostureConfiguration?
    /// Nil where no other system tells of people and devices.
    var signals: SignalConfiguration?
    /// Nil where nobody is alerted.
    var alerts: AlertConfiguration?
    /// Files of a country database; none where the country of an address is not to be known.
    var countries: [String]
    var lease: Duration
    var grace: Duration
    /// The NFLOG group of refused packets; nil for none.
    var refusalLogGroup: UInt16?
    var sources: [Source]
    /// Nil when the packet path is switched off.
    var packetPath: PathConfiguration?

    /// One VPN server.
    struct Source: Sendable {
        var name: String
        /// OpenVPN's management socket.
        var management: String
        /// A file with the management password on its first line.
        var passwordFile: String?
        /// The tunnel interface that the server's clients come out of.
        var tunnel: String
        /// Settings for every client that is let in.
        var push: [String]
        /// How often the server's list of clients is read: how soon roaming and vanished clients are noticed.
        var poll: Duration
    }

    /// Whatever the configuration does not say: everything through the tunnel, in both families.
    private static let fullTunnel = ["redirect-gateway def1 ipv6"]

    /// Reads the file; the configuration is nil if and only if there is an error.
    static func read(_ path: String) throws -> (
        configuration: DaemonConfiguration?, diagnostics: [Diagnostic]
    ) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PackUnreadable(path: path, reason: "cannot be read")
        }
        let (file, problems) = PackFile.decode(path: path, bytes: Array(data))
        guard let file else { return (nil, problems) }
        let log = DiagnosticLog()
        let configuration = DocumentReader.read(SourceText(path: file.path, text: file.text), log: log)
            .flatMap { parse($0, log) }
        return (log.hasErrors ? nil : configuration, log.diagnostics.sortedByPlace())
    }

    private static let keys = [
        "rules", "state", "control", "totp-seeds", "seal-key", "lease", "grace", "refusal-log-group",
        "sources",
        "packet-path", "countries", "posture", "shared-signals", "hand-over", "alerts", "control-groups",
    ]

    private static func parse(_ root: DocumentNode, _ log: DiagnosticLog) -> DaemonConfiguration? {
        guard let mapping = MappingReader(root, "the configuration", keys: keys, log: log) else { return nil }
        let rules = mapping.require("rules", .absolutePath)
        let lease = mapping.read("lease", .leaseDuration)
        let group = mapping.read("refusal-log-group", .logGroup)
        let sources = mapping.requiredNode("sources").map { readSources($0, log) }
        return DaemonConfiguration(
            rules: rules?.value ?? "",
            state: mapping.read("state", .absolutePath)?.value ?? "/var/lib/gatehouse",
            control: mapping.read("control", .absolutePath)?.value ?? "/run/gatehouse/control.sock",
            controlGroups: controlGroups(mapping.node("control-groups"), log),
            seeds: mapping.read("totp-seeds", .absolutePath)?.value,
            sealKey: mapping.read("seal-key", .absolutePath)?.value,
            handOver: mapping.node("hand-over").flatMap { readHandOver($0, log) },
            posture: mapping.node("posture").flatMap { PostureConfiguration.read($0, log) },
            signals: mapping.node("shared-signals").flatMap { SignalConfiguration.read($0, log) },
            alerts: mapping.node("alerts").flatMap { AlertConfiguration.read($0, log) },
            countries: mapping.list("countries", .absolutePath)?.map(\.value) ?? [],
            lease: lease?.value ?? .seconds(60),
            grace: mapping.read("grace", .duration())?.value ?? .seconds(600), refusalLogGroup: group?.value,
            sources: sources ?? [],
            packetPath: mapping.has("packet-path")
                ? mapping.node("packet-path").flatMap { PathConfiguration.read($0, log) }
                : PathConfiguration())
    }

    /// What packages make; nobody has a role by a group that the machine does not have.
    static let usualGroups: [Role: String] = [
        .viewer: "gatehouse-viewer", .operator: "gatehouse-operator", .policyAdmin: "gatehouse-policy",
    ]

    /// `{ viewer: wheel, operator: netops }`: the usual group stands for a role that is left out, no group for `-`.
    private static func controlGroups(_ node: DocumentNode?, _ log: DiagnosticLog) -> [Role: String] {
        let keys = Role.allCases.map(\.rawValue)
        guard let node,
            let mapping = MappingReader(node, "the groups of the control socket", keys: keys, log: log)
        else { return usualGroups }
        var groups = usualGroups
        for role in Role.allCases {
            guard let name = mapping.read(role.rawValue, .groupName)?.value else { continue }
            groups[role] = name == "-" ? nil : name
        }
        return groups
    }

    /// A socket's path, or `{ socket: /..., users: [120], groups: [121], socket-group: 121 }` with numbers of the system.
    private static func readHandOver(_ node: DocumentNode, _ log: DiagnosticLog) -> HandOverServer.Settings? {
        if case .scalar = node { return log.read(node, .absolutePath).map { .init(path: $0.value) } }
        let keys = ["socket", "users", "groups", "socket-group"]
        guard let mapping = MappingReader(node, "the hand-over of certificates", keys: keys, log: log),
            let path = mapping.require("socket", .absolutePath)
        else { return nil }
        let users = mapping.list("users", .systemNumber)?.map(\.value) ?? []
        let groups = mapping.list("groups", .systemNumber)?.map(\.value) ?? []
        return HandOverServer.Settings(
            path: path.value, users: Set(users), groups: Set(groups),
            socketGroup: mapping.read("socket-group", .systemNumber)?.value)
    }

    /// Names and tunnels are unique: a session is found by its source's name, and its packets by its tunnel's.
    private static func readSources(_ node: DocumentNode, _ log: DiagnosticLog) -> [Source] {
        var taken: Set<[String]> = []
        return log.items(node).compactMap { item in
            guard let source = source(item, log) else { return nil }
            for (what, value) in [("name", source.name), ("tunnel", source.tunnel)]
            where !taken.insert([what, value]).inserted {
                log.add(
                    .wrongValue(expected: "a \(what) that no other source has", found: "'\(value)'"),
                    at: item.range)
            }
            return source
        }
    }

    private static func source(_ node: DocumentNode, _ log: DiagnosticLog) -> Source? {
        let keys = ["name", "openvpn", "tunnel", "push", "poll"]
        guard let mapping = MappingReader(node, "a source", keys: keys, log: log),
            let name = mapping.require("name", .name), let tunnel = mapping.require("tunnel", .interfaceName),
            let server = mapping.requiredNode("openvpn"),
            let openvpn = MappingReader(
                server, "an OpenVPN server", keys: ["management", "password-file"], log: log),
            let management = openvpn.require("management", .absolutePath)
        else { return nil }
        let push = mapping.list("push", .pushOption)?.map(\.value) ?? fullTunnel
        return Source(
            name: name.value, management: management.value,
            passwordFile: openvpn.read("password-file", .absolutePath)?.value, tunnel: tunnel.value,
            push: push,
            poll: mapping.read("poll", .duration())?.value ?? .seconds(5))
    }
}

extension TextForm {
    /// What the kernel takes as a name: 1 to 15 bytes (IFNAMSIZ), no slash, no space. Nor a `*`, which means any name that
    /// begins so to whoever reads the rules.
    static var interfaceName: TextForm<String> {
        TextForm<String>("an interface name of at most 15 characters") { text in
            let fits = (1...15).contains(text.utf8.count)
            return fits && !text.contains { "/\"*\\".contains($0) || $0.isWhitespace } ? text : nil
        }
    }

    /// Shorter would renew all day, longer would leave a dead daemon's sessions too long.
    fileprivate static var leaseDuration: TextForm<Duration> {
        TextForm<Duration>("a duration from 5s to 1h") { text in
            TimeText.duration(text).flatMap { (.seconds(5)...Duration.seconds(3600)).contains($0) ? $0 : nil }
        }
    }

    fileprivate static var systemNumber: TextForm<UInt32> {
        TextForm<UInt32>("the number of a user or group of this machine") { UInt32($0) }
    }

    fileprivate static var groupName: TextForm<String> {
        TextForm<String>("the name or number of a Unix group, or '-' for none") { text in
            let fits = (1...32).contains(text.utf8.count)
            return fits && text.wholeMatch(of: /-|[A-Za-z0-9_][A-Za-z0-9_.-]*\$?/) != nil ? text : nil
        }
    }

    fileprivate static var logGroup: TextForm<UInt16> {
        TextForm<UInt16>("a number from 0 to 65535") { UInt16($0) }
    }

    fileprivate static var pushOption: TextForm<String> {
        TextForm<String>("an OpenVPN option of one line, without commas or control characters") { text in
            (try? PushOption(text)) == nil ? nil : text
        }
    }
}
