import ArgumentParser
import Capture
import Foundation
import PacketPath
import PolicyLanguage
import Replay

/// A capture and its sessions, as commands that judge recorded traffic read them. What cannot be read is said, and ends
/// with 2.
enum RecordedTraffic {
    static func sessions(_ path: String, under policy: Policy) throws -> [RecordedSession] {
        guard let data = FileManager.default.contents(atPath: path) else {
            Terminal.complain("\(path): cannot be read")
            throw ExitCode(2)
        }
        let (file, unreadable) = PackFile.decode(path: path, bytes: Array(data))
        let (found, diagnostics) =
            file.map { PolicyCompiler.recordedSessions($0, in: policy) } ?? (nil, unreadable)
        guard let found else {
            print(DiagnosticRenderer.text(diagnostics))
            throw ExitCode(2)
        }
        if !diagnostics.isEmpty { Terminal.complain(DiagnosticRenderer.text(diagnostics)) }
        return found
    }

    static func open(_ path: String) throws -> CaptureFile {
        do {
            return try CaptureFile(path: path)
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }

    /// Hands on every frame, a batch at a time. Returns why the file could not be read to its end; what stands before is
    /// handed on by then.
    static func read(
        _ file: CaptureFile, _ body: ([RecordedFrame]) throws -> Void
    ) throws -> CaptureError? {
        var progress = Progress(of: file.length)
        defer { progress.clear() }
        var reader = file.makeReader()
        var frames: [RecordedFrame] = []
        frames.reserveCapacity(CaptureReader.batch)
        var last = 0
        var failure: CaptureError?
        repeat {
            try body(frames)
            progress.tell(last, by: frames.count)
            frames.removeAll(keepingCapacity: true)
        } while reader.next(&frames, last: &last, failure: &failure)
        return failure
    }
}

/// How much of a long file is done, on standard error, where somebody looks.
private struct Progress {
    /// Frames between two looks at the clock.
    private static let interval = 1 << 16

    /// In bytes; nil for a pipe.
    private let total: Int?
    private let isShown = isatty(STDERR_FILENO) == 1
    private var frames = 0
    private var told = ContinuousClock.now
    private var isDirty = false

    init(of total: Int?) { self.total = total }

    /// - Parameters:
    ///   - offset: Of the last frame.
    ///   - more: Frames since the last call.
    mutating func tell(_ offset: Int, by more: Int) {
        let before = frames
        frames += more
        guard isShown, before / Self.interval != frames / Self.interval else { return }
        let now = ContinuousClock.now
        guard now - told >= .milliseconds(200) else { return }
        told = now
        isDirty = true
        let part = total.map { "\(min(100, offset / max(1, $0 / 100))) % of \($0 >> 20) MiB, " } ?? ""
        FileHandle.standardError.write(Data("\r\(part)\(frames) frames".utf8))
    }

    /// Takes the line away again: it has no place in what people keep.
    func clear() {
        if isDirty { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

extension CaptureReader {
    /// Appends the frames that follow, and says where the last one is; false at the end of the file, or of what can be
    /// read of it, and then `failure` says why.
    fileprivate mutating func next(
        _ frames: inout [RecordedFrame], last: inout Int, failure: inout CaptureError?
    ) -> Bool {
        do {
            return try nextPathFrames(interface: Replayer.interface, way: .either) { frame, path in
                frames.append(RecordedFrame(path, link: frame.link, timestamp: frame.timestamp))
                last = frame.offset
            }
        } catch {
            failure = error
            return false
        }
    }
}
