import NetworkTypes

/// Addresses that belong to no organisation, and that no rule may open or call its own.
enum SpecialAddresses {
    /// RFC 6890 and the IANA registries of special-purpose and multicast addresses; what is private (RFC 1918,
    /// RFC 4193) is not among them. An IPv4-mapped address names an IPv4 host in a way that no packet does.
    private static let networks: [(network: String, kind: String)] = [
        ("0.0.0.0/8", "unspecified"), ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"), ("::/128", "unspecified"),
        ("::1/128", "loopback"), ("::ffff:0:0/96", "IPv4-mapped"), ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    ]

    private static let ranges: [(range: AddressRange, kind: String)] = networks.compactMap { entry in
        (try? IPPrefix(parsing: entry.network)).map { ($0.range, entry.kind) }
    }

    /// The kind of special address that a range covers, if only in part.
    static func kind(in range: AddressRange) -> String? {
        ranges.first { $0.range.overlaps(range) }?.kind
    }
}
