/// What this gateway's tables say to each other in the packet mark.
///
/// The highest byte is the tag, the rest a scope's number. The main table puts it on every packet of a tunnel that it
/// passes; the guard passes nothing else. A bare small number, which other programs like to set, says nothing.
package enum PacketMark {
    /// `g`, in a byte that fwmark's usual users leave alone.
    package static let tag: UInt32 = 0x6700_0000
    package static let tagMask: UInt32 = 0xff00_0000
    /// On packets that the main table passes though no session has to do with them: what the gateway's own kernel says,
    /// and neighbour discovery.
    static let noSession = tag
}

extension ScopeNumber {
    /// What packets of sessions with this scope carry.
    package var mark: UInt32 { PacketMark.tag | rawValue }

    /// Nil for a mark that is none of ours, or stands for no scope.
    package init?(mark: UInt32) {
        guard mark & PacketMark.tagMask == PacketMark.tag else { return nil }
        self.init(rawValue: mark & ~PacketMark.tagMask)
    }
}
