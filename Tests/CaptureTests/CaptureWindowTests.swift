import Capture
import Foundation
import Glibc
import PacketSamples
import TestSupport
import Testing

/// Captures larger than what is in memory at a time, and captures that change while they are read.
@Suite struct CaptureWindowTests {
    private static let text = CaptureText()
    private static let big = CaptureText(bigEndian: true)
    private static let packet = Bytes.ipv4(17, Bytes.udp(5353, 53))

    /// What is read: each frame with a digest of its bytes, and the error.
    struct Reading: Equatable {
        var frames: [CaptureFrame] = []
        var digests: [Int] = []
        var error: CaptureError?

        init(_ reader: consuming CaptureReader, inBatches: Bool = false) {
            do {
                if inBatches { try takeBatches(&reader) } else { try takeAll(&reader) }
            } catch {
                self.error = error
            }
        }

        private mutating func takeAll(_ reader: inout CaptureReader) throws(CaptureError) {
            while let frame = try reader.next() { take(frame, reader) }
        }

        private mutating func takeBatches(_ reader: inout CaptureReader) throws(CaptureError) {
            while true {
                let frames = unsafe try reader.nextBatch()
                if frames.isEmpty { return }
                // All of a batch is there at once.
                for index in frames.indices.reversed() { unsafe take(frames[index], reader) }
                self.frames[(self.frames.count - frames.count)...].reverse()
                digests[(digests.count - frames.count)...].reverse()
            }
        }

        private mutating func take(_ frame: CaptureFrame, _ reader: borrowing CaptureReader) {
            let bytes = unsafe reader.bytes(of: frame)
            #expect(bytes.count == frame.capturedLength)
            frames.append(frame)
            var hasher = Hasher()
            unsafe hasher.combine(bytes: bytes)
            digests.append(hasher.finalize())
        }
    }

    /// Megabytes of frames, from none to the longest, in three formats.
    private static func large(_ format: String, _ random: inout Seeded) -> [UInt8] {
        var file: [UInt8] =
            switch format {
            case "pcap": text.pcapHeader(link: 101)
            case "modified": text.pcapHeader(magic: 0xa1b2_cd34, link: 101)
            default: text.sectionHeader() + text.interface(link: 101)
            }
        while file.count < 1 << 20 {
            let longest = [60, 1500, 1500, 9000, 9000, 9000, 9000, 262_144][
                Int.random(in: 0...7, using: &random)]
            let frame = [UInt8](
                repeating: UInt8.random(in: 0...255, using: &random),
                count: Int.random(in: longest / 2...longest, using: &random))
            switch format {
            case "pcap": file += text.record(frame)
            case "modified": file += text.modifiedRecord(frame)
            default:
                file += text.enhanced(frame)
                // A block that nobody knows, at times larger than the window, and a section that has a long comment
                // and whose length is a short one in the other order.
                if Int.random(in: 0...9, using: &random) == 0 {
                    file += text.block(0x0bad, frame + frame + frame)
                    file += big.sectionHeader(comment: 65_536 - 40) + big.interface(link: 101)
                    file += big.enhanced(frame)
                    file += text.sectionHeader() + text.interface(link: 101)
                }
            }
        }
        return file
    }

    @Test(arguments: ["pcap", "pcapng", "modified"])
    func everyWayToReadIsTheSame(_ format: String) throws {
        var random = Seeded(0x77696e)
        let whole = Self.large(format, &random)
        for cut in [0, 7] {
            let file = Array(whole.dropLast(cut))
            let expected = Reading(CaptureFile(file).makeReader())
            #expect(expected.frames.count > 20)
            #expect((expected.error != nil) == (cut != 0))
            #expect(Reading(CaptureFile(file).makeReader(), inBatches: true) == expected)
            try Self.withFile(file) { path in
                let reader = try CaptureFile(path: path).makeReader()
                #expect(Reading(reader) == expected)
                let other = try CaptureFile(path: path).makeReader()
                #expect(Reading(other, inBatches: true) == expected)
                try Self.withPipe(path) { pipe in
                    let reader = try CaptureFile(path: pipe).makeReader()
                    #expect(Reading(reader) == expected)
                }
            }
        }
    }

    struct Cut: Sendable, CustomStringConvertible {
        var description: String
        /// The length that the file is cut to.
        var length: Int
        /// Where the error is: the header that is not all there any more.
        var offset: Int
        var frames: Int
    }

    /// Records of 48 bytes after a header of 24: the 20,000th begins at 24 + 19,999 · 48.
    static let cuts = [
        Cut(
            description: "within a record", length: 24 + 19_999 * 48 + 20, offset: 24 + 19_999 * 48,
            frames: 19_999),
        Cut(
            description: "within a record's header", length: 24 + 19_999 * 48 + 3,
            offset: 24 + 19_999 * 48, frames: 19_999),
        Cut(
            description: "between two records", length: 24 + 19_999 * 48, offset: 24 + 19_999 * 48,
            frames: 19_999),
    ]

    @Test(arguments: cuts)
    func aFileThatIsCutWhileItIsRead(_ cut: Cut) throws {
        let records = [UInt8](repeatElement(Self.text.record(Self.packet), count: 30_000).joined())
        try Self.withFile(Self.text.pcapHeader(link: 101) + records) { path in
            var reader = try CaptureFile(path: path).makeReader()
            #expect(try reader.next()?.number == 1)
            #expect(unsafe truncate(path, cut.length) == 0)
            let rest = Reading(reader)
            #expect(rest.frames.count == cut.frames - 1)
            #expect(rest.error == CaptureError(offset: cut.offset, reason: .shrank(to: cut.length)))
        }
    }

    /// Cut to nothing: what had been read into memory by then is delivered.
    @Test func aFileThatIsEmptiedWhileItIsRead() throws {
        let records = [UInt8](repeatElement(Self.text.record(Self.packet), count: 30_000).joined())
        try Self.withFile(Self.text.pcapHeader(link: 101) + records) { path in
            var reader = try CaptureFile(path: path).makeReader()
            #expect(try reader.next()?.number == 1)
            #expect(unsafe truncate(path, 0) == 0)
            let rest = Reading(reader)
            #expect(!rest.frames.isEmpty)
            let place = 24 + (rest.frames.count + 1) * 48
            #expect(rest.error == CaptureError(offset: place, reason: .shrank(to: place)))
        }
    }

    @Test func whatIsAppendedIsNotSeen() throws {
        let records = Self.text.record(Self.packet) + Self.text.record(Self.packet)
        try Self.withFile(Self.text.pcapHeader(link: 101) + records) { path in
            var reader = try CaptureFile(path: path).makeReader()
            #expect(try reader.next()?.number == 1)
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: records)
            #expect(Reading(reader).frames.map(\.number) == [2])
        }
    }

    private static func withFile(_ contents: [UInt8], _ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID()).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(contents).write(to: file)
        try body(file.path)
    }

    /// A pipe by name that another process fills with the file.
    private static func withPipe(_ file: String, _ body: (String) throws -> Void) throws {
        let pipe = file + ".pipe"
        guard unsafe mkfifo(pipe, 0o600) == 0 else { throw SystemError(call: "mkfifo", number: errno) }
        defer { _ = unsafe unlink(pipe) }
        let writer = Process()
        writer.executableURL = URL(filePath: "/bin/sh")
        writer.arguments = ["-c", "exec cat \"$0\" > \"$1\"", file, pipe]
        try writer.run()
        // Whatever the body does, the writer ends: by having written all, or by SIGPIPE.
        defer { writer.waitUntilExit() }
        try body(pipe)
    }
}
