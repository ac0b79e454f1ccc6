import Foundation
import Glibc

/// A process's system calls, answered with errors or with its end, by strace(1).
struct Tampering {
    private let tracer: Child

    /// A system call of one change at which the daemon is killed, before the kernel sees it.
    struct Step: Sendable, CustomStringConvertible {
        enum Place: Sendable {
            /// On the thread that talks to the kernel's netfilter.
            case kernel
            /// On whichever thread records.
            case disk
        }

        let place: Place
        let call: String
        /// The first is 1.
        let number: Int

        var description: String { "\(call) \(number)" }

        /// A change of a scope is three batches, each of which is sent and its answer read until there is no more; a
        /// record is pages into the log, and then one wait for the disk.
        static let all: [Step] =
            [("sendto", 1...3), ("recvfrom", 1...5)].flatMap { call, numbers in
                numbers.map { Step(place: .kernel, call: call, number: $0) }
            }
            + [("pwrite64", 1), ("pwrite64", 2), ("fdatasync", 1)].map {
                Step(place: .disk, call: $0, number: $1)
            }
    }

    /// Has the process killed at a step, once.
    static func start(_ step: Step, in process: Child, children: Children) async throws -> Tampering {
        let injection = "inject=\(step.call):signal=KILL:when=\(step.number)"
        switch step.place {
        case .kernel:
            let thread = try netlinkThread(of: process.identifier)
            return try await start(["-p", "\(thread)"], step.call, injection, [thread], children)
        case .disk:
            return try await start(everywhere(process), step.call, injection, threads(of: process), children)
        }
    }

    /// Has calls of all its threads fail with an error: each thread's second, and every third from there.
    static func start(
        _ calls: [String], failWith error: String, in process: Child, children: Children
    ) async throws -> Tampering {
        let names = calls.joined(separator: ",")
        return try await start(
            everywhere(process), names, "inject=\(names):error=\(error):when=2+3", threads(of: process),
            children)
    }

    private static func start(
        _ whom: [String], _ calls: String, _ injection: String, _ threads: [Int32], _ children: Children
    ) async throws -> Tampering {
        let tracer = try await children.start(
            "strace",
            ["strace", "-qq", "-o", "/dev/null"] + whom + ["-e", "trace=\(calls)", "-e", injection])
        try await Wait.until("strace to attach", every: .milliseconds(2), log: tracer.log) {
            threads.allSatisfy { isTraced($0) }
        }
        return Tampering(tracer: tracer)
    }

    /// The calls are the kernel's own again when this returns.
    func end(_ children: Children) async { await children.end(tracer) }

    private static func everywhere(_ process: Child) -> [String] { ["-f", "-p", "\(process.identifier)"] }

    private static func threads(of process: Child) -> [Int32] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.identifier)/task")
        return (names ?? []).compactMap { Int32($0) }
    }

    /// One that has ended meanwhile is not waited for.
    private static func isTraced(_ thread: Int32) -> Bool {
        guard
            let line = Wait.text("/proc/\(thread)/status").split(separator: "\n")
                .first(where: { $0.hasPrefix("TracerPid:") })
        else { return true }
        return !line.hasSuffix("\t0")
    }

    private static func netlinkThread(of process: Int32) throws -> Int32 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        let thread = tasks.compactMap { Int32($0) }.first {
            Wait.text("/proc/\(process)/task/\($0)/comm") == "netlink\n"
        }
        guard let thread else { throw LabError.system(operation: "find the netlink thread", errno: ESRCH) }
        return thread
    }
}
