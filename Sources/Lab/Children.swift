import Glibc

/// A background process of the lab: a server, a VPN client, a capture, a download, or the daemon itself.
package final class Child: Sendable {
    package let name: String
    /// Everything that it writes, and what to print when it does not do what it should.
    package let log: String
    private let process: Spawn

    fileprivate init(name: String, log: String, process: Spawn) {
        self.name = name
        self.log = log
        self.process = process
    }

    package var identifier: Int32 { process.identifier }
    package var isRunning: Bool { process.status == nil }
    /// The exit status; nil while it runs.
    package var status: Int32? { process.status }
    package func signal(_ number: Int32) { process.signal(number) }
}

/// Every background process that the lab started, so that each is ended, by its number.
package actor Children {
    private var running: [Child] = []
    private let logs: String
    private var started = 0

    /// `logs` is the folder for what the children write.
    package init(logs: String) { self.logs = logs }

    /// Starts a program, in a namespace if one is named.
    ///
    /// `ip netns exec` replaces itself with the program, so the child's number is the program's own.
    package func start(_ name: String, in space: Network.Space? = nil, _ arguments: [String]) throws -> Child
    {
        started += 1
        let log = "\(logs)/\(started)-\(name).log"
        let output = unsafe open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw LabError.system(operation: "open \(log)", errno: errno) }
        defer { close(output) }
        let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw LabError.system(operation: "open /dev/null", errno: errno) }
        defer { close(input) }
        let entering = space.map { ["ip", "netns", "exec", $0.name] } ?? []
        let process = try Spawn(entering + arguments, input: input, output: output, errors: output)
        let child = Child(name: name, log: log, process: process)
        running.append(child)
        return child
    }

    /// The child of that name that was started last, whether it still runs or not; nil when there is none.
    package func newest(named name: String) -> Child? { running.last { $0.name == name } }

    /// The log of the child of that name that was started last; nil when none runs.
    package func log(of name: String) -> String? { running.last { $0.name == name }?.log }

    /// Ends one child: SIGTERM, and SIGKILL when it has not gone after `patience`.
    package func end(_ child: Child, patience: Duration = .seconds(3)) async {
        child.signal(SIGTERM)
        if await !Self.gone(child, within: patience) {
            child.signal(SIGKILL)
            _ = await Self.gone(child, within: .seconds(2))
        }
        running.removeAll { $0 === child }
    }

    /// Ends all of them, the last started first.
    package func endAll() async {
        for child in running { child.signal(SIGTERM) }
        for child in running.reversed() { await end(child) }
    }

    /// Not cancelled with the task that asks: ending a child is part of tidying up.
    private static func gone(_ child: Child, within patience: Duration) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while child.isRunning {
            if ContinuousClock.now > deadline { return false }
            await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
        return true
    }
}
