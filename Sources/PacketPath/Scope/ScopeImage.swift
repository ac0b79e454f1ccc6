/// What one scope permits, compiled for look-up: immutable, flat, of both families.
///
/// Cost of a look-up in a scope of n boxes: O(1) for an exact entry (one address, protocol and port), with at
/// most 16 slots of 8 bytes (IPv4) or 32 (IPv6) read, whatever the address. For everything else at most
/// log5(2n) + 2 nodes of four boundaries, however they lie, and up to four intervals of services at once; with
/// more at that address, log5 of them again. Nobody's choice of addresses makes it longer. Measured on one core
/// of a Zen 5 virtual machine, random addresses, a quarter of them permitted, in ns (before that: two binary
/// searches):
///
/// | boxes  | IPv4       | IPv6       |
/// | ------ | ---------- | ---------- |
/// | 3      | 3.5 (13.2) | 4.9 (14.2) |
/// | 16     | 5.0 (22)   | 7.0 (23)   |
/// | 1,000  | 8.8 (55)   | 12.5 (60)  |
/// | 10,000 | 16.9 (82)  | 28 (91)    |
///
/// Memory: 128 bytes; 16 to 128 bytes (IPv4) or 64 to 512 (IPv6) an exact entry, the more the larger the scope;
/// and for ranges that lie apart 18 bytes (IPv4) or 48 (IPv6) each, with up to 20 and 40 more when there are but
/// a few, and 32 for each list of services that is like no other. Where there are exact entries as well as
/// ranges, the latter are there twice. Boxes whose addresses lie crosswise are cut where they cross: n of them
/// can make 2n + 1 slabs of up to n services each. A flow-space's boxes never do.
///
/// Building allocates, O(n log n) when boxes do not cross. Nothing else does; any number of threads may read.
@safe
public final class ScopeImage: Sendable {
    /// Written before the initialiser returns and never after; freed with the object.
    @usableFromInline let storage: ScopeStorage
    /// Of all tables together.
    public let byteCount: Int

    /// Boxes may come in any order and may overlap. Addresses beyond a family's last are cut off.
    public init(_ boxes: [ScopeBox]) {
        let builder = ScopeImageBuilder(boxes)
        byteCount = builder.byteCount
        unsafe storage = ScopeStorage(builder.makeBlock())
    }

    deinit { unsafe storage.block.deallocate() }

    @inlinable
    var reader: ScopeReader { unsafe ScopeReader(storage.block) }

    /// Whether the scope holds this destination. `port` is the two bytes where a port would be, whatever the
    /// protocol.
    @inlinable
    public func permits(isIPv6: Bool, address: UInt128, ipProtocol: UInt8, port: UInt16) -> Bool {
        unsafe reader.permits(isIPv6: isIPv6, address, service(ipProtocol, port))
    }

    /// How many ports of a protocol at an address the scope holds. O(log n).
    @inlinable
    public func coverage(isIPv6: Bool, address: UInt128, ipProtocol: UInt8) -> ScopeCoverage {
        unsafe reader.coverage(isIPv6: isIPv6, address, ipProtocol)
    }

    /// The verdict on a packet of a session with this scope.
    @inlinable @inline(__always)
    public func verdict(on packet: JudgedPacket) -> Verdict {
        var copy = packet
        return verdict(on: &copy)
    }

    /// The same without a copy of the packet, which is read and not written to.
    @inlinable
    public func verdict(on packet: inout JudgedPacket) -> Verdict {
        unsafe Judge.verdict(on: &packet, by: reader)
    }
}

/// A block that is only read once it is here, which is what makes it Sendable.
@usableFromInline
@unsafe struct ScopeStorage: @unchecked Sendable {
    @usableFromInline let block: UnsafeRawPointer

    init(_ block: UnsafeRawPointer) { unsafe self.block = block }
}
