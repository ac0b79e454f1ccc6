import Evidence
import NetworkTypes
import PolicyLanguage
import Portal
import Sessions

/// Where posture reports are taken, and from whom. Without it none are: every condition on posture is then unmet.
///
///     posture:
///       listen: ["0.0.0.0:8443", "[::]:8443"]
///       certificate: /etc/gatehouse/portal.pem
///       key: /etc/gatehouse/portal.key
///       client-authorities: /etc/gatehouse/devices-ca.pem
///       api-keys:
///         - { name: intune, sha256: 3f79…, kinds: [laptop, pool] }
struct PostureConfiguration: Sendable {
    var listen: [ListenAddress]
    var files: TLSFiles
    var keys: [APIKey]

    var settings: PostureServer.Settings { .init(addresses: listen, files: files, keys: keys) }

    /// Reads the mapping behind `posture`; nil when it is wrong, which has been reported then.
    static func read(_ node: DocumentNode, _ log: DiagnosticLog) -> PostureConfiguration? {
        let keys = ["listen", "certificate", "key", "client-authorities", "api-keys"]
        let errorsBefore = log.errorCount
        guard let mapping = MappingReader(node, "posture", keys: keys, log: log) else { return nil }
        let listen = mapping.requireList(
            "listen", .listenAddress, ifEmpty: "name an address, or leave posture out")
        let certificate = mapping.require("certificate", .absolutePath)
        let key = mapping.require("key", .absolutePath)
        let authorities = mapping.list("client-authorities", .absolutePath)?.map(\.value) ?? []
        let apiKeys = mapping.node("api-keys").map { readKeys($0, log) } ?? []
        checkDoubles(listen, "an address that is not listened on already", log)
        if authorities.isEmpty && !mapping.has("client-authorities") && !mapping.has("api-keys") {
            // A portal that believes nobody takes nothing.
            log.add(
                .wrongValue(expected: "client-authorities, api-keys or both", found: "neither"),
                at: mapping.range)
        }
        guard log.errorCount == errorsBefore, let certificate, let key else { return nil }
        return PostureConfiguration(
            listen: listen.map(\.value),
            files: TLSFiles(
                certificate: certificate.value, key: key.value, clientAuthorities: authorities),
            keys: apiKeys)
    }

    /// Names and keys are unique: a name says in every report who told, and a key says who it is.
    private static func readKeys(_ node: DocumentNode, _ log: DiagnosticLog) -> [APIKey] {
        var names: [Located<String>] = []
        var digests: [Located<CertificateDigest>] = []
        let keys = log.items(node).compactMap { item -> APIKey? in
            let known = ["name", "sha256", "devices", "kinds"]
            guard let mapping = MappingReader(item, "an API key", keys: known, log: log) else { return nil }
            let name = mapping.require("name", .name)
            let digest = mapping.require("sha256", .digest())
            let devices = limit(mapping, "devices", .freeName)
            let kinds: Set<DeviceKind>? = limit(mapping, "kinds", .choice("a kind of device"))
            guard let name, let digest else { return nil }
            names.append(name)
            digests.append(digest)
            return APIKey(name: name.value, digest: digest.value.bytes, devices: devices, kinds: kinds)
        }
        checkDoubles(names, "a name that no other API key has", log)
        checkDoubles(digests, "a key that no other name has", log)
        return keys
    }

    /// An absent list is no limit; an empty one would be a key for nothing.
    private static func limit<Value: Hashable>(
        _ mapping: MappingReader, _ key: String, _ form: TextForm<Value>
    ) -> Set<Value>? {
        guard mapping.has(key) else { return nil }
        return Set(mapping.requireList(key, form, ifEmpty: "leave \(key) out for no limit").map(\.value))
    }

    private static func checkDoubles<Value: Hashable>(
        _ values: [Located<Value>], _ expected: String, _ log: DiagnosticLog
    ) {
        var seen: Set<Value> = []
        for value in values where !seen.insert(value.value).inserted {
            log.add(.wrongValue(expected: expected, found: "'\(value.value)'"), at: value.range)
        }
    }
}

extension ListenAddress {
    /// Reads `10.8.0.1:8443` and `[2001:db8::1]:8443`. Names are refused: they may mean something else tomorrow.
    init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...])
        else {
            return nil
        }
        var host = String(text[..<colon])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard let address = IPAddress(host), (address.family == .ipv6) == isBracketed else { return nil }
        self.init(host: host, port: port)
    }

    private static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }
}

extension TextForm {
    static var listenAddress: TextForm<ListenAddress> {
        TextForm<ListenAddress>("an address and a port, such as 10.8.0.1:8443 or \"[::]:8443\"") {
            ListenAddress(text: $0)
        }
    }
}
