/// The bytes of one frame, and how far each of its reader's promises goes.
///
/// Every read is preceded, in the same function or its only caller, by a comparison of its end with
/// ``captured``, which never exceeds the buffer's count. Debug builds check each read again
/// (`UnsafeRawBufferPointer.loadUnaligned` has a debug precondition); a check in release builds costs a fifth of
/// the decoder's time. Nothing here outlives the call that was given the buffer.
@safe @usableFromInline
struct PacketBytes: BitwiseCopyable {
    @usableFromInline let buffer: UnsafeRawBufferPointer
    /// The offset at which readable bytes end.
    @usableFromInline var captured: Int
    /// The offset at which the packet ended on the wire; never less than ``captured``.
    @usableFromInline var wire: Int

    /// A wire length that says nothing: the framing does not tell how much it left out.
    @inlinable
    static var unknownWire: Int { .max / 2 }

    @inlinable
    init(_ buffer: UnsafeRawBufferPointer, wire: Int) {
        unsafe self.buffer = buffer
        captured = buffer.count
        self.wire = max(buffer.count, wire)
    }

    /// True when every byte before `end` can be read.
    @inlinable
    func holds(_ end: Int) -> Bool { end <= captured }

    /// Why a header that ends at `end` cannot be read.
    @inlinable
    func shortage(_ end: Int) -> DropReason { end <= wire ? .truncatedCapture : .tooShort }

    /// Ends the packet at `end`, which is not past the wire's.
    @inlinable
    mutating func close(at end: Int) {
        wire = end
        captured = min(captured, end)
    }

    @inlinable
    func byte(_ offset: Int) -> UInt8 {
        unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }

    /// The 16 bits at `offset`, which are in network order.
    @inlinable
    func short(_ offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The 32 bits at `offset`, which are in network order.
    @inlinable
    func word(_ offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The 64 bits at `offset`, which are in network order.
    @inlinable
    func long(_ offset: Int) -> UInt64 {
        unsafe UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
