// MARK: Fragments, cut off packets, options

extension Judge {
    /// In the ruleset's order, and with what is plain at the end.
    @usableFromInline @inline(never)
    static func uncommon(_ packet: inout JudgedPacket, by scope: ScopeReader?) -> Verdict {
        if packet.facts.contains(.ofGateway), let verdict = ofGateway(&packet) { return verdict }
        guard let scope = unsafe scope else { return .denied(.noScope) }
        let uncommon =
            packet.way == .outward
            ? unsafe uncommonOutward(&packet, scope) : unsafe uncommonToward(&packet, scope)
        if let uncommon { return uncommon }
        if packet.ipProtocol == Number.icmp || packet.ipProtocol == Number.icmpv6 {
            return unsafe icmp(&packet, scope)
        }
        return unsafe plain(&packet, scope)
    }

    /// Nil when the packet is to be judged like any other.
    private static func uncommonOutward(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict? {
        // From a tunnel to the gateway's own addresses there is no outgoing tunnel.
        if packet.facts.contains(.betweenTunnels), !packet.facts.contains(.ofGateway) {
            return .denied(.betweenTunnels)
        }
        if lacksPortsOfWhole(&packet) { return unsafe fragment(&packet, scope) }
        if packet.facts.contains(.options), !packet.isIPv6 { return .denied(.options) }
        if packet.facts.contains(.routingHeader), packet.isIPv6 { return .denied(.routingHeader) }
        return incomplete(&packet)
    }

    /// Nil when the packet is to be judged like any other. The ruleset asks for options outward only.
    private static func uncommonToward(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict? {
        if lacksPortsOfWhole(&packet) { return unsafe fragment(&packet, scope) }
        if packet.facts.contains(.fragment), packet.facts.contains(.noKind), packet.ipProtocol == Number.tcp {
            return unsafe permits(&packet, scope) ? .cannotTell(.fragment) : .denied(.destination)
        }
        return incomplete(&packet)
    }

    private static func lacksPortsOfWhole(_ packet: inout JudgedPacket) -> Bool {
        packet.facts.isSuperset(of: [.fragment, .noPorts])
    }

    /// A packet whose fields no rule can read.
    private static func incomplete(_ packet: inout JudgedPacket) -> Verdict? {
        if packet.isIPv6, isExtensionHeader(packet.ipProtocol) { return .denied(.headers) }
        return packet.facts.contains(.noPorts) ? .denied(.truncated) : nil
    }

    /// A fragment without ports.
    private static func fragment(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict {
        let number = packet.ipProtocol
        let ownICMP = packet.isIPv6 ? Number.icmpv6 : Number.icmp
        // Type, flags and quotation are in the first fragment; so is what follows a fragment header.
        if number == ownICMP || packet.facts.contains(.ofGateway) { return .cannotTell(.fragment) }
        if packet.isIPv6, isExtensionHeader(number) { return .cannotTell(.fragment) }
        let far = packet.way == .outward ? packet.destination : packet.source
        switch unsafe scope.coverage(isIPv6: packet.isIPv6, far, number) {
        case .every: return wholeProtocol(&packet)
        case .some: return .cannotTell(.fragment)
        case .none: return .denied(.destination)
        }
    }

    /// Every port is permitted: what is still open is what the other fields say.
    private static func wholeProtocol(_ packet: inout JudgedPacket) -> Verdict {
        switch (packet.way, packet.ipProtocol) {
        case (.outward, _): return .permitted
        case (.toward, Number.tcp): return .cannotTell(.fragment)
        case (.toward, Number.udp): return flowVerdict(packet.flow)
        case (.toward, _): return .permitted
        }
    }

    /// The numbers that nftables reads on through (`ipv6_find_hdr` of Linux with `IP6_FH_F_AUTH`; RFC 8200
    /// section 4).
    private static func isExtensionHeader(_ number: UInt8) -> Bool {
        number == 0 || number == 43 || number == 44 || number == 60
    }
}

// MARK: ICMP

extension Judge {
    private enum Kind {
        case request, reply, error, other
    }

    /// An echo request outward, an echo reply toward, and errors by what they quote; redirects are no errors.
    private static func icmp(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict {
        switch (packet.way, kind(&packet)) {
        case (.outward, .request), (.toward, .reply):
            return unsafe permits(&packet, scope) ? .permitted : .denied(.destination)
        case (_, .error): return unsafe quotation(&packet, scope)
        case (.outward, .reply), (.toward, .request), (_, .other): return .denied(.icmpType)
        }
    }

    private static func kind(_ packet: inout JudgedPacket) -> Kind {
        let number = packet.isIPv6 ? Number.icmpv6 : Number.icmp
        guard packet.ipProtocol == number, !packet.facts.contains(.noKind) else { return .other }
        switch (packet.isIPv6, packet.icmpType) {
        case (false, 8), (true, 128): return .request
        case (false, 0), (true, 129): return .reply
        case (false, 3), (false, 11), (false, 12), (true, 1...4): return .error
        default: return .other
        }
    }

    /// An error passes when the packet that it quotes is one that the scope permits in the other direction:
    /// quoted outward is an answer, judged by its source; quoted toward is what the session sent, judged by
    /// its destination.
    private static func quotation(_ packet: inout JudgedPacket, _ scope: ScopeReader) -> Verdict {
        guard packet.facts.contains(.quotes) else {
            return packet.facts.contains(.fragment) ? .cannotTell(.fragment) : .denied(.quoteTruncated)
        }
        let quoted = packet.quoted
        let isVersion = packet.isIPv6 ? quoted.firstByte >> 4 == 6 : quoted.firstByte == 0x45
        guard isVersion else { return .denied(.quoteVersion) }
        if quoted.ipProtocol == (packet.isIPv6 ? Number.icmpv6 : Number.icmp) {
            let reply: UInt8 = packet.isIPv6 ? 129 : 0
            let request: UInt8 = packet.isIPv6 ? 128 : 8
            guard quoted.icmpType == (packet.way == .outward ? reply : request) else {
                return .denied(.quoteType)
            }
        }
        let (far, port) =
            packet.way == .outward
            ? (quoted.source, quoted.sourcePort) : (quoted.destination, quoted.destinationPort)
        let permits = unsafe scope.permits(
            isIPv6: packet.isIPv6, far, service(quoted.ipProtocol, port))
        return permits ? .permitted : .denied(.quoteDestination)
    }
}

// MARK: The gateway's own

extension Judge {
    /// What passes between the gateway itself and a tunnel without a scope; nil for what is judged like the
    /// rest.
    ///
    /// Neighbour discovery on the link, which no router has touched (RFC 4861 section 7.1), and toward a
    /// session the kernel's own resets and errors.
    private static func ofGateway(_ packet: inout JudgedPacket) -> Verdict? {
        guard !packet.facts.contains(.noKind) else { return nil }
        let isNeighbour =
            packet.isIPv6 && packet.ipProtocol == Number.icmpv6 && packet.hopLimit == 255
            && (packet.icmpType == 135 || packet.icmpType == 136)
        if isNeighbour { return .permitted }
        guard packet.way == .toward else { return nil }
        if packet.ipProtocol == Number.tcp { return packet.tcpFlags & TCPFlag.rst != 0 ? .permitted : nil }
        return kind(&packet) == .error ? .permitted : nil
    }
}
