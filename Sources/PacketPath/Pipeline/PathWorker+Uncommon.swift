// What few packets need: out of the way of the rest.
extension PathWorker {
    /// A session was not found where the frame says: perhaps it is the other end's, or of another tunnel.
    @inline(never)
    mutating func searchFurther(_ frames: UnsafePointer<PathFrame>, _ place: Int) {
        let frame = unsafe frames[place]
        guard frame.way == .either || frame.interface == 0 else { return }
        if frame.way != .toward, search(place, frame.interface, .outward) { return }
        if frame.way != .outward, search(place, frame.interface, .toward) { return }
    }

    /// Whether the packet is of a session of this tunnel, or, for interface 0, of any of the worker's.
    private mutating func search(_ place: Int, _ interface: UInt32, _ way: JudgedPacket.Way) -> Bool {
        if interface != 0 { return searchOne(place, interface, way) }
        for index in 0..<tunnels.count {
            if searchOne(place, tunnels[index], way) { return true }
        }
        return false
    }

    private mutating func searchOne(_ place: Int, _ interface: UInt32, _ way: JudgedPacket.Way) -> Bool {
        let packet = unsafe scratch.packets[place]
        let (high, low) =
            way == .outward
            ? (packet.sourceHigh, packet.sourceLow) : (packet.destinationHigh, packet.destinationLow)
        let found =
            packet.family == 6
            ? reader.sessions.find(IPv6SessionKey(interface: interface, high: high, low: low))
            : reader.sessions.find(
                IPv4SessionKey(interface: interface, address: UInt32(truncatingIfNeeded: low)))
        guard found != 0 else { return false }
        unsafe scratch.sessions[place] = found
        unsafe scratch.ways[place] = way
        return true
    }

    /// Everything that is not a plain packet from a known session.
    @inline(never)
    mutating func judgeUncommon(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ scopes: SlotStorage
    ) -> PathOutcome {
        let way = unsafe scratch.ways[place]
        let session = unsafe SessionValue(word: scratch.sessions[place])
        // From the gateway or another host inside, or toward nobody's session: not ours to judge.
        if session.word == 0, self.place == .inside || way == .toward && self.place == .tunnel {
            return .passed
        }
        let frame = unsafe frames[place]
        let bytes = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: Int(frame.captured))
        let packet = unsafe JudgedPacket(scratch.packets[place], in: bytes, way: way)
        let outcome = unsafe PathOutcome(Judge.verdict(on: packet, by: scopes.reader(session.scope)))
        return way == .toward && self.place != .recording && outcome.reason != 0 ? .passed : outcome
    }

    /// Counts a packet that was not simply permitted, and reports it when it was refused.
    @inline(never)
    mutating func finishUncommon(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ outcome: PathOutcome, _ tick: UInt64
    ) {
        let session = unsafe SessionValue(word: scratch.sessions[place])
        let reason = outcome.reason
        if self.place != .inside {
            unsafe counters.countSession(
                slot: Int(session.slot), generation: session.generation, way: scratch.ways[place],
                octets: Int(scratch.packets[place].length), tick: tick, reason: reason, isUse: outcome.isUse)
        }
        if reason != 0 { unsafe report(frames, place, reason, tick) }
    }

    /// A refusal becomes an event, and perhaps a scan.
    private mutating func report(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ reason: UInt8, _ tick: UInt64
    ) {
        counters.countReason(reason)
        guard let reason = DenyReason(rawValue: reason) else { return }
        let packet = unsafe scratch.packets[place]
        let session = unsafe SessionValue(word: scratch.sessions[place])
        if session.word == 0 { return reportSpoofed(packet, unsafe frames[place].interface, reason, tick) }
        if self.place == .inside {
            events.append(
                PathEvent(kind: .disagreement, reason: reason, packet: packet, session: session, tick: tick))
            return
        }
        // What others send toward a session says nothing of the session.
        let isRepeated =
            unsafe scratch.ways[place] == .outward && watch(packet, session, reason, tick) == .repeated
        if isRepeated { return }
        events.append(
            PathEvent(kind: .refused, reason: reason, packet: packet, session: session, tick: tick))
    }

    /// Counts the destinations that a session was refused. The same again within a window is told once.
    private mutating func watch(
        _ packet: DecodedPacket, _ session: SessionValue, _ reason: DenyReason, _ tick: UInt64
    ) -> ScanDetector.Finding {
        let slot = Int(session.slot)
        if !isInside(packet) {
            let finding = elsewhere.refused(
                slot: slot, generation: session.generation, destination: packet.destinationBits,
                ipProtocol: packet.ipProtocol, port: packet.destinationPort, tick: tick)
            return finding == .repeated ? .repeated : .nothing
        }
        let finding = scans.refused(
            slot: slot, generation: session.generation, destination: packet.destinationBits,
            ipProtocol: packet.ipProtocol, port: packet.destinationPort, tick: tick)
        if case .scan(let count) = finding {
            let isTold = events.append(
                PathEvent(
                    kind: .scan, reason: reason, packet: packet, session: session, tick: tick,
                    detail: UInt64(count)))
            if !isTold { scans.untell(slot: slot) }
        }
        return finding
    }

    /// Whether the packet goes to the organisation's networks; true when nobody said which those are.
    private func isInside(_ packet: DecodedPacket) -> Bool {
        guard let inside = unsafe reader.root.slots.reader(SessionValue.inside) else { return true }
        // The networks are there with all protocols and ports.
        return unsafe inside.permits(
            isIPv6: packet.family == 6, packet.destinationBits, service(packet.ipProtocol, 0))
    }

    private mutating func reportSpoofed(
        _ packet: DecodedPacket, _ interface: UInt32, _ reason: DenyReason, _ tick: UInt64
    ) {
        var event = PathEvent(
            kind: .spoofed, reason: reason, packet: packet, session: SessionValue(word: 0), tick: tick)
        event.detail = UInt64(interface)
        events.append(event)
    }
}
