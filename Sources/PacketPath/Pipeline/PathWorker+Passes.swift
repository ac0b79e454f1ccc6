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
        let scratch = self.scratch
        var sum = BatchCount(packets: ipv4Count &+ ipv6Count)
        // The judging functions are static, and the uncommon one is mutating: called on a borrowed worker the compiler
        // copies the whole worker for every packet.
        for index in 0..<ipv4Count {
            let place = unsafe Int(scratch.ipv4[index])
            let packet = unsafe UnsafePointer(scratch.packets + place)
            let outcome: PathOutcome
            // The verdict on nearly every packet is one look into the scope.
            if let scope = unsafe Self.commonScope(scratch, packet, place, scopes) {
                outcome = unsafe Self.isPermittedIPv4(packet, scope) ? .permitted : .denied(.destination)
            } else {
                outcome = unsafe judgeUncommon(frames, place, scopes)
            }
            unsafe finish(scratch, frames, place, outcome, tick, &sum)
        }
        for index in 0..<ipv6Count {
            let place = unsafe Int(scratch.ipv6[index])
            let packet = unsafe UnsafePointer(scratch.packets + place)
            let outcome: PathOutcome
            if let scope = unsafe Self.commonScope(scratch, packet, place, scopes) {
                outcome = unsafe Self.isPermittedIPv6(packet, scope) ? .permitted : .denied(.destination)
            } else {
                outcome = unsafe judgeUncommon(frames, place, scopes)
            }
            unsafe finish(scratch, frames, place, outcome, tick, &sum)
        }
        counters.add(sum, tick: tick)
    }

    /// Decodes all frames, and lists those that were decoded by family.
    @inline(__always)
    private mutating func decode(_ frames: UnsafePointer<PathFrame>, _ count: Int) -> (ipv4: Int, ipv6: Int) {
        let (scratch, link) = (self.scratch, self.link)
        var (ipv4, ipv6) = (0, 0)
        for index in 0..<count {
            let frame = unsafe frames[index]
            let bytes = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: Int(frame.captured))
            unsafe scratch.packets[index] = DecodedPacket()
            let drop = unsafe PacketDecoder.decodeFrame(
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
        let scratch = self.scratch
        let lines = unsafe reader.sessions.roots.pointee.current(.ipv4).pointee
        unsafe lookUp(frames, scratch.ipv4, count, lines) { place in
            let packet = unsafe scratch.packets + place
            let isToward = unsafe frames[place].way == .toward
            let address = unsafe isToward ? packet.pointee.destinationLow : packet.pointee.sourceLow
            return unsafe IPv4SessionKey(
                interface: frames[place].interface, address: UInt32(truncatingIfNeeded: address)
            ).indexKey
        }
    }

    @inline(__always)
    private mutating func lookUpIPv6(_ frames: UnsafePointer<PathFrame>, _ count: Int) {
        let scratch = self.scratch
        let lines = unsafe reader.sessions.roots.pointee.current(.ipv6).pointee
        let secret = reader.sessions.secret
        unsafe lookUp(frames, scratch.ipv6, count, lines) { place in
            let packet = unsafe scratch.packets + place
            let isToward = unsafe frames[place].way == .toward
            return unsafe IPv6SessionKey(
                interface: frames[place].interface,
                high: isToward ? packet.pointee.destinationHigh : packet.pointee.sourceHigh,
                low: isToward ? packet.pointee.destinationLow : packet.pointee.sourceLow
            ).indexKey(secret)
        }
    }

    /// Looks up the end that is, or may be, the session: `key` makes its key of a frame's place.
    @inline(__always)
    private mutating func lookUp(
        _ frames: UnsafePointer<PathFrame>, _ list: UnsafeMutablePointer<UInt32>, _ count: Int,
        _ lines: Lines, key: (Int) -> IndexKey
    ) {
        let scratch = self.scratch
        let isLarge = lines.lineCount >= SessionReader.linesWorthPrefetching
        for index in 0..<count {
            let key = unsafe key(Int(list[index]))
            let hash = key.hash(lines.seed)
            unsafe scratch.keys[index] = key
            if isLarge { lines.prefetchHomePair(hash) }
            unsafe scratch.hashes[index] = hash
        }
        for index in 0..<count {
            let found = unsafe lines.find(scratch.keys[index], hash: scratch.hashes[index])
            unsafe note(scratch, frames, Int(list[index]), found, isLarge)
        }
    }

    /// Notes what was found, and asks for the session's counters.
    @inline(__always)
    private mutating func note(
        _ scratch: Scratch, _ frames: UnsafePointer<PathFrame>, _ place: Int, _ found: UInt64, _ isLarge: Bool
    ) {
        unsafe scratch.ways[place] = frames[place].way == .toward ? .toward : .outward
        unsafe scratch.sessions[place] = found
        if found == 0 { return unsafe searchFurther(frames, place) }
        if isLarge {
            unsafe packetpath_prefetch(counters.counters.words + Int(SessionValue(word: found).slot) &* 8)
        }
    }

    // MARK: Judging

    @inline(__always)
    private static func isPermittedIPv4(_ packet: UnsafePointer<DecodedPacket>, _ scope: ScopeReader) -> Bool
    {
        unsafe scope.permitsIPv4(
            UInt32(truncatingIfNeeded: packet.pointee.destinationLow),
            service(packet.pointee.ipProtocol, packet.pointee.destinationPort))
    }

    @inline(__always)
    private static func isPermittedIPv6(_ packet: UnsafePointer<DecodedPacket>, _ scope: ScopeReader) -> Bool
    {
        unsafe scope.permitsIPv6(
            packet.pointee.destinationBits, service(packet.pointee.ipProtocol, packet.pointee.destinationPort)
        )
    }

    /// The scope of a plain packet from a known session; nil for what is to be judged otherwise.
    @inline(__always)
    private static func commonScope(
        _ scratch: Scratch, _ packet: UnsafePointer<DecodedPacket>, _ place: Int, _ scopes: SlotStorage
    ) -> ScopeReader? {
        let session = unsafe SessionValue(word: scratch.sessions[place])
        guard unsafe isCommon(packet) && scratch.ways[place] == .outward, session.word != 0 else {
            return nil
        }
        return unsafe scopes.reader(session.scope)
    }

    /// TCP or UDP, whole, without what moves its end. That it has its ports is the decoder's word: it was not dropped.
    @inline(__always)
    private static func isCommon(_ packet: UnsafePointer<DecodedPacket>) -> Bool {
        let hasPorts = unsafe packet.pointee.ipProtocol == 6 || packet.pointee.ipProtocol == 17
        return unsafe hasPorts && packet.pointee.fragment == .none && packet.pointee.traits.isEmpty
    }

    // MARK: Counting

    /// Counts a packet, and reports a refusal. Nearly every packet is permitted, and counted here; the rest goes out
    /// of the way, or the loop around it would have no registers left.
    @inline(__always)
    private mutating func finish(
        _ scratch: Scratch, _ frames: UnsafePointer<PathFrame>, _ place: Int, _ outcome: PathOutcome,
        _ tick: UInt64, _ sum: inout BatchCount
    ) {
        let session = unsafe SessionValue(word: scratch.sessions[place])
        let way = unsafe scratch.ways[place]
        let octets = unsafe Int(scratch.packets[place].length)
        unsafe scratch.outcomes[place] = outcome
        sum.add(way, octets)
        if outcome == .permitted {
            if self.place == .inside { return }
            counters.countSession(
                slot: Int(session.slot), generation: session.generation, way: way, octets: octets, tick: tick,
                reason: 0, isUse: true)
        } else {
            sum.add(isDenied: outcome.reason != 0, isUse: outcome.isUse)
            unsafe finishUncommon(frames, place, outcome, tick)
        }
    }
}
