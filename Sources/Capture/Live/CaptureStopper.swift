import CLinux
import Glibc
import Synchronization

/// Ends a live capture from another thread, at once and for good.
package final class CaptureStopper: Sendable {
    /// Readable once the capture is to end.
    let descriptor: Int32
    private let stopped = Atomic<Bool>(false)

    /// Throws the system's error when there is no descriptor left.
    init() throws(SystemFailure) {
        descriptor = gh_open_event()
        guard descriptor >= 0 else { throw SystemFailure(errno: errno) }
    }

    deinit { close(descriptor) }

    /// Pairs with the releasing store in `stop`: who sees the flag sees what was written before.
    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Wakes the reader, whose next call says that the capture has ended. Any thread may call it, any number of times.
    package func stop() {
        stopped.store(true, ordering: .releasing)
        var one: UInt64 = 1
        // Fails only when the count would overflow, and then the descriptor is readable already.
        _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
    }
}

/// An error of the system, by its number.
struct SystemFailure: Error {
    let errno: Int32
}

func systemMessage(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
