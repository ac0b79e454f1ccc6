/// One line of the management interface, or the reason why there is none.
package struct ManagementLine: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// Without its line end.
        case text(String)
        /// The line was there but cannot be used; the text says why and quotes nothing of it.
        case unreadable(String)
    }

    /// Counted from 1 since the connection was made.
    package var number: Int
    package var content: Content
}

/// Cuts the byte stream of a management connection into lines.
///
/// Feed it chunks as they come: where they are cut makes no difference to what comes out. It never holds more than
/// `bound` bytes. A longer line is reported once, as soon as it is too long, and skipped to its end.
package struct ManagementLineReader: Sendable {
    /// Longer than any line that OpenVPN writes: its own limit for a variable is far below this.
    package static let bound = 65_536

    /// The one thing that the server says without ending the line (management-notes.txt, "COMMAND -- password").
    package static let passwordPrompt = "ENTER PASSWORD:"

    private static let prompt = Array(passwordPrompt.utf8)
    private var partial: [UInt8] = []
    private var isSkipping = false
    private var count = 0

    package init() {}

    /// The lines that `bytes` complete, in order.
    package mutating func read(_ bytes: some Sequence<UInt8>) -> [ManagementLine] {
        var lines: [ManagementLine] = []
        var rest = Array(bytes)[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end], &lines)
            endLine(&lines)
            rest = rest[(end + 1)...]
        }
        take(rest, &lines)
        return lines
    }

    /// Call when the connection has ended: a line without its end is no line, since half a line can read as a whole
    /// one (`>CLIENT:CONNECT,2` of `>CLIENT:CONNECT,21,1`).
    package mutating func finish() -> [ManagementLine] {
        guard !partial.isEmpty else { return [] }
        partial = []
        count += 1
        return [ManagementLine(number: count, content: .unreadable("the connection ended within a line"))]
    }

    /// How many lines have begun: the place of what the connection's end leaves open.
    package var lineCount: Int { count }

    private mutating func take(_ piece: ArraySlice<UInt8>, _ lines: inout [ManagementLine]) {
        var rest = piece
        // The prompt is looked for by filling up to its length, not in what a chunk happens to hold.
        while !isSkipping, partial.count < Self.prompt.count, !rest.isEmpty {
            let head = rest.prefix(Self.prompt.count - partial.count)
            partial += head
            rest = rest.dropFirst(head.count)
            if partial == Self.prompt { endLine(&lines) }
        }
        guard !isSkipping, !rest.isEmpty else { return }
        if partial.count + rest.count > Self.bound {
            skip(&lines)
        } else {
            partial += rest
        }
    }

    private mutating func skip(_ lines: inout [ManagementLine]) {
        count += 1
        lines.append(
            ManagementLine(number: count, content: .unreadable("the line is longer than \(Self.bound) bytes"))
        )
        partial = []
        isSkipping = true
    }

    private mutating func endLine(_ lines: inout [ManagementLine]) {
        if isSkipping {
            isSkipping = false
            return
        }
        count += 1
        if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
        if let text = String(validating: partial, as: UTF8.self) {
            lines.append(ManagementLine(number: count, content: .text(text)))
        } else {
            lines.append(ManagementLine(number: count, content: .unreadable("the line is not UTF-8")))
        }
        partial.removeAll(keepingCapacity: true)
    }
}
