import ArgumentParser
import Capture
import Foundation

/// `gatehouse decode CAPTURE`
struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the packet path reads in a capture file, a line a frame.",
        discussion: """
            Reads pcap and pcapng, and what else libpcap can read. Each line has, with tabs between: the frame's number, source, destination, \
            protocol, source port, destination port, fragment ('-', 'first' or 'later'), and why the frame is \
            dropped undecoded. What is not there is empty.

            Ends with 0 when the whole file was read, 1 when it is truncated or corrupt (after what could be read), \
            2 when it cannot be opened.
            """)

    @Argument(help: "The capture file, or '-' for the standard input.")
    var capture: String

    func run() throws {
        let file: CaptureFile
        do {
            file = try CaptureFile(path: capture)
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
        if let failure = try printFrames(of: file) {
            Terminal.complain("\(capture): \(failure)")
            throw ExitCode(1)
        }
    }

    /// Prints in large pieces, since a write for each line would cost more than all the decoding.
    ///
    /// Returns why the file could not be read to its end; what stands before is printed by then.
    private func printFrames(of file: CaptureFile) throws -> CaptureError? {
        let output = FileHandle.standardOutput
        var text: [UInt8] = []
        var reader = file.makeReader()
        var failure: CaptureError?
        while let frame = Self.next(&reader, &failure) {
            FrameLine.append(reader.decode(frame), number: frame.number, to: &text)
            if text.count >= 1 << 18 {
                try output.write(contentsOf: text)
                text.removeAll(keepingCapacity: true)
            }
        }
        try output.write(contentsOf: text)
        return failure
    }

    private static func next(_ reader: inout CaptureReader, _ failure: inout CaptureError?) -> CaptureFrame? {
        do {
            return try reader.next()
        } catch {
            failure = error
            return nil
        }
    }
}
