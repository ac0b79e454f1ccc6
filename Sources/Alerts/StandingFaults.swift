package import Sessions

/// What is wrong for as long as it is: told when it begins, every day while it stays, and when it is over.
package struct StandingFaults: Sendable {
    private var known: [String: Known] = [:]

    private struct Known {
        let sighting: Sighting
        let since: Instant
        var toldAt: Instant
    }

    package static let reminder = Duration.seconds(86_400)

    package init() {}

    /// - Parameter faults: Everything that is wrong now; each with a key of its own.
    package mutating func look(_ faults: [Sighting], at now: Instant) -> [Sighting] {
        var sightings: [Sighting] = []
        var next: [String: Known] = [:]
        for fault in faults where next[fault.key] == nil {
            guard var before = known[fault.key] else {
                next[fault.key] = Known(sighting: fault, since: now, toldAt: now)
                sightings.append(fault)
                continue
            }
            if now - before.toldAt >= Self.reminder {
                before.toldAt = now
                sightings.append(fault)
            }
            next[fault.key] = before
        }
        for (key, before) in known.sorted(by: { $0.key < $1.key }) where next[key] == nil {
            sightings.append(Self.over(before, at: now))
        }
        known = next
        return sightings
    }

    /// What is wrong, since when, the oldest first.
    package var open: [(fault: Sighting, since: Instant)] {
        known.values.map { ($0.sighting, $0.since) }.sorted { ($0.since, $0.0.key) < ($1.since, $1.0.key) }
    }

    private static func over(_ known: Known, at now: Instant) -> Sighting {
        let fault = known.sighting
        return Sighting(
            fault.kind, .notice, about: "\(fault.key) over \(now)",
            says: "over: \(fault.says) (since \(known.since))",
            fields: fault.fields.mapValues { $0 }, clauses: fault.clauses)
    }
}
