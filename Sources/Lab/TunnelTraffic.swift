import NetworkTypes

/// One line of `tcpdump -n -q -tt --time-stamp-precision=nano`: a packet with its payload.
package struct TunnelPacket: Sendable, Equatable {
    /// Nanoseconds since 1970.
    package let at: Int64
    package let source: String
    /// Nil where there are no ports.
    package let sourcePort: UInt16?
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
        sourcePort = hasPorts ? words[2].split(separator: ".").last.flatMap { UInt16($0) } : nil
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

    /// Payload bytes towards an address within `(after, through]`; from one port alone where one is named.
    package func payload(
        to address: String, from port: UInt16? = nil, after: Int64, through: Int64 = .max
    ) -> Int {
        payloads(address, port).filter { $0.at > after && $0.at <= through }.reduce(0) { $0 + $1.payload }
    }

    /// When the last payload went towards an address.
    package func lastPayload(to address: String, from port: UInt16? = nil) -> Int64? {
        payloads(address, port).map(\.at).max()
    }

    /// The longest time without payload towards an address between two instants, the edges included.
    package func longestPause(
        to address: String, from port: UInt16? = nil, after: Int64, through: Int64
    ) -> Duration {
        let instants = payloads(address, port).map(\.at).filter { $0 > after && $0 < through }.sorted()
        let edges = [after] + instants + [through]
        return .nanoseconds(zip(edges, edges.dropFirst()).map { $1 - $0 }.max() ?? 0)
    }

    /// One download around a cut.
    package struct Flow: Sendable, Hashable {
        /// Bytes in the second before, and ever after.
        package let before, after: Int
        /// Between the beginning and the cut.
        package let longestPause: Duration
    }

    package func flow(to address: String, from port: UInt16, began: Int64, cut: Int64) -> Flow {
        Flow(
            before: payload(to: address, from: port, after: cut - 1_000_000_000, through: cut),
            after: payload(to: address, from: port, after: cut),
            longestPause: longestPause(to: address, from: port, after: began, through: cut))
    }

    private func payloads(_ address: String, _ port: UInt16?) -> [TunnelPacket] {
        packets.filter { $0.target == address && $0.payload > 0 && (port == nil || $0.sourcePort == port) }
    }
}
