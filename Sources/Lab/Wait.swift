import Foundation

/// Bounded waiting for a condition that can be looked at.
package enum Wait {
    /// For what nothing promises a time for: a program that starts or ends, on a machine that does much else.
    package static let patience = Duration.seconds(60)

    /// Looks at `condition` until it gives a value, and throws `LabError.timedOut` with the end of `log` when it has
    /// not within `limit`. `name` completes "gave up waiting for ...". The condition is looked at once more after the
    /// limit, so a slow look is not mistaken for a slow event.
    package static func forValue<Value>(
        _ name: String, within limit: Duration = patience, every interval: Duration = .milliseconds(20),
        log: String? = nil, _ condition: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            try Task.checkCancellation()
            let late = ContinuousClock.now > deadline
            if let value = try await condition() { return value }
            if late { throw LabError.timedOut(waitingFor: name, log: log.map { tail($0) } ?? "") }
            try await Task.sleep(for: interval)
        }
    }

    /// The same for a condition that is true or false.
    package static func until(
        _ name: String, within limit: Duration = patience, every interval: Duration = .milliseconds(20),
        log: String? = nil, _ condition: () async throws -> Bool
    ) async throws {
        try await forValue(name, within: limit, every: interval, log: log) {
            try await condition() ? () : nil
        }
    }

    /// The last lines of a file; empty when there is none.
    package static func tail(_ path: String, lines: Int = 12) -> String {
        text(path).split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    /// A file's text, whatever bytes it holds; empty when there is none.
    package static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
