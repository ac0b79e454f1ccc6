import Foundation
import Sessions

/// Reads a code, from standard input where nothing else is said; on a terminal without showing it.
enum CodePrompt {
    /// More than any code has: who pastes a file is not kept waiting.
    private static let limit = 64

    /// The first line, without the space around it. Nil for the end of input, and when whoever types gives up (^C, ^D).
    static func read(_ prompt: String, from input: Int32 = STDIN_FILENO) -> Secret? {
        guard let shown = TerminalMode.hiding(input) else { return line(input) }
        defer { shown.restore() }
        FileHandle.standardError.write(Data(prompt.utf8))
        defer { FileHandle.standardError.write(Data("\n".utf8)) }
        return line(input)
    }

    private static func line(_ input: Int32) -> Secret? {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var byte: UInt8 = 0
            let count = unsafe Glibc.read(input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return bytes.isEmpty ? nil : trimmed(bytes) }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return trimmed(bytes)
            // Nothing is edited or interrupted by the terminal itself while it is hidden.
            case 0x03, 0x04: return nil
            case 0x08, 0x7F: _ = bytes.popLast()
            default: bytes.append(byte)
            }
        }
        return trimmed(bytes)
    }

    private static func trimmed(_ bytes: [UInt8]) -> Secret {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return Secret(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}

/// How a terminal was, to be put back.
private struct TerminalMode {
    private let terminal: Int32
    private let saved: termios

    /// Switches echo off, and signals and editing with it: a signal would leave the terminal mute. Nil where it is no
    /// terminal.
    static func hiding(_ terminal: Int32) -> TerminalMode? {
        var saved = termios()
        guard isatty(terminal) == 1, unsafe tcgetattr(terminal, &saved) == 0 else { return nil }
        var hidden = saved
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else { return nil }
        return TerminalMode(terminal: terminal, saved: saved)
    }

    func restore() {
        var mode = saved
        _ = unsafe tcsetattr(terminal, TCSAFLUSH, &mode)
    }
}
