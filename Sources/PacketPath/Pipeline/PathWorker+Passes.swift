import CPacketPath

// Unchecked indices in this file: a frame's place is below `count`, which is at most `batch`, and a list has no
// more entries than frames were put into it. Pointers into the index and the scopes are valid until the reader is
// quiescent, which `process` says after the last batch.
extension PathWorker {
    mutating func processBatch(_ frames: UnsafePointer<PathFrame>, _ count: Int, _ tick: UInt64) {
        let (ipv4Count, ipv6Count) = unsafe decode(frames, count)
        unsafe lookUpIPv4(frames, ipv4Count)
        unsafe lookUpIPv6(frames, ipv6Count)
        // After the look-ups: who finds a session finds its scope, see `PathImage`.
        let scopes = unsafe reader.root.slots
        var sum = BatchCount()
        for index in 0..<ipv4Count {
            let place = unsafe Int(scratch.ipv4[index])
            let outcome = unsafe judgeIPv4(frames, place, scopes)
            unsafe finish(frames, place, outcome, tick, &sum)
        }
        for index in 0..<ipv6Count {
            let place = unsafe Int(scratch.ipv6[index])
            let outcome = unsafe judgeIPv6(frames, place, scopes)
            unsafe finish(frames, place, outcome, tick, &sum)
        }
        counters.add(sum, tick: tick)
    }

    /// Decodes all frames, and lists those that were decoded by family.
    @inline(__always)
    private mutating func decode(_ frames: UnsafePointer<PathFrame>, _ count: Int) -> (ipv4: Int, ipv6: Int) {
        var (ipv4, ipv6) = (0, 0)
        for index in 0..<count {
            let frame = unsafe frames[index]
            let bytes = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: Int(frame.captured))
            unsafe scratch.packets[index] = DecodedPacket()
            let drop = unsafe PacketDecoder.decodeLink(
                PacketBytes(bytes, wire: Int(frame.wire)), link, into: &scratch.packets[index])
            if let drop {
                unsafe scratch.packets[index].drop = drop
                unsafe scratch.sessions[index] = 0
                counters.countDrop(drop)
                continue
            }
            // Both lists are written and one of them grows: no branch on the family.
            let isIPv6 = unsafe scratch.packets[index].family == 6 ? 1 : 0
            unsafe scratch.ipv4[ipv4] = UInt32(truncatingIfNeeded: index)
            unsafe scratch.ipv6[ipv6] = UInt32(truncatingIfNeeded: index)
            ipv6 &+= isIPv6
            ipv4 &+= 1 &- isIPv6
        }
        return (ipv4, ipv6)
    }

    // MARK: Looking up

    @inline(__always)
    private mutating func lookUpIPv4(_ frames: UnsafePointer<PathFrame>, _ count: Int) {
        let lines = unsafe IPv4SessionKey.current(reader.sessions.roots).pointee
        let isLarge = lines.lineCount >= SessionReader.linesWorthPrefetching
        for index in 0..<count {
            let place = unsafe Int(scratch.ipv4[index])
            let hash = unsafe ipv4Key(frames, place).hash(lines.seed)
            if isLarge { unsafe packetpath_prefetch(lines.address(lines.homeLine(hash))) }
            unsafe scratch.hashes[index] = hash
        }
        for index in 0..<count {
            let place = unsafe Int(scratch.ipv4[index])
            let found = unsafe lines.find(ipv4Key(frames, place), hash: scratch.hashes[index])
            unsafe note(frames, place, found, isLarge)
        }
    }

    @inline(__always)
    private mutating func lookUpIPv6(_ frames: UnsafePointer<PathFrame>, _ count: Int) {
        let lines = unsafe IPv6SessionKey.current(reader.sessions.roots).pointee
        let isLarge = lines.lineCount >= SessionReader.linesWorthPrefetching
        for index in 0..<count {
            let place = unsafe Int(scratch.ipv6[index])
            let hash = unsafe ipv6Key(frames, place).hash(lines.seed)
            if isLarge { unsafe packetpath_prefetch(lines.address(lines.homeLine(hash))) }
            unsafe scratch.hashes[index] = hash
        }
        for index in 0..<count {
            let place = unsafe Int(scratch.ipv6[index])
            let found = unsafe lines.find(ipv6Key(frames, place), hash: scratch.hashes[index])
            unsafe note(frames, place, found, isLarge)
        }
    }

    /// The end that is, or may be, the session.
    @inline(__always)
    private func ipv4Key(_ frames: UnsafePointer<PathFrame>, _ place: Int) -> IPv4SessionKey {
        let packet = unsafe scratch.packets + place
        let address =
            unsafe frames[place].way == .toward ? packet.pointee.destinationLow : packet.pointee.sourceLow
        return unsafe IPv4SessionKey(
            interface: frames[place].interface, address: UInt32(truncatingIfNeeded: address))
    }

    @inline(__always)
    private func ipv6Key(_ frames: UnsafePointer<PathFrame>, _ place: Int) -> IPv6SessionKey {
        let packet = unsafe scratch.packets + place
        let isToward = unsafe frames[place].way == .toward
        return unsafe IPv6SessionKey(
            interface: frames[place].interface,
            high: isToward ? packet.pointee.destinationHigh : packet.pointee.sourceHigh,
            low: isToward ? packet.pointee.destinationLow : packet.pointee.sourceLow)
    }

    /// Notes what was found, and asks for the session's counters.
    @inline(__always)
    private mutating func note(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ found: UInt64, _ isLarge: Bool
    ) {
        unsafe scratch.ways[place] = frames[place].way == .toward ? .toward : .outward
        unsafe scratch.sessions[place] = found
        if found == 0 { return unsafe searchFurther(frames, place) }
        if isLarge {
            unsafe packetpath_prefetch(counters.counters.words + Int(SessionValue(word: found).slot) &* 8)
        }
    }

    // MARK: Judging

    /// The verdict of nearly every packet is one look into the scope; the rest go to `judgeUncommon`.
    @inline(__always)
    private func judgeIPv4(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ scopes: SlotStorage
    ) -> PathOutcome {
        let packet = unsafe scratch.packets + place
        let session = unsafe SessionValue(word: scratch.sessions[place])
        guard unsafe Self.isCommon(packet), session.word != 0, let scope = unsafe scopes.reader(session.scope)
        else { return unsafe judgeUncommon(frames, place, scopes) }
        guard unsafe scratch.ways[place] == .outward else {
            return unsafe judgeUncommon(frames, place, scopes)
        }
        let permits = unsafe scope.permitsIPv4(
            UInt32(truncatingIfNeeded: packet.pointee.destinationLow),
            service(packet.pointee.ipProtocol, packet.pointee.destinationPort))
        return permits ? .permitted : .denied(.destination)
    }

    @inline(__always)
    private func judgeIPv6(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ scopes: SlotStorage
    ) -> PathOutcome {
        let packet = unsafe scratch.packets + place
        let session = unsafe SessionValue(word: scratch.sessions[place])
        guard unsafe Self.isCommon(packet), session.word != 0, let scope = unsafe scopes.reader(session.scope)
        else { return unsafe judgeUncommon(frames, place, scopes) }
        guard unsafe scratch.ways[place] == .outward else {
            return unsafe judgeUncommon(frames, place, scopes)
        }
        let permits = unsafe scope.permitsIPv6(
            packet.pointee.destinationBits,
            service(packet.pointee.ipProtocol, packet.pointee.destinationPort))
        return permits ? .permitted : .denied(.destination)
    }

    /// TCP or UDP, whole, without what moves its end. That it has its ports is the decoder's word: it was not dropped.
    @inline(__always)
    private static func isCommon(_ packet: UnsafePointer<DecodedPacket>) -> Bool {
        let hasPorts = unsafe packet.pointee.ipProtocol == 6 || packet.pointee.ipProtocol == 17
        return unsafe hasPorts && packet.pointee.fragment == .none && packet.pointee.traits.isEmpty
    }

    // MARK: Counting

    @inline(__always)
    private mutating func finish(
        _ frames: UnsafePointer<PathFrame>, _ place: Int, _ outcome: PathOutcome, _ tick: UInt64,
        _ sum: inout BatchCount
    ) {
        let packet = unsafe scratch.packets + place
        let session = unsafe SessionValue(word: scratch.sessions[place])
        let way = unsafe scratch.ways[place]
        let octets = unsafe Int(packet.pointee.length)
        unsafe scratch.outcomes[place] = outcome
        let reason = outcome.reason
        sum.add(way, octets, isDenied: reason != 0)
        if self.place != .inside {
            counters.countSession(
                slot: Int(session.slot), generation: session.generation, way: way, octets: octets, tick: tick,
                reason: reason, isUse: outcome.isUse)
        }
        sum.isUsed = sum.isUsed || outcome.isUse
        if reason != 0 { unsafe report(frames, place, reason, tick) }
    }
}
