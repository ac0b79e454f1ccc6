/// Where and why a capture file stopped making sense. What stands before the place was read and holds.
package struct CaptureError: Error, Sendable, Hashable {
    /// Offset in the file of what could not be accepted: a header, a record, or the field at fault.
    package let offset: Int
    package let reason: Reason

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    package enum Reason: Sendable, Hashable {
        /// The file ends where this much more was announced or needed.
        case endsInside(String)
        /// The first bytes are those of no format that this reader or libpcap knows.
        case notACapture
        case unsupportedVersion(major: UInt16, minor: UInt16)
        /// A captured length over ``CaptureFile/maximumFrameLength``.
        case frameTooLong(UInt32)
        /// A pcapng block length that is no multiple of four, or less than the block's fixed part.
        case badBlockLength(UInt32)
        /// The length after a pcapng block is not the one before it.
        case blockLengthsDiffer(UInt32, UInt32)
        /// A pcapng block over ``CaptureFile/maximumBlockLength``.
        case blockTooLong(UInt32)
        /// A captured length or an option that leaves its pcapng block.
        case leavesBlock(String)
        /// A pcapng packet of an interface that its section does not describe.
        case unknownInterface(UInt32)
        /// A pcapng section header whose byte-order magic is neither order's.
        case badByteOrder
        /// The file was longer when it was opened; now it ends here.
        case shrank(to: Int)
        /// The system's error.
        case unreadable(errno: Int32)
        /// Of a file that libpcap reads, in its words.
        case libpcap(String)
    }
}

extension CaptureError: CustomStringConvertible {
    package var description: String { "byte offset \(offset): \(reason)" }
}

extension CaptureError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .endsInside(let what): "file ends inside \(what)"
        case .notACapture: "no capture file: its first bytes are of no known format"
        case .unsupportedVersion(let major, let minor): "format version \(major).\(minor) is not supported"
        case .frameTooLong(let length):
            "captured length \(length) is more than \(CaptureFile.maximumFrameLength)"
        case .badBlockLength(let length): "block length \(length) is impossible"
        case .blockTooLong(let length):
            "block length \(length) is more than \(CaptureFile.maximumBlockLength)"
        case .blockLengthsDiffer(let before, let after):
            "block length \(before) is repeated as \(after)"
        case .leavesBlock(let what): "\(what) leaves its block"
        case .unknownInterface(let number): "interface \(number) is not described"
        case .badByteOrder: "section header of unknown byte order"
        case .shrank(let length): "the file was cut to \(length) bytes while it was read"
        case .unreadable(let number): systemMessage(number)
        case .libpcap(let message): message
        }
    }
}
