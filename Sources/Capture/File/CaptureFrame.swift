package import PacketPath

/// One frame of a capture file: where its bytes are, and what the file says of it.
///
/// It holds no bytes; ``CaptureReader/bytes(of:)`` and ``CaptureReader/decode(_:)`` reach them.
package struct CaptureFrame: Sendable, Hashable, BitwiseCopyable {
    /// The frame's number: the first is 1, as tshark counts.
    package var number: Int
    /// Nanoseconds since the Unix epoch; zero where the format has none (a simple packet block).
    package var timestamp: UInt64
    package var link: LinkType
    /// Offset of the captured bytes in the file.
    package var offset: Int
    /// How many bytes were captured.
    package var capturedLength: Int
    /// How many bytes the frame had on the wire, as the file claims: it may even be less than were captured.
    package var originalLength: Int

    package init(
        number: Int, timestamp: UInt64, link: LinkType, offset: Int, capturedLength: Int, originalLength: Int
    ) {
        self.number = number
        self.timestamp = timestamp
        self.link = link
        self.offset = offset
        self.capturedLength = capturedLength
        self.originalLength = originalLength
    }
}
