import Capture
import Dispatch
import Netfilter
import Synchronization

/// Connections by looking: who sends what, within a while, at the tunnels.
///
/// TCP of sessions is judged without memory, so no table of the kernel has it.
struct ConnectionWatch: Sendable {
    let tunnels: [String]
    /// How many connections are told apart at each tunnel.
    let limit: Int

    /// Takes as long as it is told, on the caller's thread and on one for each tunnel. A tunnel that cannot be looked at is
    /// a reason, and the others are looked at all the same.
    func look(for duration: Duration) -> KnownConnections {
        guard duration > .zero else { return KnownConnections() }
        let found = Mutex(KnownConnections())
        DispatchQueue.concurrentPerform(iterations: tunnels.count) { number in
            let seen = look(at: tunnels[number], for: duration)
            found.withLock { $0.formUnion(seen) }
        }
        return found.withLock { $0 }
    }

    private func look(at tunnel: String, for duration: Duration) -> KnownConnections {
        do throws(LiveCaptureError) {
            let watch = try FlowWatch(
                at: .interface(tunnel, direction: .inbound), for: duration, limit: limit)
            let connections = watch.flows.map {
                TrackedConnection(source: $0.source, sourcePort: $0.sourcePort, destination: $0.destination)
            }
            return KnownConnections(
                connections: Set(connections),
                unknown: watch.isCutShort ? "\(tunnel) has more than the \(limit) that were looked at" : nil)
        } catch {
            return KnownConnections(unknown: "\(error)")
        }
    }
}
