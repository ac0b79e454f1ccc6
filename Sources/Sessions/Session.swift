package import NetworkTypes

/// Names one session for as long as it lives: which source, which run of its VPN server, which client of that run.
///
/// Addresses and common names are not identity: both pass from one client to the next while the old one's farewell is
/// still under way (same-CN eviction hands the address over in one burst of management lines).
package struct SessionID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The configured name of the source.
    package let source: String
    /// The process id of the VPN server that the client is connected to.
    package let serverProcess: Int32
    /// The client's number in that run of the server (OpenVPN's CID).
    package let client: UInt64

    package init(source: String, serverProcess: Int32, client: UInt64) {
        self.source = source
        self.serverProcess = serverProcess
        self.client = client
    }

    /// What people type: `office/21`. The server's process is left out: one run of it is live at a time.
    package var description: String { "\(source)/\(client)" }
}

/// An outer address, as the VPN server sees it; the port is unknown in some of its reports.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package var address: IPAddress
    package var port: UInt16?

    package init(address: IPAddress, port: UInt16? = nil) {
        self.address = address
        self.port = port
    }

    package var description: String {
        guard let port else { return address.description }
        return address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

/// One remote device attached through the VPN, from start to stop.
package struct Session: Sendable, Hashable {
    package let id: SessionID
    /// The name of the tunnel interface that its packets come out of.
    package var tunnel: String
    package var commonName: String
    /// The name that the person gave; empty when the server asks for none. Not proven by itself.
    package var userName: String
    package var certificates: CertificateChain?
    package var outer: Endpoint?
    /// The inner addresses, at most one of each family.
    package var addresses: [IPAddress]
    package var startedAt: Instant
    /// The client's own words about itself (`IV_VER`, `UV_*`): claims, never proof.
    package var claims: [String: String]

    package init(
        id: SessionID, tunnel: String, commonName: String, userName: String, certificates: CertificateChain?,
        outer: Endpoint? = nil, addresses: [IPAddress] = [], startedAt: Instant,
        claims: [String: String] = [:]
    ) {
        self.id = id
        self.tunnel = tunnel
        self.commonName = commonName
        self.userName = userName
        self.certificates = certificates
        self.outer = outer
        self.addresses = addresses
        self.startedAt = startedAt
        self.claims = claims
    }
}
