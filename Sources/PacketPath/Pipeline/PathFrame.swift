/// One frame that a worker is to look at: where its bytes are, and where it was seen.
///
/// The bytes must stay where they are until ``PathWorker/process(_:tick:)`` has returned.
@safe
public struct PathFrame: BitwiseCopyable, @unchecked Sendable {
    // Unchecked: the bytes are read only, and only during a call that the owner of the bytes makes.

    /// Which end of a packet is the session.
    public enum Way: UInt8, BitwiseCopyable, Sendable, CaseIterable {
        /// The source: the frame came out of a tunnel, or left by another interface.
        case outward
        /// The destination: the frame goes into a tunnel.
        case toward
        /// Nobody knows: the source is tried first, then the destination.
        case either
    }

    @usableFromInline let bytes: UnsafeRawPointer
    @usableFromInline let captured: UInt32
    @usableFromInline let wire: UInt32
    /// The kernel's index of the session's tunnel interface; 0 for any of the worker's tunnels.
    public let interface: UInt32
    public let way: Way

    /// - Parameters:
    ///   - bytes: The captured bytes, from the link header on.
    ///   - wireLength: The frame's length before the capture cut it.
    ///   - interface: The index of the session's tunnel; 0 when it is not known.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer, wireLength: Int, interface: UInt32, way: Way) {
        // An empty buffer may have no address; any will do, since nothing is read from it.
        unsafe self.bytes = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        captured = UInt32(truncatingIfNeeded: min(bytes.count, Int(UInt32.max)))
        wire = UInt32(truncatingIfNeeded: min(max(wireLength, bytes.count), Int(UInt32.max)))
        self.interface = interface
        self.way = way
    }
}
