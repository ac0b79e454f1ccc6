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
///
/// A value in a box of its own: several tables keep the same session, and share it until one of them changes it.
package struct Session: Sendable, Hashable {
    private struct Content: Sendable, Hashable {
        let id: SessionID
        var tunnel: String
        var commonName: String
        var userName: String
        var certificates: CertificateChain?
        var outer: Endpoint?
        var addresses: [IPAddress]
        var startedAt: Instant
        var claims: NamedTexts
    }

    /// Never written to once made: a change makes another.
    private final class Box: Sendable, Hashable {
        let content: Content

        init(_ content: Content) { self.content = content }

        static func == (lhs: Box, rhs: Box) -> Bool { lhs === rhs || lhs.content == rhs.content }
        func hash(into hasher: inout Hasher) { hasher.combine(content) }
    }

    private var box: Box

    private mutating func set<Value>(_ path: WritableKeyPath<Content, Value>, _ value: Value) {
        var content = box.content
        content[keyPath: path] = value
        box = Box(content)
    }

    package var id: SessionID { box.content.id }

    /// The name of the tunnel interface that its packets come out of.
    package var tunnel: String {
        get { box.content.tunnel }
        set { set(\.tunnel, newValue) }
    }

    package var commonName: String {
        get { box.content.commonName }
        set { set(\.commonName, newValue) }
    }

    /// The name that the person gave; empty when the server asks for none. Not proven by itself.
    package var userName: String {
        get { box.content.userName }
        set { set(\.userName, newValue) }
    }

    package var certificates: CertificateChain? {
        get { box.content.certificates }
        set { set(\.certificates, newValue) }
    }

    package var outer: Endpoint? {
        get { box.content.outer }
        set { set(\.outer, newValue) }
    }

    /// The inner addresses, at most one of each family.
    package var addresses: [IPAddress] {
        get { box.content.addresses }
        set { set(\.addresses, newValue) }
    }

    package var startedAt: Instant {
        get { box.content.startedAt }
        set { set(\.startedAt, newValue) }
    }

    /// The client's own words about itself (`IV_VER`, `UV_*`): claims, never proof.
    package var claims: NamedTexts {
        get { box.content.claims }
        set { set(\.claims, newValue) }
    }

    package init(
        id: SessionID, tunnel: String, commonName: String, userName: String, certificates: CertificateChain?,
        outer: Endpoint? = nil, addresses: [IPAddress] = [], startedAt: Instant,
        claims: NamedTexts = [:]
    ) {
        box = Box(
            Content(
                id: id, tunnel: tunnel, commonName: commonName, userName: userName,
                certificates: certificates, outer: outer, addresses: addresses, startedAt: startedAt,
                claims: claims))
    }
}
