/// One pass over a capture file, for the benchmark package: it sees nothing else of this module.
public struct CapturePass: Sendable {
    /// Frames that the file holds.
    public private(set) var frames = 0
    /// Bytes that they had on the wire, as the file claims.
    public private(set) var octets = 0

    /// Opens, reads and closes the file at `path`, as `replay` does, with nothing done to the frames but what shows
    /// that each was there: one byte of it is looked at.
    ///
    /// - Throws: what ``CaptureFile`` and ``CaptureReader`` throw.
    public init(path: String) throws {
        let file = try CaptureFile(path: path)
        var reader = file.makeReader()
        while true {
            let batch = unsafe try reader.nextBatch()
            if batch.isEmpty { break }
            frames += batch.count
            for index in 0..<batch.count {
                let frame = unsafe batch[index]
                octets += frame.originalLength
                firstBytes &+= unsafe Int(reader.bytes(of: frame).first ?? 0)
            }
        }
    }

    /// The sum of the frames' first bytes: what keeps the compiler from leaving out the look.
    public private(set) var firstBytes = 0
}
