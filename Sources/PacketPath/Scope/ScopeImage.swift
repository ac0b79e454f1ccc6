/// What one scope permits, compiled for look-up: immutable, flat, of both families.
///
/// Cost of a look-up in a scope of n boxes: O(1) for an exact entry (one address, protocol and port), with at
/// most 16 slots of 8 bytes (IPv4) or 32 (IPv6) read, whatever the address; O(log n) for everything else, in
/// two binary searches. Memory: 16 to 128 bytes (IPv4) or 64 to 512 (IPv6) an exact entry, the more the larger
/// the scope, and in the order of 50 bytes an entry or range for the sorted tables. Boxes whose addresses lie
/// crosswise are cut where they cross: n of them can make 2n + 1 slabs of up to n services each. A
/// flow-space's boxes never do.
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
    @inlinable
    public func verdict(on packet: JudgedPacket) -> Verdict {
        unsafe Judge.verdict(on: packet, by: reader)
    }
}

/// A block that is only read once it is here, which is what makes it Sendable.
@usableFromInline
@unsafe struct ScopeStorage: @unchecked Sendable {
    @usableFromInline let block: UnsafeRawPointer

    init(_ block: UnsafeRawPointer) { unsafe self.block = block }
}
