import Evidence
import Sessions

/// Reads what stands under `when` and `needs`, and the parts of it that vendors write apart.
struct ConditionReader {
    let names: PackNames
    let log: DiagnosticLog

    static let keys = [
        "certificate", "organisation", "device", "mfa", "hours", "user", "group", "behaviour",
    ]

    /// The conditions of a mapping, in the order of ``keys`` whatever the file's order: equal conditions then compare
    /// equal, and reasons come in one order.
    func read(_ node: DocumentNode) -> [Condition] {
        guard let mapping = MappingReader(node, "a condition", keys: Self.keys, log: log) else { return [] }
        return Self.keys.compactMap { key in
            test(key, mapping).map { Condition($0, at: mapping.keyRange(key).start) }
        }
    }

    private func test(_ key: String, _ mapping: MappingReader) -> Condition.Test? {
        switch key {
        case "certificate": authorities(mapping, key).map { .certificate(authorities: $0) }
        case "organisation": mapping.read(key, .freeName).map { .organisation($0.value) }
        case "device": device(mapping)
        case "mfa": mapping.node(key).flatMap(mfa)
        case "hours": mapping.node(key).flatMap(hours).map { .hours($0) }
        case "user": names(mapping, key, .user).map { .user($0) }
        case "group": names(mapping, key, .group).map { .group($0) }
        case "behaviour": mapping.node(key).flatMap(behaviour).map { .behaviour($0) }
        default: nil
        }
    }

    /// The authorities that are named; nil when none is left, so that no condition on nothing comes of a mistake.
    func authorities(_ mapping: MappingReader, _ key: String) -> [Authority]? {
        guard mapping.has(key) else { return nil }
        let written = mapping.requireList(key, .freeName, ifEmpty: "name an authority, or leave the key out")
        let found = written.compactMap { name in
            names.check(.authority, name, log: log) ? names.authorities[name.value] : nil
        }
        return found.isEmpty ? nil : found
    }

    private func names(_ mapping: MappingReader, _ key: String, _ kind: PackNames.Kind) -> Set<String>? {
        guard mapping.has(key) else { return nil }
        let written = mapping.requireList(key, .freeName, ifEmpty: "name a \(key), or leave the key out")
        for name in written { names.check(kind, name, log: log) }
        return written.isEmpty ? nil : Set(written.map(\.value))
    }

    private func device(_ mapping: MappingReader) -> Condition.Test? {
        if case .scalar("unregistered", _, _)? = mapping.node("device") { return .unregistered }
        guard mapping.has("device") else { return nil }
        let form: TextForm<DeviceStatus> = .choice("'unregistered' alone, or statuses")
        let statuses = mapping.requireList("device", form, ifEmpty: "name a status, or leave the key out")
        return statuses.isEmpty ? nil : .device(Set(statuses.map(\.value)))
    }

    func mfa(_ node: DocumentNode) -> Condition.Test? {
        MappingReader(node, "mfa", keys: ["within"], log: log)?
            .require("within", .duration()).map { .mfa(within: $0.value) }
    }

    /// `scanning`, a list, or `{ scanning: { within: 8h } }`; nil when nothing is left of it.
    private func behaviour(_ node: DocumentNode) -> [Behaviour: Duration]? {
        let read: [(Behaviour, Duration)]
        if case .mapping = node {
            guard let mapping = MappingReader(node, "a behaviour", keys: Behaviour.names, log: log) else {
                return nil
            }
            read = Behaviour.allCases.compactMap { kind in
                mapping.node(kind.rawValue).flatMap(memory).map { (kind, $0) }
            }
        } else {
            read = log.readList(node, .behaviour()).map { ($0.value, Behaviour.usualMemory) }
        }
        if node.hasNothingIn {
            log.add(.emptyList("behaviour", instead: "name what was seen"), at: node.range)
        }
        return read.isEmpty ? nil : Dictionary(read) { first, _ in first }
    }

    /// Shorter than a minute would let a scan that goes on slip out: it is noted once a minute.
    private func memory(_ node: DocumentNode) -> Duration? {
        let form = TextForm<Duration>("a duration of 1m or more, such as 8h") { text in
            TimeText.duration(text).flatMap { $0 >= .seconds(60) ? $0 : nil }
        }
        return MappingReader(node, "what was seen", keys: ["within"], log: log)?
            .require("within", form)?.value
    }

    func hours(_ node: DocumentNode) -> WeeklyHours? {
        guard let mapping = MappingReader(node, "hours", keys: ["days", "from", "to", "zone"], log: log)
        else {
            return nil
        }
        let days = mapping.requireList("days", .weekdays(), ifEmpty: "name a day")
        let from = mapping.require("from", .timeOfDay())
        let to = mapping.require("to", .timeOfDay())
        let clock = mapping.requiredNode("zone").flatMap(zone)
        guard let from, let to, let clock, !days.isEmpty else { return nil }
        let all = days.reduce(into: Set()) { $0.formUnion($1.value) }
        guard let hours = WeeklyHours(days: all, from: from.value, to: to.value, clock: clock) else {
            let found = "\(quoted(log.written(at: from.range))) to \(quoted(log.written(at: to.range)))"
            let expected = "hours that begin before 24:00 and end at another time"
            log.add(.wrongValue(expected: expected, found: found), at: from.range)
            return nil
        }
        return hours
    }

    func zone(_ node: DocumentNode) -> ZoneClock? {
        guard let name = log.read(node, .freeName) else { return nil }
        if let clock = ZoneClock(named: name.value) { return clock }
        let known = Dictionary(ZoneClock.knownNames.map { ($0, SourceLocation?.none) }) { first, _ in first }
        log.addUnknown(.unknownZone(name.value), name.value, at: name.range, among: known)
        return nil
    }
}

extension Behaviour {
    fileprivate static var names: [String] { allCases.map(\.rawValue) }
}

extension DocumentNode {
    /// An empty list or mapping.
    fileprivate var hasNothingIn: Bool {
        switch self {
        case .scalar: false
        case .sequence(let items, _): items.isEmpty
        case .mapping(let entries, _): entries.isEmpty
        }
    }
}
