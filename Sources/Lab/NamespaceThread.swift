import CLinux
import Foundation
import Glibc

extension Network.Space {
    /// Runs `body` on a thread of its own inside this namespace. The thread ends with it, so no other code ever finds
    /// itself there. Sockets that `body` makes stay in the namespace and can be used from anywhere.
    package func inside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try enter()
                        return try body()
                    })
            }
        }
    }

    private func enter() throws {
        let handle = unsafe open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { throw LabError.system(operation: "open namespace \(name)", errno: errno) }
        defer { close(handle) }
        guard gh_enter_network_namespace(handle) == 0 else {
            throw LabError.system(operation: "enter namespace \(name)", errno: errno)
        }
    }

    /// Lets the namespace hand packets on, where it should. `/proc/sys/net` shows the namespace of the thread that
    /// opens it.
    func forward() async throws {
        let keys = Network.forwardingKeys(of: self)
        if keys.isEmpty { return }
        try await inside {
            for key in keys {
                let file = unsafe open("/proc/sys/net/\(key)", O_WRONLY | O_CLOEXEC)
                guard file >= 0 else { throw LabError.system(operation: "open \(key)", errno: errno) }
                defer { close(file) }
                guard unsafe Glibc.write(file, "1", 1) == 1 else {
                    throw LabError.system(operation: "write \(key)", errno: errno)
                }
            }
        }
    }
}
