import Foundation
import Sessions

extension ZoneClock {
    /// As rule files write it.
    package var zoneName: String { self == .utc || zone.identifier == "UTC" ? "UTC" : zone.identifier }
}

extension WeeklyHours: CustomStringConvertible {
    /// As an administrator, or a person who is refused, would say it: `mon-fri, sun 08:00-18:00 (Europe/London)`.
    package var description: String {
        "\(dayRuns.joined(separator: ", ")) \(fromText)-\(toText) (\(clock.zoneName))"
    }

    /// As rule files write them: runs of days, from Monday on.
    package var dayRuns: [String] {
        let runs = Weekday.allCases.split { !days.contains($0) }
        return runs.map { run in
            run.count == 1
                ? "\(run[run.startIndex].rawValue)"
                : "\(run[run.startIndex].rawValue)-\(run[run.endIndex - 1].rawValue)"
        }
    }

    package var fromText: String { Self.text(from) }
    package var toText: String { Self.text(to) }

    private static func text(_ minute: Int) -> String {
        let parts = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return parts.joined(separator: ":")
    }
}
