extension DenyReason: CustomStringConvertible {
    /// The reason in words, as logs and reports have it.
    public var description: String {
        switch self {
        case .noScope: "no session has this address"
        case .betweenTunnels: "from one client to another"
        case .options: "it has IP options"
        case .routingHeader: "it has a routing header"
        case .headers: "its headers lead to no protocol"
        case .truncated: "its ports are not there"
        case .destination: "not in the session's scope"
        case .icmpType: "ICMP that is neither echo nor an error"
        case .opening: "a connection opened toward the session"
        case .noAnswer: "TCP that answers nothing"
        case .unsolicited: "not asked for"
        case .quoteTruncated, .quoteVersion, .quoteType, .quoteDestination:
            "an ICMP error about a packet that the session could not have had"
        }
    }
}
