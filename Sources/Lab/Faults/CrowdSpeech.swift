import NetworkTypes

/// What a VPN server says of its clients: the words of OpenVPN 2.6, without those that nobody listens to.
struct CrowdSpeech: Sendable {
    let process: Int
    let tunnel: String
    /// The digest of the authority that signed each client's certificate: 64 hexadecimal digits.
    let authority: String

    static let greeting = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n"
    static let version = "OpenVPN Version: OpenVPN 2.6.14 crowd\r\nManagement Version: 5\r\nEND\r\n"
    var ownProcess: String { "SUCCESS: pid=\(process)\r\n" }

    /// A client that asks to come in.
    func asking(_ client: Int) -> String {
        block(
            ">CLIENT:CONNECT,\(client),1",
            ["untrusted_port=\(port(client))", "untrusted_ip=\(Self.outer)"] + identity(client))
    }

    /// A client that was let in, and is there now.
    func arriving(_ client: Int) -> String {
        let (four, six) = (Crowd.address(client, .ipv4), Crowd.address(client, .ipv6))
        return ">CLIENT:ADDRESS,\(client),\(four),1\r\n>CLIENT:ADDRESS,\(client),\(six),1\r\n"
            + block(
                ">CLIENT:ESTABLISHED,\(client)",
                [
                    "ifconfig_pool_remote_ip=\(four)", "ifconfig_pool_remote_ip6=\(six)",
                    "time_unix=\(Self.since)", "trusted_port=\(port(client))", "trusted_ip=\(Self.outer)",
                ] + identity(client))
    }

    func leaving(_ client: Int) -> String {
        block(
            ">CLIENT:DISCONNECT,\(client)",
            ["time_duration=60", "bytes_sent=0", "bytes_received=0"] + identity(client))
    }

    /// The answer to `status 3`. Clients that wait for an answer are on the list, too, and have no address.
    func list(open: [Int], waiting: [Int]) -> String {
        let rows =
            open.map { row($0, Crowd.address($0, .ipv4), Crowd.address($0, .ipv6)) }
            + waiting.map { row($0, "", "") }
        return "TITLE\tOpenVPN\r\nHEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\t"
            + "Virtual IPv6 Address\tConnected Since (time_t)\tUsername\tClient ID\r\n" + rows.joined()
            + "END\r\n"
    }

    private func row(_ client: Int, _ four: String, _ six: String) -> String {
        let fields = [
            "CLIENT_LIST", name(client), "\(Self.outer):\(port(client))", four, six, "\(Self.since)",
            Self.person(client % Self.people),
            "\(client)",
        ]
        return fields.joined(separator: "\t") + "\r\n"
    }

    private static let outer = "198.51.100.253"
    private static let since = 1_700_000_000
    private func name(_ client: Int) -> String { "crowd-\(client)" }
    private func port(_ client: Int) -> Int { 1024 + client % 60_000 }

    private func identity(_ client: Int) -> [String] {
        var lines = [
            "common_name=\(name(client))", "username=\(Self.person(client % Self.people))", "IV_VER=2.6.14",
            "IV_PLAT=linux",
            "daemon_pid=\(process)", "dev=\(tunnel)",
        ]
        let own = Self.digest(client % Self.people)
        for (depth, (digest, subject)) in [(own, name(client)), (authority, "authority")].enumerated() {
            lines += [
                "tls_serial_hex_\(depth)=0\(depth)", "tls_digest_sha256_\(depth)=\(colons(digest))",
                "tls_id_\(depth)=CN=\(subject)", "X509_\(depth)_CN=\(subject)",
            ]
        }
        return lines
    }

    // MARK: Who they are

    /// Each of them has forty sessions, with a common name for each: with registers of ten thousand lines every load of
    /// rules would take longer than all else.
    private static let people = 250

    private static func person(_ number: Int) -> String { "crowd-\(number)" }

    private static func digest(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    /// For `devices` and `users` of the registers.
    static var devices: String {
        (0..<people).map { number in
            "  - { id: \(person(number)), digest: \(DaemonFiles.quoted(digest(number))), kind: laptop, "
                + "status: in-use }\n"
        }.joined()
    }
    static var users: String {
        (0..<people).map { "  \(person($0)): { groups: [\(LabClasses.fleet)] }\n" }.joined()
    }

    private func colons(_ digest: String) -> String {
        let digits = Array(digest)
        return stride(from: 0, to: digits.count - 1, by: 2).map { String(digits[$0...$0 + 1]) }
            .joined(separator: ":")
    }

    private func block(_ header: String, _ variables: [String]) -> String {
        let lines = variables + ["END"]
        return header + "\r\n" + lines.map { ">CLIENT:ENV,\($0)\r\n" }.joined()
    }
}
