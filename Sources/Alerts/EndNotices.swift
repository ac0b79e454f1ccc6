package import Sessions

/// Something that people are told of before it ends.
package struct Ending: Sendable, Hashable {
    package let kind: AlertKind
    /// Of its kind, the only one: `C-2291`.
    package let name: String
    package let until: Instant
    /// `contract C-2291 of Civica`
    package let what: String
    package let fields: [AlertField: String]
    package let clauses: [String]

    package init(
        _ kind: AlertKind, _ name: String, until: Instant, what: String, fields: [AlertField: String] = [:],
        clauses: [String] = []
    ) {
        self.kind = kind
        self.name = name
        self.until = until
        self.what = what
        self.fields = fields
        self.clauses = clauses
    }

    fileprivate var key: String { "\(kind.rawValue) \(AlertText.plain(name))" }
}

/// Says of everything that ends, once for each of a few times before, that it is about to; and that it has, of what was
/// announced. What was said is a value that outlives the process, so that a restart says nothing twice.
///
/// An end that is put off is announced anew. What is not among the ends for a while (a certificate whose owner is not
/// connected) is remembered until it has ended. After a pause, only the nearest of several times is said.
package struct EndNotices: Sendable, Hashable {
    /// How far ahead it was said of an end, in seconds; 0 once it was said that it has come.
    package struct Told: Sendable, Hashable, Codable {
        package let until: Instant
        package let seconds: Int64
    }

    private let ahead: [Duration]
    package private(set) var told: [String: Told]

    package init(ahead: [Duration], told: [String: Told] = [:]) {
        self.ahead = ahead.sorted()
        self.told = told
    }

    /// What is to be said now.
    package mutating func look(_ endings: [Ending], at now: Instant) -> [Sighting] {
        var kept = told.filter { $0.value.until + Self.memory > now }
        var sightings: [Sighting] = []
        for ending in endings {
            let before = told[ending.key].flatMap { $0.until == ending.until ? $0 : nil }
            kept[ending.key] = before
            let left = ending.until - now
            let seconds: Int64
            if left <= .zero {
                // What ended before anybody announced it is in the registers, and no news.
                guard let before, before.seconds > 0 else { continue }
                seconds = 0
            } else {
                guard let nearest = ahead.first(where: { left <= $0 }) else { continue }
                seconds = max(1, nearest.nanoseconds / 1_000_000_000)
                if let before, before.seconds <= seconds { continue }
            }
            kept[ending.key] = Told(until: ending.until, seconds: seconds)
            sightings.append(Self.sighting(ending, left: left))
        }
        told = kept
        return sightings
    }

    private static let memory = Duration.seconds(7 * 86_400)

    private static func sighting(_ ending: Ending, left: Duration) -> Sighting {
        let hasEnded = left <= .zero
        let severity: AlertSeverity = left <= .seconds(86_400) ? .warning : .notice
        let says =
            hasEnded
            ? "\(ending.what) has ended" : "\(ending.what) ends in \(words(left)), on \(ending.until)"
        var fields: [AlertField: String?] = ending.fields.mapValues { $0 }
        fields[.end] = ending.until.description
        // Each of its own: there is nothing to fold.
        return Sighting(
            ending.kind, severity, about: "\(ending.name) \(ending.until) \(hasEnded ? "over" : words(left))",
            says: says, fields: fields, clauses: ending.clauses)
    }

    private static func words(_ left: Duration) -> String {
        let hours = left.nanoseconds / 3_600_000_000_000
        switch hours {
        case 48...: return "\(hours / 24) days"
        case 2...: return "\(hours) hours"
        default: return "\(max(1, left.nanoseconds / 60_000_000_000)) minutes"
        }
    }
}
