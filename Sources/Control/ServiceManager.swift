import Glibc

/// What this process tells the manager that started it, by the protocol of sd_notify(3): a datagram to the socket that
/// the environment names, in the file system or an abstract one.
package final class ServiceManager: Sendable {
    /// How long the manager waits between two signs of life before it ends us; nil when it waits for none.
    package let watchdog: Duration?
    private let path: String
    private let socket: FileDescriptor

    package enum Message: Sendable, Hashable {
        /// Also the end of `reloading`.
        case ready
        case reloading
        case stopping
        case alive
        /// One line for people, in `systemctl status`.
        case status(String)
    }

    /// Nil when no manager listens. `process` is the number that a watchdog must be meant for.
    package init?(environment: [String: String], process: Int32 = getpid()) {
        // A name of another kind (`vsock:`) is not for services.
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
            let socket = try? UnixSocket.datagram(patience: .seconds(2))
        else { return nil }
        self.path = path
        self.socket = socket
        watchdog = Self.watchdog(environment, process)
    }

    /// sd_watchdog_enabled(3).
    private static func watchdog(_ environment: [String: String], _ process: Int32) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        if let other = environment["WATCHDOG_PID"], Int32(other) != process { return nil }
        return .microseconds(microseconds)
    }

    /// In one datagram. Waits at most two seconds when the manager is that busy; returns false when it was not told.
    @discardableResult package func tell(_ messages: Message...) -> Bool {
        let lines = messages.flatMap(\.lines).joined(separator: "\n")
        do throws(SystemError) {
            try UnixSocket.send(Array(lines.utf8), from: socket, to: path)
            return true
        } catch {
            return false
        }
    }
}

extension ServiceManager.Message {
    var lines: [String] {
        switch self {
        case .ready: ["READY=1"]
        case .reloading: ["RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds)"]
        case .stopping: ["STOPPING=1"]
        case .alive: ["WATCHDOG=1"]
        case .status(let text): ["STATUS=" + text.map { $0.isNewline ? " " : String($0) }.joined()]
        }
    }

    private static var monotonicMicroseconds: Int {
        var time = timespec()
        // The call fills in the variable and fails only for clocks that do not exist.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
