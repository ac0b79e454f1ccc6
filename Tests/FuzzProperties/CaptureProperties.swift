import Capture
import PacketPath

/// What holds for the reader of capture files whatever the bytes are.
public enum CaptureProperties {
    /// Reads a file of these bytes; returns what does not hold.
    public static func violation(in input: [UInt8]) -> String? {
        let file = CaptureFile(input)
        let whole = Reading(file.makeReader(windowSize: input.count), input)
        if let violation = whole.violation { return violation }
        // The window moves and grows all the time.
        let small = Reading(file.makeReader(windowSize: 1), input)
        if small != whole { return "otherwise with a small window: \(small), not \(whole)" }
        let batches = Reading(batchesOf: file.makeReader(windowSize: 100), input)
        return batches == whole ? nil : "otherwise in batches: \(batches), not \(whole)"
    }

    private struct Reading: Equatable {
        private(set) var frames: [CaptureFrame] = []
        private(set) var error: CaptureError?
        private(set) var violation: String?

        init(_ reader: consuming CaptureReader, _ input: [UInt8]) {
            do throws(CaptureError) {
                while let frame = try reader.next() { take(frame, reader, input) }
            } catch {
                end(error, input)
            }
            if (try? reader.next()) != .some(nil) { violation = "goes on after its end" }
        }

        init(batchesOf reader: consuming CaptureReader, _ input: [UInt8]) {
            do throws(CaptureError) {
                while true {
                    let batch = unsafe try reader.nextBatch()
                    if batch.isEmpty { return }
                    for index in batch.indices { unsafe take(batch[index], reader, input) }
                }
            } catch {
                end(error, input)
            }
        }

        private mutating func take(
            _ frame: CaptureFrame, _ reader: borrowing CaptureReader, _ input: [UInt8]
        ) {
            let previous = frames.last.map { $0.offset + $0.capturedLength } ?? 0
            if frame.number != frames.count + 1 { violation = "frame \(frame.number) after \(frames.count)" }
            if frame.offset < previous { violation = "offset \(frame.offset) after \(previous)" }
            if frame.capturedLength > CaptureFile.maximumFrameLength { violation = "a frame too long" }
            if frame.originalLength < 0 { violation = "a negative length" }
            if frame.offset + frame.capturedLength > input.count { violation = "a frame outside the file" }
            if violation == nil, unsafe !isPart(reader.bytes(of: frame), of: input, frame) {
                violation = "not the file's bytes"
            }
            frames.append(frame)
            // Whatever it makes of them: it must not trap.
            _ = reader.decode(frame)
        }

        private func isPart(_ bytes: UnsafeRawBufferPointer, of input: [UInt8], _ frame: CaptureFrame) -> Bool
        {
            guard bytes.count == frame.capturedLength else { return false }
            return unsafe isLibpcaps(input)
                || bytes.elementsEqual(input[frame.offset..<frame.offset + frame.capturedLength])
        }

        /// libpcap turns some headers in front of packets to this machine's order: USB's, NFLOG's, those of CAN frames in
        /// cooked captures.
        private func isLibpcaps(_ input: [UInt8]) -> Bool {
            let isModified = input.starts(with: [0xa1, 0xb2, 0xcd]) || input[1..<4] == [0xcd, 0xb2, 0xa1]
            let isOfVersion4 = [[0, 2, 0, 4], [2, 0, 4, 0]].contains(Array(input[4..<8]))
            return !input.starts(with: [0x0a, 0x0d, 0x0d, 0x0a]) && (isModified || !isOfVersion4)
        }

        private mutating func end(_ error: CaptureError, _ input: [UInt8]) {
            self.error = error
            if error.offset < 0 || error.offset > input.count { violation = "an error outside the file" }
        }
    }
}
