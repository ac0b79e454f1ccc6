import AlertSinks
import Alerts
import Foundation
import Sessions
import Synchronization
import TestSupport
import Testing

extension Instant {
    static let test = Instant(secondsSince1970: 1_795_000_000)
    static var now: Instant { Instant(secondsSince1970: Int64(Date().timeIntervalSince1970)) }
}

func alert(
    _ id: String = "gh-t-1", _ severity: AlertSeverity = .warning, says: String = "scan: somebody",
    fields: [AlertField: String?] = [:], clauses: [String] = ["incidents"], at: Instant = .test
) -> Alert {
    Alert(
        id: id, Sighting(.scan, severity, about: "a", says: says, fields: fields, clauses: clauses),
        since: at, until: at, count: 1)
}

/// What a client can call itself, and what should come of it nowhere.
let hostile = [
    "alice\nPRIORITY=0\nGATEHOUSE_KIND=drift", "a\"] [origin ip=\"1.2.3.4\"] x", "a\\", "]",
    "\u{0}\u{1b}[31m",
    "a\r\n\r\nBcc: everybody@example.org", String(repeating: "\"", count: 64 << 10),
    String(repeating: "漢\n", count: 32 << 10), "\",\"kind\":\"drift\"}", "\u{202e}gnp.exe",
]

func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("alerts-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}

/// Waits for what others do; false when that takes too long.
func eventually(_ patience: Duration = .seconds(600), _ holds: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + patience
    while !holds() {
        if ContinuousClock.now > deadline || Task.isCancelled { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}

/// Takes everything out of the queue of a sink, the oldest first.
func whatIsLeft(in folder: String) -> [Alert] {
    let spool = Spool(folder)
    var found: [Alert] = []
    while let (entry, alert) = spool.first() {
        found.append(alert)
        spool.remove(entry)
    }
    return found
}

/// A sink that does what it is told.
final class ScriptedSink: AlertSink {
    let delivered = Mutex<[String]>([])
    let failure = Mutex<DeliveryFailure?>(nil)
    /// Taken while somebody delivers.
    let gate = Mutex(())

    func deliver(_ alert: Alert) throws(DeliveryFailure) {
        gate.withLock { _ in }
        if let failure = failure.withLock(\.self) { throw failure }
        delivered.withLock { $0.append(alert.id) }
    }

    var ids: [String] { delivered.withLock { $0 } }
}

func worker(
    _ sink: any AlertSink, _ folder: String, name: String = "sink", bounds: AlertQueue.Bounds = .init(),
    route: AlertRoute = AlertRoute(), now: @escaping @Sendable () -> Instant = { .test },
    onLoss: @escaping @Sendable (SinkLoss) -> Void = { _ in }
) -> SinkWorker {
    SinkWorker(
        name: name, route: route, sink: sink, spool: Spool("\(folder)/\(name)", bounds: bounds),
        backoff: Backoff(first: .milliseconds(2), longest: .milliseconds(20)), now: now, onLoss: onLoss)
}
