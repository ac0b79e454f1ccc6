package import Alerts
import Synchronization

/// One sink's queue: on the disk, bounded, in the order in which alerts came.
///
/// What the disk does not take stays in memory, within the same bounds, and is written as soon as it does. For two threads:
/// one that puts, one that takes.
package final class Spool: Sendable {
    private let folder: SpoolFolder
    private let state: Mutex<State>

    private struct State {
        var queue: AlertQueue
        var next: UInt64 = 1
        /// Not on the disk.
        var unsaved: [UInt64: Alert] = [:]
        var fault: String?
        var isPrepared = false
        var dropped: UInt64 = 0
    }

    /// Does nothing yet but remember the path.
    package init(_ path: String, bounds: AlertQueue.Bounds = .init()) {
        folder = SpoolFolder(path: path)
        state = Mutex(State(queue: AlertQueue(bounds)))
    }

    /// Takes alerts in; they are on the disk when it returns, where the disk takes them. Blocks as long as the disk does.
    /// Returns how many had to go to make room.
    @discardableResult
    package func put(_ alerts: [Alert]) -> Int {
        state.withLock { state in
            prepare(&state)
            var dropped = 0
            for alert in alerts {
                let bytes = AlertJSON.encode(alert)
                let entry = AlertQueue.Entry(
                    number: state.next, severity: alert.severity, bytes: bytes.count)
                state.next += 1
                let gone = state.queue.add(entry)
                for old in gone where old != entry { forget(old, &state) }
                dropped += gone.count
                if gone.contains(entry) { continue }
                save(alert, bytes, entry, &state)
            }
            sync(&state)
            state.dropped += UInt64(dropped)
            return dropped
        }
    }

    /// Tries again what the disk did not take.
    package func retry() {
        state.withLock { state in
            guard state.fault != nil || !state.isPrepared else { return }
            prepare(&state)
            guard state.isPrepared else { return }
            state.fault = nil
            for (number, alert) in state.unsaved.sorted(by: { $0.key < $1.key }) {
                let bytes = AlertJSON.encode(alert)
                let entry = AlertQueue.Entry(number: number, severity: alert.severity, bytes: bytes.count)
                save(alert, bytes, entry, &state)
                if state.fault != nil { return }
            }
            sync(&state)
        }
    }

    /// The oldest; stays until it is removed. A file that cannot be read as an alert is dropped and counted.
    package func first() -> (entry: AlertQueue.Entry, alert: Alert)? {
        state.withLock { state in
            prepare(&state)
            while let entry = state.queue.first {
                if let alert = state.unsaved[entry.number] { return (entry, alert) }
                let name = SpoolFolder.name(entry.number, entry.severity)
                let bytes = try? folder.read(name, atMost: Self.longest)
                if let alert = bytes.flatMap(AlertJSON.decode) { return (entry, alert) }
                state.queue.remove(entry)
                forget(entry, &state)
                state.dropped += 1
            }
            return nil
        }
    }

    private static let longest = 1 << 20

    package func remove(_ entry: AlertQueue.Entry) {
        state.withLock { state in
            if state.queue.remove(entry) { forget(entry, &state) }
        }
    }

    /// How many were dropped since the last call.
    package func takeDropped() -> UInt64 {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    package var look: (queued: Int, bytes: Int, unsaved: Int, fault: String?) {
        state.withLock { ($0.queue.count, $0.queue.bytes, $0.unsaved.count, $0.fault) }
    }

    // MARK: The disk

    /// Finds what an earlier process left, once that works. Alerts that came meanwhile come after it.
    private func prepare(_ state: inout State) {
        guard !state.isPrepared else { return }
        do throws(SpoolError) {
            try folder.prepare()
            let left = try folder.entries()
            let early = state.unsaved
            state.queue = AlertQueue(state.queue.bounds)
            state.unsaved = [:]
            var gone: [AlertQueue.Entry] = []
            for entry in left { gone += state.queue.add(entry) }
            state.next = max(state.next, (left.last?.number ?? 0) + 1)
            for (_, alert) in early.sorted(by: { $0.key < $1.key }) {
                let bytes = AlertJSON.encode(alert).count
                let entry = AlertQueue.Entry(number: state.next, severity: alert.severity, bytes: bytes)
                state.unsaved[state.next] = alert
                state.next += 1
                gone += state.queue.add(entry)
            }
            for entry in gone { forget(entry, &state) }
            state.dropped += UInt64(gone.count)
            state.isPrepared = true
        } catch {
            state.fault = error.description
        }
    }

    private func save(_ alert: Alert, _ bytes: [UInt8], _ entry: AlertQueue.Entry, _ state: inout State) {
        guard state.isPrepared else {
            state.unsaved[entry.number] = alert
            return
        }
        do throws(SpoolError) {
            try folder.write(SpoolFolder.name(entry.number, entry.severity), bytes)
            state.unsaved[entry.number] = nil
        } catch {
            state.unsaved[entry.number] = alert
            state.fault = error.description
        }
    }

    private func sync(_ state: inout State) {
        guard state.isPrepared else { return }
        do throws(SpoolError) {
            try folder.sync()
            if state.unsaved.isEmpty { state.fault = nil }
        } catch {
            state.fault = error.description
        }
    }

    private func forget(_ entry: AlertQueue.Entry, _ state: inout State) {
        state.unsaved[entry.number] = nil
        guard state.isPrepared else { return }
        do throws(SpoolError) {
            try folder.remove(SpoolFolder.name(entry.number, entry.severity))
        } catch {
            // It may be delivered again after a restart: receivers know it by its id.
            state.fault = error.description
        }
    }
}
