/// Where live frames come from.
package enum LiveSource: Sendable, Hashable, CustomStringConvertible {
    /// A network interface of the calling thread's network namespace; `any` is all of them, with the framing of
    /// Linux cooked capture.
    ///
    /// Seeing a packet costs the CPU that forwards it: every packet seen left 0.6 to 0.8 of the forwarding rate.
    /// `sampling` N has the kernel pick one packet in N by chance, before it is copied; 0 and 1 are every packet.
    case interface(String, direction: Direction = .both, sampling: UInt32 = 1)
    /// What rules of the calling thread's network namespace log to the group of this number. A group has one reader.
    case nflog(group: UInt16)

    /// Which packets of an interface are seen.
    package enum Direction: String, Sendable, Hashable, CaseIterable {
        /// What the interface received: on a tunnel, what sessions send.
        case inbound
        /// What this machine sends or forwards by it.
        case outbound
        case both

        /// In the language of pcap-filter(7).
        var filter: String { self == .both ? "" : rawValue }
    }

    /// The name that libpcap knows it by.
    package var description: String {
        switch self {
        case .interface(let name, _, _): name
        case .nflog(let group): "nflog:\(group)"
        }
    }
}

/// How much is taken of each live frame, and how much is kept until it is read.
package struct LiveOptions: Sendable, Hashable {
    /// Bytes of a frame that are captured, of 1 to ``CaptureFile/maximumFrameLength``. 128 hold every header that the
    /// decoder reads but the longest chains of IPv6 extension headers.
    package var snapLength = 128
    /// Bytes of the kernel's ring, or of the socket's queue for NFLOG. What comes while it is full is dropped and
    /// counted.
    package var bufferSize = 8 << 20
    /// Milliseconds after which the kernel hands over frames although their part of the ring is not full.
    package var readTimeout = 100

    package init() {}
}
