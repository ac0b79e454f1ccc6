/// What the rules make of a packet.
public enum Verdict: Hashable, Sendable {
    case permitted
    case denied(DenyReason)
    /// The kernel knows more than is in this packet. It is no reason for an alarm, either way.
    case cannotTell(Doubt)
}

/// Why a packet is refused. Numbers are kept in events and counters: they never change their meaning.
public enum DenyReason: UInt8, Sendable, CaseIterable {
    /// No session has the address, or its scope is gone: a spoofed source, or a session that has ended.
    case noScope = 1
    /// From one client to another.
    case betweenTunnels = 2
    /// IPv4 options: a source route moves the packet's end from where it is judged (RFC 791 section 3.1).
    case options = 3
    /// An IPv6 routing header, for the same reason (RFC 8200 section 4.4).
    case routingHeader = 4
    /// The IPv6 extension headers do not lead to a protocol, so nothing can be matched.
    case headers = 5
    /// The ports, or what stands in their place, are not there.
    case truncated = 6
    /// The scope does not hold this address, protocol and port.
    case destination = 7
    /// ICMP that is neither echo in the right direction nor an error, or of the other family.
    case icmpType = 8
    /// A TCP connection opened toward a session.
    case opening = 9
    /// TCP toward a session with neither ACK nor RST: it answers nothing.
    case noAnswer = 10
    /// A datagram toward a session that did not ask for it.
    case unsolicited = 11
    /// The packet inside an ICMP error is cut off before its ports.
    case quoteTruncated = 12
    /// The packet inside an ICMP error is of another version, or has IPv4 options.
    case quoteVersion = 13
    /// The packet inside an ICMP error is ICMP, but not the echo that could have gone that way.
    case quoteType = 14
    /// The scope does not permit the packet inside an ICMP error.
    case quoteDestination = 15
}

/// Why a packet alone does not say what the kernel does with it.
public enum Doubt: UInt8, Sendable, CaseIterable {
    /// A fragment without what decides. Connection tracking puts datagrams together before the rules see
    /// them, so the kernel judges the whole by the fields of its first fragment.
    case fragment = 1
    /// A datagram to a session from a destination of its scope: whether the session asked for it, connection
    /// tracking knows.
    case flow = 2
}
