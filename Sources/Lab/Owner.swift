import Glibc

/// Which process a standing lab belongs to. The start time tells it from a later process with the same number.
package struct Owner: Sendable, Equatable {
    package var process: Int32
    /// Clock ticks from boot to the process's start: field 22 of `/proc/PID/stat`.
    package var startTicks: UInt64
    /// The lab was told to stay after its process.
    package var isKept = false

    package init(process: Int32, startTicks: UInt64, isKept: Bool = false) {
        self.process = process
        self.startTicks = startTicks
        self.isKept = isKept
    }

    package static var current: Self {
        Self(process: getpid(), startTicks: ticks(ofStat: Wait.text("/proc/self/stat")) ?? 0)
    }

    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 3, let process = Int32(words[0]), let ticks = UInt64(words[1]) else {
            return nil
        }
        self.init(process: process, startTicks: ticks, isKept: words[2] == "kept")
    }

    package var text: String { "\(process) \(startTicks) \(isKept ? "kept" : "running")\n" }

    package var isAlive: Bool { Self.ticks(ofStat: Wait.text("/proc/\(process)/stat")) == startTicks }

    /// The command name may hold spaces and brackets, so the fields are counted from the last bracket (proc(5)).
    package static func ticks(ofStat stat: String) -> UInt64? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }
}
