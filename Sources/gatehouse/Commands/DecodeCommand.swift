import ArgumentParser
import Capture
import Foundation

/// `gatehouse decode CAPTURE`
struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the packet path reads in a capture file, a line a frame.",
        discussion: """
            Reads pcap and pcapng. Each line has, with tabs between: the frame's number, source, destination, \
            protocol, source port, destination port, fragment ('-', 'first' or 'later'), and why the frame is \
            dropped undecoded. What is not there is empty.

            Ends with 0 when the whole file was read, 1 when it is truncated or corrupt (after what could be read), \
            2 when it cannot be opened.
            """)

    @Argument(help: "The capture file.")
    var capture: String

    func run() throws {
        let file: CaptureFile
        do {
            file = try CaptureFile(path: capture)
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
        do {
            try printFrames(of: file)
        } catch let error as CaptureError {
            Terminal.complain("\(capture): \(error)")
            throw ExitCode(1)
        }
    }

    /// Prints in large pieces: a write for each line would cost more than all the decoding.
    private func printFrames(of file: CaptureFile) throws {
        let output = FileHandle.standardOutput
        var text: [UInt8] = []
        var reader = file.makeReader()
        defer { if !text.isEmpty { try? output.write(contentsOf: text) } }
        while let frame = try reader.next() {
            FrameLine.append(file.decode(frame), number: frame.number, to: &text)
            if text.count >= 1 << 18 {
                try output.write(contentsOf: text)
                text.removeAll(keepingCapacity: true)
            }
        }
    }
}
