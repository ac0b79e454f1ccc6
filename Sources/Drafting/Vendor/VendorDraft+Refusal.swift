import PolicyLanguage
import Sessions

/// What is wrong with a vendor, in a sentence of the one who asked for it: there is no file yet to point into.
extension VendorDraft {
    func refusal(by policy: Policy, at now: Instant) -> String? {
        texts ?? dates(now) ?? names(in: policy) ?? limits ?? taken(in: policy)
    }

    private var texts: String? {
        let named: [(String, String?)] = [
            ("the vendor's name", name), ("the reference", reference), ("the sponsor", sponsor),
            ("the organisation", organisation), ("the line about it", about),
            ("what people are told", tell),
        ]
        for (what, text) in named {
            if let text, let why = LineOfText.problem(text) { return "\(what) \(why)" }
        }
        return nil
    }

    private func dates(_ now: Instant) -> String? {
        guard let clock = ZoneClock(named: zone) else {
            return unknown("time zone", zone, among: ZoneClock.knownNames)
        }
        if until < from { return "the contract would end on \(until), before it begins on \(from)" }
        if clock.first(until.adding(days: 1)) <= now { return "the contract ended on \(until)" }
        return nil
    }

    private func names(in policy: Policy) -> String? {
        let authorities = policy.authorities.map(\.name)
        if !authorities.contains(authority) { return unknown("authority", authority, among: authorities) }
        if systems.isEmpty { return "a vendor reaches what it is contracted for: name a system" }
        let known = policy.systems.map(\.name)
        for system in systems where !known.contains(system) {
            return unknown("system", system, among: known)
        }
        for case let system? in systems.map({ policy.system(named: $0) }) {
            for case .never(let label) in system.needs.map(\.test) {
                return "system '\(system.name)' is not for remote sessions: its label is '\(label)'"
            }
        }
        // A pack without a list of clauses cites what it likes.
        let clauses = policy.clauses.map(\.id)
        for cite in cites {
            if let why = LineOfText.problem(cite) { return "the clause \(why)" }
            if !clauses.isEmpty, !clauses.contains(cite) { return unknown("clause", cite, among: clauses) }
        }
        return nil
    }

    private func unknown(_ what: String, _ name: String, among known: [String]) -> String {
        let nearest = NearestName.find(name, among: known).map { ": did you mean '\($0)'?" }
        let all = known.isEmpty || known.count > 12 ? "" : "; there are \(known.joined(separator: ", "))"
        return "the pack knows no \(what) '\(PlainText.shown(name))'\(nearest ?? all)"
    }

    private var limits: String? {
        if let mfa, CodeAge.form.parse(mfa) == nil {
            return "expected \(CodeAge.form.expected), found '\(PlainText.shown(mfa))'"
        }
        if let warnBefore, TimeText.duration(warnBefore) == nil {
            return
                "expected how long before the end checks warn, such as 30d, found '\(PlainText.shown(warnBefore))'"
        }
        guard let hours else { return nil }
        for days in hours.days where TimeText.weekdays(days) == nil {
            return "expected days such as mon or mon-fri, found '\(PlainText.shown(days))'"
        }
        for time in [hours.from, hours.to] where TimeText.minuteOfDay(time) == nil {
            return "expected a time of day such as 08:00, found '\(PlainText.shown(time))'"
        }
        if hours.from == hours.to {
            return
                "expected hours that end at another time than they begin, found \(hours.from) to \(hours.to)"
        }
        if hours.days.isEmpty { return "expected days such as mon-fri" }
        return nil
    }

    private func taken(in policy: Policy) -> String? {
        policy.policyClass(named: className).map { "'\(name)' has a file already: \($0.location.file)" }
    }
}

/// A text that somebody typed, on its way into a file.
enum LineOfText {
    /// What is wrong with it, to go on a sentence.
    static func problem(_ text: String) -> String? {
        if text.allSatisfy(\.isWhitespace) { return "is empty" }
        if text.utf8.count > 256 { return "is longer than 256 bytes" }
        if text.unicodeScalars.contains(where: PlainText.isControl) {
            return "has a line end or another control character in it"
        }
        return PlainText.isName(text) ? nil : "has a space at one end"
    }
}

/// How long a one-time code lasts.
enum CodeAge {
    /// Nobody types a code, connects and does a thing in less than a minute.
    static var form: TextForm<String> {
        TextForm("how long a code lasts, 1m or more, such as 12h") { text in
            TimeText.duration(text).flatMap { $0 >= .seconds(60) ? text : nil }
        }
    }
}
