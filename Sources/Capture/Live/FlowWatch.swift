package import NetworkTypes
package import PacketPath

/// Packets of one source with one source port to one destination.
package struct SeenFlow: Hashable, Sendable {
    package let source: IPAddress
    /// 0 where the protocol has no ports.
    package let sourcePort: UInt16
    package let destination: Destination

    package init(source: IPAddress, sourcePort: UInt16, destination: Destination) {
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
    }

    /// Nil for what is no packet that the decoder reads to its end, and for a later fragment, which has no ports.
    package init?(_ packet: DecodedPacket) {
        let ipProtocol = IPProtocol(rawValue: packet.ipProtocol)
        guard packet.drop == nil, packet.fragment != .later, packet.hasPorts || !ipProtocol.hasPorts else {
            return nil
        }
        let address = { (high: UInt64, low: UInt64) in
            packet.family == 6
                ? IPAddress(ipv6: UInt128(high) << 64 | UInt128(low))
                : IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
        }
        self.init(
            source: address(packet.sourceHigh, packet.sourceLow),
            sourcePort: packet.hasPorts ? packet.sourcePort : 0,
            destination: Destination(
                address: address(packet.destinationHigh, packet.destinationLow), ipProtocol: ipProtocol,
                port: packet.hasPorts ? packet.destinationPort : 0))
    }
}

/// Flows by looking: which there are at an interface within a while.
///
/// For connections that no table has, such as TCP that is judged without memory. One in which nothing is sent meanwhile is
/// not seen.
package struct FlowWatch: Sendable {
    package private(set) var flows: Set<SeenFlow> = []
    /// That there were more than the limit.
    package private(set) var isCutShort = false

    /// Looks for so long, on the caller's thread, and at most at so many flows. Needs what ``LiveCapture`` needs.
    ///
    /// Cost: a look into a set for each packet, beside what capturing it costs.
    package init(at source: LiveSource, for duration: Duration, limit: Int) throws(LiveCaptureError) {
        var capture = try LiveCapture(source)
        let end = ContinuousClock.now + duration
        while true {
            let left = end - .now
            let milliseconds = left / .milliseconds(1)
            guard left > .zero, let batch = try unsafe capture.next(timeout: Int32(milliseconds) + 1) else {
                return
            }
            for index in 0..<batch.count {
                let frame = unsafe batch[index]
                let packet = unsafe PacketDecoder.decode(
                    frame.bytes, link: capture.link, wireLength: frame.wireLength)
                guard let flow = SeenFlow(packet), !flows.contains(flow) else { continue }
                isCutShort = flows.count >= limit
                if isCutShort { return }
                flows.insert(flow)
            }
        }
    }
}
