import Figures
import PacketPath
import Workload

/// What the session index takes at a million sessions, by its own word.
enum MemoryPart {
    static func run(_ options: Options, _ report: Report) throws {
        let count = 1_000_000
        for family in Family.allCases {
            var index = try SessionIndex(key: Sessions.key)
            var most = 0
            for session in 0..<count {
                if family != .ipv6 { try index.insert(Sessions.ipv4Key(session), 1) }
                if family != .ipv4 { try index.insert(Sessions.ipv6Key(session), 1) }
                most = max(most, index.bytes + index.retiredBytes)
            }
            index.reclaim()
            let mebibytes = Double(index.bytes) / 1_048_576
            let name = family == .mixed ? "v4-and-v6" : family.rawValue
            report.add(
                Row(
                    part: "memory", name: "session index", family: name, sessions: count, readers: 1,
                    best: .nan,
                    median: .nan, ratio: nil, against: nil,
                    note:
                        "\(Report.text(mebibytes)) MiB, \(Report.text(Double(most) / 1_048_576)) while it grew"
                ))
            report.bound("table-MiB-at-1M.\(name)", mebibytes, .atMost, 128)
        }
    }
}
