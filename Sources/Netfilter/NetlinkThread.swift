import CLinux
import Foundation

/// A thread of its own that runs an actor's jobs, one after the other.
///
/// Commits of many elements and dumps take up to seconds inside one system call, which must not happen on the pool
/// that everything else shares. The thread is made by, and so stays in the network namespace of, the thread that made
/// this; it ends when this is released.
final class NetlinkThread: SerialExecutor {
    private let queue = JobQueue()

    init() {
        let queue = queue
        Thread.detachNewThread {
            // A text that lives through the call.
            unsafe gh_name_thread("netlink")
            queue.run()
        }
    }

    deinit { queue.close() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        queue.add { unsafe job.runSynchronously(on: executor) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
}

/// What waits to be run. `jobs` and `isClosed` are touched under `condition` alone.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [() -> Void] = []
    private var isClosed = false

    func add(_ job: @escaping () -> Void) {
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    func run() {
        while let batch = next() {
            for job in batch { job() }
        }
    }

    private func next() -> [() -> Void]? {
        condition.withLock {
            while jobs.isEmpty {
                if isClosed { return nil }
                condition.wait()
            }
            defer { jobs = [] }
            return jobs
        }
    }
}
