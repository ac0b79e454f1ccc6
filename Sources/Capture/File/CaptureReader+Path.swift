package import PacketPath

extension CaptureReader {
    /// Hands over the frames that follow, as the packet path takes them. False at the end of the file.
    ///
    /// Their bytes stay where they are until more frames are asked for: the caller processes them before that.
    package mutating func nextPathFrames(
        interface: UInt32, way: PathFrame.Way, _ each: (CaptureFrame, PathFrame) -> Void
    ) throws(CaptureError) -> Bool {
        let batch = unsafe try nextBatch()
        for index in batch.indices {
            let frame = unsafe batch[index]
            // Bounds and lifetime: `bytes(of:)` gives what the window holds of a frame of the last batch.
            let path = unsafe PathFrame(
                bytes(of: frame), wireLength: frame.originalLength, interface: interface, way: way)
            each(frame, path)
        }
        return !batch.isEmpty
    }
}
