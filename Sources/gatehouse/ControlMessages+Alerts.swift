/// What people are alerted of, and where that goes.
extension ControlMessages {
    struct AlertsState: Codable, Sendable {
        var sinks: [SinkSummary]
        /// What is wrong now.
        var open: [OpenFault]
        /// The last ones since the daemon began, the oldest first.
        var recent: [AlertSummary]
    }

    struct SinkSummary: Codable, Sendable {
        var name: String
        var queued: Int
        var bytes: Int
        /// In memory alone, because the disk takes nothing.
        var unsaved: Int
        var diskFault: String?
        /// Since the daemon began.
        var delivered: UInt64
        /// Dropped or given up since the daemon began.
        var lost: UInt64
        /// Failed tries since the last delivery.
        var failures: Int
        var lastError: String?
        var lastErrorAt: String?
        var lastDeliveryAt: String?
    }

    struct OpenFault: Codable, Sendable {
        var kind: String
        var severity: String
        var says: String
        var since: String
        var clauses: [String]
    }

    struct AlertSummary: Codable, Sendable {
        var id: String
        var kind: String
        var severity: String
        var says: String
        var at: String
        var count: UInt64
        var clauses: [String]
        var fields: [String: String]
    }

    struct AlertTest: Codable, Sendable {
        var id: String
        var sinks: [Result]

        struct Result: Codable, Sendable {
            var name: String
            var hasArrived: Bool
            /// Why not, as far as it is known.
            var why: String?
        }
    }
}
