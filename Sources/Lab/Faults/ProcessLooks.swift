import Foundation
import Glibc

/// What processes use, as the system tells it (proc(5)), over time.
struct ProcessLooks {
    private struct Look {
        var hours: Double
        var resident: Int
        var descriptors: Int
    }

    private var looks: [Int32: [Look]] = [:]

    /// A field of `/proc/PID/status` that is a number of KiB; nil when the process is gone.
    static func status(_ field: String, of process: Int32) -> Int? {
        Wait.text("/proc/\(process)/status").split(separator: "\n")
            .first { $0.hasPrefix("\(field):") }?
            .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    /// From here on, `VmHWM` is the most since now (proc(5), clear_refs).
    static func forgetPeak(of process: Int32) throws {
        guard let file = FileHandle(forWritingAtPath: "/proc/\(process)/clear_refs") else {
            throw LabError.system(operation: "open clear_refs", errno: errno)
        }
        try file.write(contentsOf: Data("5".utf8))
        try file.close()
    }

    static func descriptors(of process: Int32) -> Int? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"))?.count
    }

    /// The number that its next descriptor would get.
    static func freeDescriptor(of process: Int32) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        let taken = Set(names.compactMap { Int($0) })
        return (0...taken.count).first { !taken.contains($0) } ?? taken.count
    }

    mutating func look(at process: Int32, since began: ContinuousClock.Instant) {
        guard let resident = Self.status("VmRSS", of: process), let count = Self.descriptors(of: process)
        else { return }
        let hours = (ContinuousClock.now - began) / .seconds(3600)
        looks[process, default: []].append(Look(hours: hours, resident: resident, descriptors: count))
    }

    func resources(hours: Double, restarts: Int) -> FaultReport.Resources {
        let longest = looks.values.max {
            ($0.last?.hours ?? 0) - ($0.first?.hours ?? 0) < ($1.last?.hours ?? 0) - ($1.first?.hours ?? 0)
        }
        return FaultReport.Resources(
            hours: hours, restarts: restarts,
            processHours: longest.flatMap { looks in
                looks.count > 1 ? (looks.last?.hours ?? 0) - (looks.first?.hours ?? 0) : nil
            },
            descriptorsAtFirst: longest?.first?.descriptors,
            descriptorsAtLast: longest?.last?.descriptors,
            residentGrowthPerHour: longest.flatMap { Self.slope($0.map { ($0.hours, Double($0.resident)) }) },
            residentAtFirst: longest?.first?.resident, residentAtLast: longest?.last?.resident)
    }

    /// Of the least squares line; nil for fewer than three points, or points of one instant.
    static func slope(_ points: [(x: Double, y: Double)]) -> Double? {
        guard points.count >= 3 else { return nil }
        let count = Double(points.count)
        let (x, y) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
        let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
        guard spread > 0 else { return nil }
        return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread
    }
}
