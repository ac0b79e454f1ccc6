import Alerts
import Sessions

extension Instant {
    /// Of a day on which nothing else happened.
    static func second(_ second: Int64) -> Instant { Instant(secondsSince1970: 1_795_000_000 + second) }
}

func sighting(_ subject: String, _ severity: AlertSeverity = .warning) -> Sighting {
    sighting(.scan, subject, severity)
}

func sighting(
    _ kind: AlertKind, _ subject: String, _ severity: AlertSeverity = .warning
) -> Sighting {
    Sighting(kind, severity, about: subject, says: "\(kind.words): \(subject)")
}
