/// Why a frame was not decoded to its end.
///
/// Data, not text: a reason labels a counter, and a report prints its ``description``. A frame with a reason is
/// refused, whatever was read of it before.
public enum DropReason: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// The frame, or the packet by its own length field, ends inside a header.
    case tooShort
    /// The header was on the wire, but the capture did not keep it (its snapshot length is too small).
    case truncatedCapture
    /// The capture's link type is none of ``LinkType``'s.
    case unsupportedLinkType
    /// The framing in front of the packet contradicts itself: an NFLOG attribute longer than the message, or
    /// none with a packet.
    case badLinkHeader
    /// More than three VLAN tags.
    case tooManyTags
    /// Another protocol than IPv4 and IPv6: ARP, LLC, MPLS, PPPoE.
    case notIP
    /// The version field is neither 4 nor 6, or not the one that the framing announced.
    case badVersion
    /// An IPv4 header length under 20 bytes (RFC 791 section 3.1).
    case badHeaderLength
    /// A total or payload length that is less than the header or more than the frame. An IPv6 jumbogram, and an
    /// IPv4 length of zero as segmentation offload leaves it, are among them.
    case badTotalLength
    /// More IPv6 extension headers than ``PacketDecoder/maximumExtensionHeaders``.
    case tooManyExtensionHeaders
    /// A first fragment that ends before the ports and flags that rules look at, or a TCP fragment that would
    /// overwrite the flags: both carry a forbidden connection past a filter (RFC 1858, RFC 7112).
    case shortFirstFragment
}

extension DropReason: CustomStringConvertible {
    /// The reason as a label: lower case, words joined by hyphens.
    public var description: String {
        switch self {
        case .tooShort: "too-short"
        case .truncatedCapture: "truncated-capture"
        case .unsupportedLinkType: "unsupported-link-type"
        case .badLinkHeader: "bad-link-header"
        case .tooManyTags: "too-many-tags"
        case .notIP: "not-ip"
        case .badVersion: "bad-version"
        case .badHeaderLength: "bad-header-length"
        case .badTotalLength: "bad-total-length"
        case .tooManyExtensionHeaders: "too-many-extension-headers"
        case .shortFirstFragment: "short-first-fragment"
        }
    }
}
