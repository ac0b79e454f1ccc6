import Evidence
import Sessions

/// Reads what stands under `when` and `needs`, and the parts of it that vendors write apart.
struct ConditionReader {
    let names: PackNames
    let log: DiagnosticLog
    /// The system whose needs are read, with its label; nil for a class.
    var system: (name: String, label: String?)?

    static let keys = [
        "certificate", "organisation", "device", "posture", "client", "mfa", "hours", "user", "group",
        "approval",
        "country", "office", "behaviour",
    ]

    /// The conditions of a mapping, in the order of ``keys`` whatever the file's order: equal conditions then compare
    /// equal, and reasons come in one order.
    func read(_ node: DocumentNode) -> [Condition] {
        guard let mapping = MappingReader(node, "a condition", keys: Self.keys, log: log) else { return [] }
        return Self.keys.flatMap { key in conditions(key, mapping) }
    }

    private func conditions(_ key: String, _ mapping: MappingReader) -> [Condition] {
        switch key {
        case "certificate": certificate(mapping)
        case "device": device(mapping)
        case "posture": mapping.node(key).map(posture) ?? []
        case "client": mapping.node(key).map(client) ?? []
        case "user": user(mapping)
        case "approval": mapping.node(key).map { approvals($0, at: mapping.keyRange(key).start) } ?? []
        default: test(key, mapping).map { [Condition($0, at: mapping.keyRange(key).start)] } ?? []
        }
    }

    private func test(_ key: String, _ mapping: MappingReader) -> Condition.Test? {
        switch key {
        case "organisation": mapping.read(key, .freeName).map { .organisation($0.value) }
        case "mfa": mapping.node(key).flatMap(mfa)
        case "hours": mapping.node(key).flatMap(hours).map { .hours($0) }
        case "group": names(mapping, key, .group).map { .group($0) }
        case "country": countries(mapping, key).map { .country($0) }
        case "office": offices(mapping, key).map { .office($0) }
        case "behaviour": mapping.node(key).flatMap(behaviour).map { .behaviour($0) }
        default: nil
        }
    }

    /// The authorities that are named; nil when none is left, so that no condition on nothing comes of a mistake.
    func authorities(_ mapping: MappingReader, _ key: String, isRequired: Bool = false) -> [Authority]? {
        guard mapping.has(key) || isRequired else { return nil }
        let written = mapping.requireList(key, .freeName, ifEmpty: "name an authority, or leave the key out")
        let found = written.compactMap { name in
            names.check(.authority, name, log: log) ? names.authority(name.value) : nil
        }
        return found.isEmpty ? nil : found
    }

    func names(_ mapping: MappingReader, _ key: String, _ kind: PackNames.Kind) -> Set<String>? {
        guard mapping.has(key) else { return nil }
        let written = mapping.requireList(
            key, .freeName, ifEmpty: "name a \(kind.rawValue), or leave the key out")
        for name in written { names.check(kind, name, log: log) }
        return written.isEmpty ? nil : Set(written.map(\.value))
    }

    /// A list of values of any form; nil when none is left, so that no condition on nothing comes of a mistake.
    func values<Value: Hashable>(
        _ mapping: MappingReader, _ key: String, _ form: TextForm<Value>
    ) -> Set<Value>? {
        guard mapping.has(key) else { return nil }
        let written = mapping.requireList(key, form, ifEmpty: "name one, or leave the key out")
        return written.isEmpty ? nil : Set(written.map(\.value))
    }

    /// `{ within: 24h }`
    func age(_ node: DocumentNode, _ what: String) -> Duration? {
        if case .scalar(let text, _, let range) = node {
            // Most people write this first.
            let suggestion = TimeText.duration(text) == nil ? nil : "{ within: \(text) }"
            log.addWrongType(
                expected: "an age such as { within: 12h }", found: node.kind, at: range,
                suggestion: suggestion)
            return nil
        }
        return MappingReader(node, what, keys: ["within"], log: log)?.require("within", .duration())?.value
    }

    func mfa(_ node: DocumentNode) -> Condition.Test? { age(node, "mfa").map { .mfa(within: $0) } }

    private func countries(_ mapping: MappingReader, _ key: String) -> Set<CountryCode>? {
        values(mapping, key, .countryCode())
    }

    /// `any`, or offices by name.
    private func offices(_ mapping: MappingReader, _ key: String) -> [Office]? {
        guard let node = mapping.node(key) else { return nil }
        if case .scalar("any", _, let range) = node {
            let all = names.offices.values.sorted { $0.name < $1.name }
            if all.isEmpty, !names.isUnsure(.office) {
                let note = Diagnostic.Note("the pack has no offices.yaml, or nothing is in it")
                log.add(.undefined(.undefinedOffice, "office", "any"), at: range, notes: [note])
            }
            return all.isEmpty ? nil : all
        }
        let found = names(mapping, key, .office)?.map { names.office($0) } ?? []
        return found.isEmpty ? nil : found.sorted { $0.name < $1.name }
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
            let instead = "name what was seen"
            if case .mapping = node {
                log.add(.emptyMapping("behaviour", instead: instead), at: node.range)
            } else {
                log.add(.emptyList("behaviour", instead: instead), at: node.range)
            }
        }
        return read.isEmpty ? nil : Dictionary(read) { first, _ in first }
    }

    static var memory: TextForm<Duration> {
        TextForm<Duration>("a duration of 1m or more, such as 8h", .duration) { text in
            TimeText.duration(text).flatMap { $0 >= .seconds(60) ? $0 : nil }
        }
    }

    /// Shorter than a minute would let a scan that goes on slip out: it is noted once a minute.
    private func memory(_ node: DocumentNode) -> Duration? {
        MappingReader(node, "what was seen", keys: ["within"], log: log)?
            .require("within", Self.memory)?.value
    }

    static let hoursKeys = ["days", "from", "to", "zone"]

    func hours(_ node: DocumentNode) -> WeeklyHours? {
        guard let mapping = MappingReader(node, "hours", keys: Self.hoursKeys, log: log)
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
            let found = [from, to].map { quoted(log.written(at: $0.range).filter { !"\"'".contains($0) }) }
                .joined(separator: " to ")
            let expected = "hours that begin before 24:00 and end at another time"
            log.add(.wrongValue(expected: expected, found: found), at: from.range)
            return nil
        }
        return hours
    }

    private static let knownZones = Dictionary(ZoneClock.knownNames.map { ($0, SourceLocation?.none) }) {
        first, _ in first
    }

    func zone(_ node: DocumentNode) -> ZoneClock? {
        guard let name = log.read(node, .freeName) else { return nil }
        if let clock = ZoneClock(named: name.value) { return clock }
        log.addUnknown(.unknownZone(name.value), name.value, at: name.range, among: Self.knownZones)
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
