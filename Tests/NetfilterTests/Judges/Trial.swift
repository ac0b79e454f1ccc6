import NetworkTypes

/// One packet between a session's end of things and the far end, said as what it is meant to be. The judges see its
/// bytes (``TrialWriter``); what it means under the rules is told from these fields (``Meaning``).
struct Trial {
    enum Way: Int, CaseIterable { case outward, toward }

    /// IPv4 options, by what the kernel makes of them: what it would fill in on its way is left out.
    enum Options: CaseIterable { case none, noOperation, routerAlert, unknown, sourceRoute }

    /// IPv6 extension headers, in this order.
    enum Chain: CaseIterable {
        case none, hopByHop, destination, hopByHopAndDestination, routing, destinationAndRouting,
            authentication
        /// More than the packet path steps over.
        case nine
        /// The last header claims to be longer than the packet.
        case broken

        var hasRouting: Bool { self == .routing || self == .destinationAndRouting }
    }

    /// Where the whole is cut into fragments.
    struct Cuts {
        /// In bytes of what is cut, multiples of 8; 0 for none.
        var first = 0
        var second = 0
        /// Sent last piece first.
        var isReversed = false
        /// The piece that is never sent; -1 for none.
        var leftOut = -1
        /// IPv6 with a fragment header that says: first and last.
        var isAtomic = false
        /// IPv6: destination options are cut with the rest, so that the fragment header names them.
        var hasOptionsInside = false

        var count: Int { first == 0 ? 1 : second == 0 ? 2 : 3 }
        var isWhole: Bool { first == 0 }
    }

    /// The packet inside an ICMP error, as the error's reader finds it at fixed places.
    struct Quotation {
        var firstByte: UInt8 = 0
        var ipProtocol: UInt8 = 0
        var source: IPAddress
        var destination: IPAddress
        /// The source port; of ICMP type and code.
        var first: UInt16 = 0
        var second: UInt16 = 0
        /// Bytes of it that are there.
        var length = 0
    }

    var family: AddressFamily
    var way: Way
    /// 0 or 1: where an outward packet comes from, or where a packet toward `near` is routed.
    var tunnel: Int
    /// The address on the tunnel's side: source of an outward packet, destination of one toward a session.
    var near: IPAddress
    var far: IPAddress
    /// `far` is an address of the gateway itself.
    var isOfGateway = false
    /// `far` is routed into a tunnel.
    var isBetweenTunnels = false
    var ipProtocol: UInt8
    var nearPort: UInt16 = 0
    var farPort: UInt16 = 0
    var tcpFlags: UInt8 = 0
    var icmpType: UInt8 = 0
    var hopLimit: UInt8 = 64
    var quotation: Quotation?
    var options = Options.none
    var chain = Chain.none
    var cuts = Cuts()
    /// Bytes behind the IP header and its extension headers.
    var length = 0
    /// Named by the packet itself, and kept on its way: IPv4's identification, IPv6's flow label.
    var tag: UInt16 = 0
    /// Counts fragmented packets: IPv6's identification.
    var number: UInt32 = 0
}

extension Trial {
    /// The protocol that rules see: they do not look behind an authentication header.
    var judgedProtocol: UInt8 { chain == .authentication ? 51 : ipProtocol }
    /// Bytes of what rules see.
    var judgedLength: Int { chain == .authentication ? length + 24 : length }
    var ownICMP: UInt8 { family == .ipv4 ? 1 : 58 }
    var foreignICMP: UInt8 { family == .ipv4 ? 58 : 1 }
    /// A first fragment of IPv6 that has not all headers up to the transport's (RFC 8200 section 4.5): the kernel puts
    /// no such datagram together.
    var isCutInHeaders: Bool {
        guard family == .ipv6, !cuts.isWhole, chain != .broken else { return false }
        // "No next header" (59) has nothing to lack: `ipv6_skip_exthdr` ends there, and the kernel takes it as complete.
        if ipProtocol == 59 { return false }
        let needed = ipProtocol == 6 ? 20 : ipProtocol == 17 || ipProtocol == 58 ? 8 : 1
        return cuts.first - (cuts.hasOptionsInside ? 8 : 0) < needed
    }
    var isICMPError: Bool {
        judgedProtocol == ownICMP
            && (family == .ipv4
                ? icmpType == 3 || icmpType == 11 || icmpType == 12 : icmpType >= 1 && icmpType <= 4)
    }
    var source: IPAddress { way == .outward ? near : far }
    var destination: IPAddress { way == .outward ? far : near }
}

extension Trial: CustomStringConvertible {
    var description: String {
        let ends =
            way == .outward
            ? "\(near):\(nearPort) > \(far):\(farPort)" : "\(far):\(farPort) > \(near):\(nearPort)"
        var text = "\(way) tun\(tunnel) protocol \(ipProtocol) \(ends), \(length) bytes"
        if ipProtocol == 6 { text += ", flags \(String(tcpFlags, radix: 16))" }
        if ipProtocol == ownICMP { text += ", type \(icmpType)" }
        if isOfGateway { text += ", of the gateway" }
        if isBetweenTunnels { text += ", between tunnels" }
        if let quotation { text += ", quoting \(quotation)" }
        if options != .none { text += ", options \(options)" }
        if chain != .none { text += ", headers \(chain)" }
        if !cuts.isWhole || cuts.isAtomic { text += ", \(cuts)" }
        return text + ", hop limit \(hopLimit)"
    }
}
