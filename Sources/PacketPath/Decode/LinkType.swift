/// What stands in front of the IP packet in a frame.
///
/// The numbers are those of <https://www.tcpdump.org/linktypes.html>.
public enum LinkType: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// Ethernet II, with up to three VLAN tags.
    case ethernet
    /// A bare packet of either family, as on a tun interface.
    case raw
    /// A bare IPv4 packet.
    case ipv4
    /// A bare IPv6 packet.
    case ipv6
    /// Linux "cooked" capture: 16 bytes that end with an Ethernet type.
    case linuxCooked
    /// Linux "cooked" capture, version 2: 20 bytes that begin with an Ethernet type.
    case linuxCooked2
    /// An nfnetlink_log message whose attribute headers are little-endian.
    case nflogLittleEndian
    /// An nfnetlink_log message whose attribute headers are big-endian.
    case nflogBigEndian
    /// BSD loopback: four bytes of address family, in the order of the machine that captured.
    case null
    /// OpenBSD loopback: four bytes of address family, in network order.
    case loop
    /// Anything else; every frame is dropped for ``DropReason/unsupportedLinkType``.
    case unsupported

    /// The link type of a capture file's number.
    ///
    /// The order is the file's: NFLOG's attribute headers are written as the capturing machine has them, and so
    /// is the file.
    public init(number: UInt32, bigEndian: Bool) {
        switch number {
        case 0: self = .null
        case 1: self = .ethernet
        case 12, 101: self = .raw
        case 108: self = .loop
        case 113: self = .linuxCooked
        case 228: self = .ipv4
        case 229: self = .ipv6
        case 239: self = bigEndian ? .nflogBigEndian : .nflogLittleEndian
        case 276: self = .linuxCooked2
        default: self = .unsupported
        }
    }
}
