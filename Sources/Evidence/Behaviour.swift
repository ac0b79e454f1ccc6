package import Sessions

/// What the packet path can see a session do, as rules name it.
package enum Behaviour: String, Sendable, Hashable, Codable, CaseIterable {
    /// Refused at many different destinations within a short time.
    case scanning
}

extension Behaviour {
    /// How long what was seen in one session counts against the next of the same device or person, where the rule does
    /// not say: longer than somebody waits for a second try, short enough to be over when the help desk has looked.
    package static let usualMemory: Duration = .seconds(3600)
}

/// That a session was seen scanning, and when.
package struct ScanSighting: Sendable, Hashable, Codable {
    /// The last time.
    package var seenAt: Instant
    /// About how many different destinations were refused: an estimate of the packet path's.
    package var destinations: Int
    /// Whether it was seen in the session that is judged. Otherwise it was in another one, of the same device or
    /// person, and counts for a limited time.
    package var isOwn: Bool

    package init(seenAt: Instant, destinations: Int, isOwn: Bool) {
        self.seenAt = seenAt
        self.destinations = destinations
        self.isOwn = isOwn
    }
}
