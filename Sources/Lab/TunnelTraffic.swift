import NetworkTypes

/// One line of `tcpdump -n -q -tt --time-stamp-precision=nano`: a packet with its payload.
package struct TunnelPacket: Sendable, Equatable {
    /// Nanoseconds since 1970.
    package let at: Int64
    package let source: String
    package let target: String
    /// Bytes above TCP or UDP. 0 for everything else: what the kernel itself says of a refusal is no payload.
    package let payload: Int

    /// Reads `1763690000.123456789 IP 10.10.0.21.80 > 10.8.0.2.41234: tcp 1348`, and the same with `IP6`; for UDP the
    /// line ends in `UDP, length 60`. Nil for a line that is no packet.
    package init?(line: some StringProtocol) {
        let words = Substring(line).split(separator: " ")
        guard words.count >= 6, words[1] == "IP" || words[1] == "IP6", words[3] == ">",
            let at = Self.nanoseconds(words[0])
        else { return nil }
        self.at = at
        let kind = words[5]
        let hasPorts = kind == "tcp" || kind == "UDP,"
        source = Self.host(words[2], withPort: hasPorts)
        target = Self.host(words[4].dropLast(), withPort: hasPorts)
        payload = hasPorts ? words.last.flatMap { Int($0) } ?? 0 : 0
    }

    private static func nanoseconds(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ".")
        guard parts.count == 2, parts[1].count == 9, let seconds = Int64(parts[0]), let rest = Int64(parts[1])
        else { return nil }
        return seconds * 1_000_000_000 + rest
    }

    /// tcpdump writes the port as one more dotted part, after IPv6 addresses too.
    private static func host(_ text: Substring, withPort: Bool) -> String {
        guard withPort, let dot = text.lastIndex(of: ".") else { return String(text) }
        return String(text[..<dot])
    }
}

/// What a capture on the tunnel saw.
package struct TunnelTraffic: Sendable, Equatable {
    package let packets: [TunnelPacket]
    /// Packets that the capture itself lost; any makes its counts worthless.
    package let dropped: Int

    package init(captured text: String) {
        let lines = text.split(separator: "\n")
        packets = lines.compactMap { TunnelPacket(line: $0) }
        dropped =
            lines.first { $0.hasSuffix("dropped by kernel") }
            .flatMap { $0.split(separator: " ").first }.flatMap { Int($0) } ?? 0
    }

    /// Payload bytes towards an address within `(after, through]`.
    package func payload(to address: String, after: Int64, through: Int64 = .max) -> Int {
        payloads(to: address).filter { $0.at > after && $0.at <= through }.reduce(0) { $0 + $1.payload }
    }

    /// When the last payload went towards an address.
    package func lastPayload(to address: String) -> Int64? { payloads(to: address).map(\.at).max() }

    /// The longest time without payload towards an address between two instants, the edges included.
    package func longestPause(to address: String, from: Int64, through: Int64) -> Duration {
        let instants = payloads(to: address).map(\.at).filter { $0 > from && $0 < through }.sorted()
        let edges = [from] + instants + [through]
        return .nanoseconds(zip(edges, edges.dropFirst()).map { $1 - $0 }.max() ?? 0)
    }

    private func payloads(to address: String) -> [TunnelPacket] {
        packets.filter { $0.target == address && $0.payload > 0 }
    }
}
