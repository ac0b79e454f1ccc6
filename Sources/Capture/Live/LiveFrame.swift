/// One frame of a live source. Its bytes are valid until the capture is asked for the next frames.
///
/// `@unchecked`: the bytes are read only, and the capture that owns them has one user at a time.
@safe
package struct LiveFrame: BitwiseCopyable, @unchecked Sendable {
    private let start: UnsafeRawPointer
    private let captured: UInt32
    private let wire: UInt32
    /// Nanoseconds since the Unix epoch, by the kernel's clock (NFLOG: when libpcap read it, in microseconds).
    package let timestamp: UInt64

    init(start: UnsafeRawPointer, captured: UInt32, wire: UInt32, timestamp: UInt64) {
        unsafe self.start = start
        self.captured = captured
        self.wire = wire
        self.timestamp = timestamp
    }

    /// The captured bytes, from the link header on.
    package var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: start, count: Int(captured))
    }

    /// How many bytes the frame had before the capture cut it.
    package var wireLength: Int { Int(wire) }
}
