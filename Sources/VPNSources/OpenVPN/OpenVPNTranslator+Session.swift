import NetworkTypes
import Sessions

extension OpenVPNTranslator {
    /// Which of a client's variables count.
    enum Phase {
        /// It asks to come in: nothing about its place is proven, and it has no address.
        case before
        /// It is in, or about to be.
        case during
    }

    /// What the variables say of a session, or why they cannot be believed.
    func session(
        _ client: UInt64, _ variables: ClientVariables, phase: Phase, now: Instant
    ) throws(Contradiction) -> Session {
        guard let id = id(client) else {
            throw Contradiction(reason: "the server has not said its process id")
        }
        return Session(
            id: id, tunnel: tunnel, commonName: variables["common_name"] ?? "",
            userName: variables["username"] ?? "", certificates: try Self.certificates(variables),
            outer: try Self.outer(variables, phase == .before ? "untrusted" : "trusted"),
            addresses: phase == .before ? [] : try Self.addresses(variables),
            startedAt: phase == .before ? now : try Self.startedAt(variables) ?? now,
            claims: NamedTexts(variables.all.filter { Self.isClaim($0.key) }))
    }

    private static func isClaim(_ name: String) -> Bool {
        name.utf8.starts(with: "IV_".utf8) || name.utf8.starts(with: "UV_".utf8)
    }

    private static func startedAt(_ variables: ClientVariables) throws(Contradiction) -> Instant? {
        guard let text = variables["time_unix"] else { return nil }
        guard let seconds = text[...].number(as: UInt64.self).flatMap(Int64.init(exactly:)) else {
            throw Contradiction(reason: "time_unix is no number")
        }
        return Instant(secondsSince1970: seconds)
    }

    /// The outer address is `untrusted_ip` before the client has proved itself and `trusted_ip` after; the names end
    /// in `6` for IPv6. A client that moves keeps its old `trusted_ip` here: only the list of clients shows the move.
    private static func outer(_ variables: ClientVariables, _ prefix: String) throws(Contradiction)
        -> Endpoint?
    {
        let found = [
            try address(variables, prefix + "_ip", .ipv4), try address(variables, prefix + "_ip6", .ipv6),
        ].compactMap(\.self)
        guard let address = found.first else { return nil }
        guard found.count == 1 else { throw Contradiction(reason: "two outer addresses") }
        guard let text = variables[prefix + "_port"] else { return Endpoint(address: address) }
        guard let port = text[...].number(as: UInt16.self) else {
            throw Contradiction(reason: "\(prefix)_port is no port")
        }
        return Endpoint(address: address, port: port)
    }

    private static func addresses(_ variables: ClientVariables) throws(Contradiction) -> [IPAddress] {
        [
            try address(variables, "ifconfig_pool_remote_ip", .ipv4),
            try address(variables, "ifconfig_pool_remote_ip6", .ipv6),
        ].compactMap(\.self)
    }

    private static func address(
        _ variables: ClientVariables, _ name: String, _ family: AddressFamily
    ) throws(Contradiction) -> IPAddress? {
        guard let text = variables[name] else { return nil }
        guard let address = IPAddress(text), address.family == family else {
            throw Contradiction(reason: "\(name) is no \(family) address: '\(text.excerpt())'")
        }
        return address
    }
}

// MARK: Certificates

extension OpenVPNTranslator {
    /// OpenVPN's own limit on the depth of a chain (`MAX_CERT_DEPTH` in ssl_verify.h).
    private static let maximumDepth = 16

    private struct Depth {
        var digest: CertificateDigest?
        var serial = ""
        var subject = ""
        var attributes: [String: String] = [:]
    }

    /// The chain, leaf first; nil when the client showed no certificate.
    ///
    /// Every depth needs its digest *and* an attribute. OpenVPN sets these variables while it looks at a chain, before
    /// the client has proved that it holds the key, and keeps them when the handshake then fails. At the next
    /// handshake behind the same port it clears the attributes (`tls_x509_clear_env` in ssl.c) but not the digests. So
    /// a client that first shows somebody else's longer chain, and then its own, would put the other's root above its
    /// own issuer. What is left over has a digest and no attribute.
    private static func certificates(_ variables: ClientVariables) throws(Contradiction) -> CertificateChain?
    {
        let depths = try depths(variables)
        var chain: [PresentedCertificate] = []
        for depth in 0..<depths.count {
            guard let found = depths[depth], let digest = found.digest else {
                throw Contradiction(
                    reason: "the certificate at depth \(depth) has no digest, or depths are missing")
            }
            guard !found.attributes.isEmpty else {
                throw Contradiction(reason: "the certificate at depth \(depth) has a digest and no attribute")
            }
            chain.append(
                PresentedCertificate(
                    digest: digest, serial: found.serial, subject: found.subject,
                    attributes: NamedTexts(found.attributes)))
        }
        return chain.first.map { CertificateChain(leaf: $0, issuers: Array(chain.dropFirst())) }
    }

    private static func depths(_ variables: ClientVariables) throws(Contradiction) -> [Int: Depth] {
        var depths: [Int: Depth] = [:]
        // In order, so that of several contradictions the same one is told every time.
        for (name, value) in variables.all.sorted(by: { $0.key < $1.key }) {
            if let rest = name[...].dropping(prefix: "tls_digest_sha256_") {
                guard let digest = CertificateDigest(value) else {
                    throw Contradiction(reason: "\(name.excerpt()) is no SHA-256 digest")
                }
                depths[try depth(rest), default: Depth()].digest = digest
            } else if let rest = name[...].dropping(prefix: "tls_serial_hex_") {
                depths[try depth(rest), default: Depth()].serial = value
            } else if let rest = name[...].dropping(prefix: "tls_id_") {
                depths[try depth(rest), default: Depth()].subject = value
            } else if let rest = name[...].dropping(prefix: "X509_") {
                let parts = rest.fields("_", limit: 2)
                guard parts.count == 2, !parts[1].isEmpty else {
                    throw Contradiction(reason: "X509_ without a name")
                }
                depths[try depth(parts[0]), default: Depth()].attributes[String(parts[1])] = value
            }
        }
        return depths
    }

    private static func depth(_ digits: Substring) throws(Contradiction) -> Int {
        guard let depth = digits.number(as: UInt8.self), depth < maximumDepth else {
            throw Contradiction(reason: "a certificate's depth is no number below \(maximumDepth)")
        }
        return Int(depth)
    }
}
