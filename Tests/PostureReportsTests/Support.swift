import Evidence
import PostureReports
import Sessions
import Testing

extension Instant {
    static func utc(_ text: String) -> Instant { TimeText.timestamp(text) ?? Instant(secondsSince1970: 0) }
}

extension DevicePosture {
    /// Items as `antivirus=<made>@<seen>`, for tables.
    var summary: String {
        var parts: [String] = []
        if let antivirus { parts.append("antivirus=\(antivirus.value)@\(antivirus.observedAt)") }
        if let patches { parts.append("patches=\(patches.value)@\(patches.observedAt)") }
        if let diskEncryption { parts.append("disk=\(diskEncryption.value)@\(diskEncryption.observedAt)") }
        if let screenLockMinutes {
            parts.append("lock=\(screenLockMinutes.value)@\(screenLockMinutes.observedAt)")
        }
        if let firewall { parts.append("firewall=\(firewall.value)@\(firewall.observedAt)") }
        return parts.joined(separator: " ")
    }
}

extension ReadReport {
    var summary: String { "\(device ?? "-"): \(posture.summary)" }
}
