import Classification
import PolicyLanguage
import Sessions

/// What the packet path counted, for people.
enum UseText {
    /// Octets in the unit that leaves one to three digits before the point: `512 B`, `1.2 kB`, `87 MB`. Units are of
    /// thousands, as network people count.
    static func size(_ octets: UInt64) -> String {
        guard octets >= 1000 else { return "\(octets) B" }
        var value = Double(octets)
        var unit = ""
        for next in ["kB", "MB", "GB", "TB", "PB", "EB"] where value >= 999.5 {
            value /= 1000
            unit = next
        }
        let tenths = Int((value * 10).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(Int(value.rounded())) \(unit)"
    }

    /// How long ago a time of the daemon's was, which runs on this machine: `3m 12s`; a dash for never.
    static func age(_ time: String?, at now: Instant) -> String {
        guard let instant = time.flatMap(TimeText.timestamp) else { return "-" }
        return max(.zero, now - instant).briefly
    }

    /// Lines for `show` and `explain`.
    static func lines(_ session: ControlMessages.SessionSummary) -> [String] {
        var lines: [String] = []
        if let use = session.use {
            lines.append(
                "sent \(size(use.bytesOut)) in \(use.packetsOut) packets, received \(size(use.bytesIn)) in "
                    + "\(use.packetsIn), refused \(use.refused); last packet \(use.lastSeen ?? "never"), "
                    + "last one that passed \(use.lastUsed ?? "never")")
        }
        if let end = session.idleEndsAt { lines.append("ended at \(end) if nothing passes until then") }
        if let scan = session.scan {
            let place = scan.inThisSession ? "" : ", in another session of this device or user"
            lines.append(
                "seen scanning at \(scan.seenAt): refused at about \(scan.destinations) destinations\(place)")
        }
        return lines
    }
}
