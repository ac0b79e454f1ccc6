import Foundation

/// The configuration files of the VPN server and of its clients: what OpenVPN 2.6 comes with, and nothing that helps
/// the gate.
package enum VPNFiles {
    /// The server asks its management client, which is the daemon, about every login. Certificates of either root are
    /// let as far as that, and handed over to it as the documentation has it.
    ///
    /// Its log has times to the microsecond: when it heard of something is held against packets.
    package static func server(
        managementSocket: String, directory: String, handOver: (helper: String, socket: String)
    ) -> String {
        """
        mode server
        tls-server
        proto udp
        local \(Network.server)
        port \(Network.serverPort)
        dev \(Network.tunnel)
        dev-type tun
        topology subnet
        server 10.8.0.0 255.255.255.0
        server-ipv6 fd08:8::/64
        ca \(directory)/authorities.crt
        cert \(directory)/server.crt
        key \(directory)/server.key
        dh none
        remote-cert-tls client
        verify-client-cert require
        auth-user-pass-optional
        client-config-dir \(directory)/clients
        route 10.66.0.0 255.255.255.0
        route-ipv6 fd66::/64
        script-security 2
        tls-export-cert \(directory)/handed
        tls-verify "'\(handOver.helper)' \(handOver.socket)"
        management \(managementSocket) unix
        management-client-auth
        keepalive 5 20
        explicit-exit-notify 1
        machine-readable-output
        verb 3

        """
    }

    /// What the server is told of one client: networks behind it, as a branch office has them. OpenVPN itself drops
    /// packets of other sources than a client's own; with this it lets these pass, and somebody else must see them. The
    /// server has a route to them, so that the gateway's own look at sources finds nothing wrong either.
    package static let networksBehindClient = """
        iroute 10.66.0.0 255.255.255.0
        iroute-ipv6 fd66::/64

        """

    /// What the server is told of a client that always gets the same addresses.
    package static func fixedAddresses(_ number: Int) -> String {
        """
        ifconfig-push 10.8.0.\(number) 255.255.255.0
        ifconfig-ipv6-push fd08:8::\(number)/64 fd08:8::1

        """
    }

    /// When the server was told to throw a client out, by its log, in nanoseconds since 1970; nil when it was not.
    package static func killed(client: String, log: String) -> Int64? {
        let line = log.split(separator: "\n").first {
            $0.hasSuffix(" MANAGEMENT: CMD 'client-kill \(client)'")
        }
        // "1763690000.123456 20 MANAGEMENT: CMD 'client-kill 7'"
        let parts = line?.split(separator: " ").first?.split(separator: ".") ?? []
        guard parts.count == 2, parts[1].count == 6, let seconds = Int64(parts[0]), let rest = Int64(parts[1])
        else { return nil }
        return seconds * 1_000_000_000 + rest * 1000
    }

    /// A stock client. Name and password come from a file, since nobody sits at it.
    package static func client(directory: String, device: Device, login: String) -> String {
        """
        client
        dev tun0
        dev-type tun
        proto udp
        remote \(Network.server) \(Network.serverPort)
        nobind
        ca \(directory)/corporate.crt
        cert \(directory)/\(device).crt
        key \(directory)/\(device).key
        remote-cert-tls server
        verify-x509-name \(Keys.serverName) name
        auth-user-pass \(login)
        auth-retry none
        explicit-exit-notify 1
        connect-retry 1 2
        verb 3

        """
    }

    /// The file behind `auth-user-pass`.
    ///
    /// A client with `static-challenge` sends password and code as `SCRV1:BASE64:BASE64` (OpenVPN's
    /// management-notes.txt, "Challenge/Response Protocol"), but asks for the code on a terminal or through its
    /// management interface only; a password line that is written so already goes over the wire byte for byte alike.
    package static func login(person: Person, password: String, code: String?) -> String {
        let base64 = { (text: String) in Data(text.utf8).base64EncodedString() }
        let sent = code.map { "SCRV1:\(base64(password)):\(base64($0))" } ?? password
        return "\(person.rawValue)\n\(sent)\n"
    }
}
