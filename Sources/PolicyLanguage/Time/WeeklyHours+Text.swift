import Foundation
import Sessions

extension WeeklyHours: CustomStringConvertible {
    /// As an administrator, or a person who is refused, would say it: `mon-fri, sun 08:00-18:00 (Europe/London)`.
    package var description: String {
        let zone = clock == .utc || clock.zone.identifier == "UTC" ? "UTC" : clock.zone.identifier
        return "\(dayText) \(Self.text(from))-\(Self.text(to)) (\(zone))"
    }

    /// Runs of days, from Monday on.
    private var dayText: String {
        let runs = Weekday.allCases.split { !days.contains($0) }
        return runs.map { run in
            run.count == 1
                ? "\(run[run.startIndex].rawValue)"
                : "\(run[run.startIndex].rawValue)-\(run[run.endIndex - 1].rawValue)"
        }.joined(separator: ", ")
    }

    private static func text(_ minute: Int) -> String {
        let parts = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return parts.joined(separator: ":")
    }
}
