/// Whether alerts arrive where they should.
package enum AlertJudgement {
    package static func findings(_ sinks: Known<[GatewayFacts.AlertSink]>) -> [Finding] {
        switch sinks {
        case .unknown(let reason): return [.unknown(.alertSink, reason)]
        case .known(let sinks) where sinks.isEmpty:
            return [.ok(.alertSink, "no sinks are configured: nobody is alerted")]
        case .known(let sinks): return sinks.map(finding)
        }
    }

    static func finding(_ sink: GatewayFacts.AlertSink) -> Finding {
        let remedy = "see that the other side is there and takes them, then 'gatehouse alerts test'"
        if let fault = sink.diskFault {
            return Finding(
                .alertSink, sink.name, .problem, "\(sink.unsaved) alerts are in memory alone: \(fault)",
                why: "they are lost when the daemon ends before the disk takes them",
                remedy: "make room, or mend the folder 'alerts' below the daemon's state")
        }
        if sink.failures > 0 {
            let error = sink.lastError.map { ": \($0)" } ?? ""
            return Finding(
                .alertSink, sink.name, sink.failures >= manyFailures || sink.lost > 0 ? .problem : .warning,
                "\(sink.failures) tries failed in a row, and \(sink.queued) alerts wait\(error)",
                why: "nobody hears there of what happens on this gateway", remedy: remedy)
        }
        if sink.lost > 0 {
            return Finding(
                .alertSink, sink.name, .warning, "it works, and \(sink.lost) alerts never reached it",
                why:
                    "the queue was full, or the other side refused them: the audit record has what they were about",
                remedy: "give it a longer queue, or fewer kinds")
        }
        return .ok(.alertSink, sink.name, "\(sink.delivered) alerts delivered, \(sink.queued) wait")
    }

    /// Ten minutes of tries, or so.
    private static let manyFailures = 10
}

extension GatewayFacts {
    /// Somewhere that alerts go, as the daemon sees it.
    package struct AlertSink: Sendable, Hashable {
        package var name: String
        package var queued: Int
        package var unsaved: Int
        package var diskFault: String?
        package var delivered: UInt64
        package var lost: UInt64
        /// In a row.
        package var failures: Int
        package var lastError: String?

        package init(
            name: String, queued: Int = 0, unsaved: Int = 0, diskFault: String? = nil, delivered: UInt64 = 0,
            lost: UInt64 = 0, failures: Int = 0, lastError: String? = nil
        ) {
            self.name = name
            self.queued = queued
            self.unsaved = unsaved
            self.diskFault = diskFault
            self.delivered = delivered
            self.lost = lost
            self.failures = failures
            self.lastError = lastError
        }
    }
}
