package import Sessions

/// Why a report was refused. Nothing of it counts then.
package enum PostureRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case nothingReported
    /// Seen later than now.
    case fromTheFuture(item: String, observedAt: Instant)
    /// Seen earlier than what is known already: a report from before, sent again.
    case backwards(item: String, observedAt: Instant, known: Instant)
    /// Signatures or updates that were made after they were seen.
    case newerThanSeen(item: String)

    package var description: String {
        switch self {
        case .nothingReported: "the report names nothing that is known here"
        case .fromTheFuture(let item, let at): "\(item): observed at \(at), which is in the future"
        case .backwards(let item, let at, let known):
            "\(item): observed at \(at), but a report of \(known) is known already"
        case .newerThanSeen(let item): "\(item): made after it was observed"
        }
    }
}

extension DevicePosture {
    /// How far a device's clock may be ahead of the gateway's.
    package static let clockTolerance: Duration = .seconds(120)

    /// This posture with the items of a report in place of what was known; the report is taken whole or not at all.
    ///
    /// A report that says again what is known, seen at the same time, is taken and changes nothing: senders try again.
    package func taking(_ report: DevicePosture, at now: Instant) throws(PostureRefusal) -> DevicePosture {
        var result = self
        var count = 0
        func take<Value>(_ name: String, _ path: WritableKeyPath<DevicePosture, Item<Value>?>)
            throws(PostureRefusal)
        {
            guard let new = report[keyPath: path] else { return }
            count += 1
            guard new.observedAt <= now + Self.clockTolerance else {
                throw .fromTheFuture(item: name, observedAt: new.observedAt)
            }
            if let made = new.value as? Instant, made > new.observedAt + Self.clockTolerance {
                throw .newerThanSeen(item: name)
            }
            if let known = self[keyPath: path], new != known, new.observedAt <= known.observedAt {
                throw .backwards(item: name, observedAt: new.observedAt, known: known.observedAt)
            }
            result[keyPath: path] = new
        }
        try take("antivirus", \.antivirus)
        try take("patches", \.patches)
        try take("disk-encryption", \.diskEncryption)
        try take("screen-lock", \.screenLockMinutes)
        try take("firewall", \.firewall)
        guard count > 0 else { throw .nothingReported }
        return result
    }
}
