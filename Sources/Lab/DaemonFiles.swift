import NetworkTypes

/// What the daemon is given: its configuration and the seeds of the people's one-time codes.
package enum DaemonFiles {
    package static let source = "office"
    /// Long enough to outlive the daemon's absence in the demonstration, short enough to wait for its end.
    package static let leaseSeconds = 20

    /// How soon the daemon sees that a client comes from another place.
    package static let pollSeconds = 1

    /// - Parameter polls: Whether the transmitter's server, which the demonstration alone has, is asked for tokens.
    package static func configuration(_ site: Site, polls: Bool = false) -> String {
        """
        rules: \(quoted(site.rules))
        state: \(quoted(site.state))
        control: \(quoted(site.control))
        totp-seeds: \(quoted(site.seeds))
        seal-key: \(quoted(site.sealKey))
        lease: \(leaseSeconds)s
        hand-over: \(quoted(site.handOver))
        countries: [\(quoted(site.countries))]
        packet-path: { inside: [\(Network.insideInterface)] }
        \(SignalTransmitter.configuration(site, polls: polls))
        sources:
          - name: \(source)
            openvpn: { management: \(quoted(site.management)) }
            tunnel: \(Network.tunnel)
            poll: \(pollSeconds)s
            push: ["redirect-gateway def1 ipv6", "dhcp-option DNS \(Network.Host.resolver.address(.ipv4))"]

        """
    }

    /// The same with the lab between the daemon and the VPN server, and with the server of the crowd.
    static func configurationForFaults(_ site: Site) -> String {
        configuration(site).replacing(quoted(site.management), with: quoted(site.relay)) + """
              - name: \(Crowd.source)
                openvpn: { management: \(quoted(site.crowd)) }
                tunnel: \(Crowd.tunnel)

            """
    }

    /// One person a line: name, space, seed in base32.
    package static func seeds(_ generators: [Person: OneTimeCode]) -> String {
        generators.map { "\($0.key.rawValue) \($0.value.base32)\n" }.sorted().joined()
    }

    /// What the daemon seals the seeds with that it makes: 256 random bits, in hexadecimal.
    package static func sealKey() -> String {
        (0..<32).map { _ in
            let digits = String(UInt8.random(in: .min ... .max), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// A YAML double-quoted scalar (YAML 1.2 section 7.3.1).
    package static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
