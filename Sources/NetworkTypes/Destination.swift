/// Where one packet wants to go: address, protocol, and port where the protocol has ports.
package struct Destination: Sendable, Hashable, CustomStringConvertible {
    package let address: IPAddress
    package let ipProtocol: IPProtocol
    /// The destination port; 0 for protocols without ports.
    package let port: UInt16

    package init(address: IPAddress, ipProtocol: IPProtocol, port: UInt16 = 0) {
        self.address = address
        self.ipProtocol = ipProtocol
        self.port = ipProtocol.hasPorts ? port : 0
    }

    /// Reads `10.0.0.1:443/tcp`, `[fd00::1]:443/tcp`, or `10.0.0.1/icmp` for protocols without ports.
    ///
    /// An IPv6 address before a port must be in brackets (RFC 5952 section 6): `fd00::1:443` is an address
    /// itself.
    package init?(parsing text: String) {
        guard let slash = text.lastIndex(of: "/"),
            let kind = IPProtocol(String(text[text.index(after: slash)...]))
        else { return nil }
        var host = text[..<slash]
        var port: UInt16 = 0
        if kind.hasPorts {
            guard let colon = host.lastIndex(of: ":"),
                let range = PortRange(String(host[host.index(after: colon)...])),
                range.first == range.last
            else { return nil }
            port = range.first
            host = host[..<colon]
        }
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)),
            bracketed == (kind.hasPorts && address.family == .ipv6)
        else { return nil }
        self.init(address: address, ipProtocol: kind, port: port)
    }

    package var description: String {
        let host = address.family == .ipv6 && ipProtocol.hasPorts ? "[\(address)]" : "\(address)"
        return ipProtocol.hasPorts ? "\(host):\(port)/\(ipProtocol)" : "\(host)/\(ipProtocol)"
    }
}
