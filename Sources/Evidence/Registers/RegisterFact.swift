package import Sessions

/// That somebody said, at some time, what a field of a register is: what a command or an import leaves behind.
///
/// Rule files state registers too, and the later word wins, field by field. A file has no time of its own, so a fact
/// remembers what the file said when it was stated: once the file says something else, the file is later.
package struct RegisterFact: Sendable, Hashable, Codable {
    package var subject: RegisterSubject
    package var field: String
    /// Canonical; empty: the field is not stated any more, whatever the file says.
    package var value: [String]
    package var at: Instant
    /// Who said so.
    package var by: String
    /// Why; empty when not said.
    package var reason: String
    /// What the rule files said then; empty when they said nothing, nil when that was not kept.
    package var over: [String]?

    package init(
        subject: RegisterSubject, field: String, value: [String], at: Instant, by: String,
        reason: String = "",
        over: [String]?
    ) {
        self.subject = subject
        self.field = field
        self.value = value
        self.at = at
        self.by = by
        self.reason = reason
        self.over = over
    }
}

extension RegisterFact {
    /// That a device is lost or stolen, said while no file had a line for it: whoever puts the old line back says nothing new
    /// about that.
    fileprivate var standsAgainstReturn: Bool {
        let isGone = value == [DeviceStatus.lost.rawValue] || value == [DeviceStatus.stolen.rawValue]
        return over == [] && field == "status" && isGone
    }
}

/// The facts that are in force on top of what the rule files state.
package struct RegisterFacts: Sendable, Hashable {
    private var facts: [RegisterSubject: [String: RegisterFact]] = [:]

    /// - Parameter facts: in the order in which they were stated; the last of a field counts.
    package init(_ facts: some Sequence<RegisterFact> = []) {
        for fact in facts { add(fact) }
    }

    package mutating func add(_ fact: RegisterFact) { facts[fact.subject, default: [:]][fact.field] = fact }

    /// Makes these the facts about a subject, in place of all there were.
    package mutating func replace(_ subject: RegisterSubject, with facts: [RegisterFact]) {
        self.facts[subject] = nil
        for fact in facts { add(fact) }
    }

    /// Takes back what is stated of a field, so that the files count.
    package mutating func remove(_ field: String, of subject: RegisterSubject) {
        facts[subject]?[field] = nil
        if facts[subject]?.isEmpty ?? false { facts[subject] = nil }
    }

    package var subjects: some Sequence<RegisterSubject> { facts.keys }

    package var all: [RegisterFact] { facts.values.flatMap(\.values) }

    package subscript(subject: RegisterSubject) -> [RegisterFact] {
        (facts[subject] ?? [:]).values.sorted { $0.field < $1.field }
    }

    /// Drops the facts that the files have overtaken, and returns them. A file that says nothing of a field has not
    /// overtaken anything: a line that is taken out and put back must not bring a stolen device back to life.
    package mutating func drop(overtakenBy files: Registers) -> [RegisterFact] {
        var dropped: [RegisterFact] = []
        for (subject, fields) in facts {
            let stated = files.fields(of: subject) ?? [:]
            for fact in fields.values {
                guard let now = stated[fact.field] else { continue }
                guard let over = fact.over else {
                    facts[subject]?[fact.field]?.over = now
                    continue
                }
                if now != over, !fact.standsAgainstReturn {
                    facts[subject]?[fact.field] = nil
                    dropped.append(fact)
                }
            }
            if facts[subject]?.isEmpty ?? false { facts[subject] = nil }
        }
        return dropped.sorted { ($0.subject.key, $0.field) < ($1.subject.key, $1.field) }
    }

    /// Puts the facts in force that hold when older files come back, and returns those that are to be recorded anew.
    ///
    /// Nobody has said anything new by going back, so no word of an administrator is lost by it. What the newer files had
    /// overtaken is in force again, unless somebody has stated that field since; and where the older files say something
    /// else than a fact stands over, it stands over that from now on.
    package mutating func goBack(to files: Registers, reviving revived: [RegisterFact]) -> [RegisterFact] {
        var restated: [RegisterSubject: [String: RegisterFact]] = [:]
        for fact in revived where facts[fact.subject]?[fact.field] == nil {
            add(fact)
            restated[fact.subject, default: [:]][fact.field] = fact
        }
        for (subject, fields) in facts {
            let stated = files.fields(of: subject) ?? [:]
            for var fact in fields.values where !fact.standsAgainstReturn {
                guard let now = stated[fact.field], now != fact.over else { continue }
                fact.over = now
                add(fact)
                restated[subject, default: [:]][fact.field] = fact
            }
        }
        return restated.values.flatMap(\.values)
            .sorted { ($0.subject.key, $0.field) < ($1.subject.key, $1.field) }
    }

    /// What is stated of a subject, files and facts together.
    package func fields(of subject: RegisterSubject, over files: Registers) -> RegisterFields {
        var fields = files.fields(of: subject) ?? [:]
        for fact in (facts[subject] ?? [:]).values {
            fields[fact.field] = fact.value.isEmpty ? nil : fact.value
        }
        return fields
    }

    /// The registers with every fact laid over what the files state. A line that is not whole then, such as one whose
    /// device left the files, is not in force: nothing is known of it.
    package func laid(over files: Registers) -> Registers {
        var result = files
        // Lines go first, so that what moves from one device to another finds its place free.
        for subject in facts.keys { result.remove(subject) }
        for subject in facts.keys.sorted(by: { ($0.kind.rawValue, $0.key) < ($1.kind.rawValue, $1.key) }) {
            try? result.put(subject, fields(of: subject, over: files))
        }
        return result
    }
}
