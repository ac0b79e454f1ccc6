import Evidence
import Sessions

/// Who was seen scanning, beyond the session in which it was seen: connecting again does not wash it off. In memory
/// only, and by what is proved: a certificate, and a user whose code was accepted.
struct ScanMemory: Sendable {
    private var sightings: [Hold.Subject: ScanSighting] = [:]
    private var recent = Departures()
    private var older = Departures()

    private struct Departures {
        var subjects: [SessionID: [Hold.Subject]] = [:]
        var since: Instant?
    }

    /// A scan that goes on is noted so often. Also the least that a rule may ask the memory to last.
    static let resolution: Duration = .seconds(60)

    /// The last sighting of whom a session belongs to.
    func sighting(of session: Session) -> ScanSighting? {
        guard !sightings.isEmpty else { return nil }
        return session.suspects.compactMap { sightings[$0] }.max { $0.seenAt < $1.seenAt }
    }

    /// Notes a scan; returns those for whom that is news. Forgets what is older than any rule asks for.
    mutating func note(
        _ sighting: ScanSighting, of subjects: [Hold.Subject], forgetting before: Instant
    ) -> [Hold.Subject] {
        let changed = subjects.filter { Self.isNews(sighting.seenAt, after: sightings[$0]) }
        guard !changed.isEmpty else { return [] }
        sightings = sightings.filter { $0.value.seenAt > before }
        for subject in changed {
            sightings[subject] = ScanSighting(
                seenAt: sighting.seenAt, destinations: sighting.destinations, isOwn: false)
        }
        return changed
    }

    static func isNews(_ seenAt: Instant, after known: ScanSighting?) -> Bool {
        known.map { seenAt - $0.seenAt >= resolution } ?? true
    }

    // MARK: Sessions that ended

    /// Keeps whose session it was for a minute or two. Observations come in bulk: whoever scans and leaves at once is
    /// gone when it is told.
    mutating func depart(_ id: SessionID, _ subjects: [Hold.Subject], at now: Instant) {
        turn(at: now)
        recent.subjects[id] = subjects
    }

    func departed(_ id: SessionID) -> [Hold.Subject] { recent.subjects[id] ?? older.subjects[id] ?? [] }

    private mutating func turn(at now: Instant) {
        let since = recent.since ?? now
        recent.since = since
        guard now - since >= Self.resolution || now < since else { return }
        older = now - since >= Self.resolution * 2 ? Departures() : recent
        recent = Departures(since: now)
    }
}
