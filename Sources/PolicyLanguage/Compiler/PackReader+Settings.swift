import Sessions

/// What `policy.yaml` says of the gateway as a whole.
extension PackReader {
    static let settingKeys = ["review-by", "idle", "monitoring", "audit", "incidents", "changes", "always"]

    /// Before classes are read: the idle time is theirs, too.
    func readSettings(_ file: MappingReader) {
        settings.review = review(file)
        settings.idle = idle(file)
        settings.monitoring = file.node("monitoring").flatMap {
            monitoring($0, at: file.keyRange("monitoring"))
        }
        settings.audit = file.node("audit").flatMap { audit($0, at: file.keyRange("audit")) }
        settings.incidents = file.node("incidents").flatMap { incidents($0, at: file.keyRange("incidents")) }
        settings.changes = file.node("changes").flatMap { changes($0, at: file.keyRange("changes")) }
        settings.always = file.node("always").map(always) ?? [:]
    }

    private func served(by mapping: MappingReader?, at range: SourceRange) -> Settings.Serving {
        Settings.Serving(cites: mapping.map(citations) ?? [], at: range.start)
    }

    /// A value by itself, or a mapping that has it under a key, with what it serves.
    private func value<Value>(
        _ file: MappingReader, _ key: String, under inner: String, _ form: TextForm<Value>
    ) -> (value: Located<Value>, serving: Settings.Serving)? {
        guard let node = file.node(key) else { return nil }
        let place = file.keyRange(key)
        guard case .mapping = node else {
            return log.read(node, form).map { ($0, served(by: nil, at: place)) }
        }
        guard let mapping = MappingReader(node, "'\(key)'", keys: [inner, "cites"], log: log) else {
            return nil
        }
        let serving = served(by: mapping, at: place)
        return mapping.require(inner, form).map { ($0, serving) }
    }

    private func review(_ file: MappingReader) -> Settings.Review? {
        guard let (date, serving) = value(file, "review-by", under: "date", .date()) else { return nil }
        let review = Settings.Review(date: date.value, serving: serving)
        if review.dueAt <= now { log.add(.reviewOverdue("\(date.value)"), at: date.range) }
        return review
    }

    private func idle(_ file: MappingReader) -> Settings.IdleTime? {
        value(file, "idle", under: "after", .idleTime()).map {
            Settings.IdleTime(after: $0.value.value, serving: $0.serving)
        }
    }

    // MARK: Monitoring

    static let monitoringKeys = [
        "flows", "dpia", "approved-by", "retention", "pseudonymous", "cites",
    ]

    /// What is recorded of everybody's connections is not kept longer than a year.
    static var flowRetention: TextForm<Duration> {
        .duration(from: .seconds(3600), through: .seconds(366 * 86_400), such: "30d")
    }

    private func monitoring(_ node: DocumentNode, at range: SourceRange) -> Settings.Monitoring? {
        guard let mapping = MappingReader(node, "'monitoring'", keys: Self.monitoringKeys, log: log) else {
            return nil
        }
        // No nearest word here: that of "no" is "on".
        let flows: Located<OnOff>? = mapping.require("flows", .choice("whether flows are recorded"))
        let dpia = mapping.read("dpia", .freeName)?.value
        let approvedBy = mapping.read("approved-by", .freeName)?.value
        let retention = mapping.read("retention", Self.flowRetention)?.value
        let isPseudonymous = mapping.read("pseudonymous", .boolean())?.value
        let serving = served(by: mapping, at: range)
        guard let flows else { return nil }
        if flows.value == .on { refuseUnapproved(mapping, at: flows.range) }
        return Settings.Monitoring(
            logsFlows: flows.value == .on, dpia: dpia, approvedBy: approvedBy, retention: retention,
            isPseudonymous: isPseudonymous ?? false, serving: serving)
    }

    /// An assessment that is not named was not made, as far as anybody can tell.
    private func refuseUnapproved(_ mapping: MappingReader, at range: SourceRange) {
        let reasons = [
            "dpia": "the reference of the data protection impact assessment",
            "approved-by": "who approved it, having read the assessment",
            "retention": "how long records are kept, such as 30d",
        ]
        for key in ["dpia", "approved-by", "retention"] where !mapping.has(key) {
            let note = reasons[key].map { [Diagnostic.Note($0)] } ?? []
            log.add(.missingKey(key, in: "recording flows"), at: range, notes: note)
        }
    }

    // MARK: Audit and incidents

    static let auditKeys = ["retention", "spot-checks", "cites"]
    static let spotChecksKeys = ["every", "sample", "cites"]
    static let incidentsKeys = ["alert", "cites"]
    static let changesKeys = ["reference", "confirm-within", "cites"]
    static var spotCheckSample: TextForm<Int> { .count(upTo: 1000) }

    static var auditRetention: TextForm<Duration> {
        .duration(from: .seconds(86_400), through: .seconds(3660 * 86_400), such: "730d")
    }
    static var spotCheckInterval: TextForm<Duration> {
        .duration(from: .seconds(86_400), through: .seconds(366 * 86_400), such: "30d")
    }

    private func audit(_ node: DocumentNode, at range: SourceRange) -> Settings.Audit? {
        guard let mapping = MappingReader(node, "'audit'", keys: Self.auditKeys, log: log) else { return nil }
        let retention = mapping.read("retention", Self.auditRetention)?.value
        let checks = mapping.node("spot-checks").flatMap {
            spotChecks($0, at: mapping.keyRange("spot-checks"))
        }
        return Settings.Audit(
            retention: retention, spotChecks: checks, serving: served(by: mapping, at: range))
    }

    private func spotChecks(_ node: DocumentNode, at range: SourceRange) -> Settings.SpotChecks? {
        guard let mapping = MappingReader(node, "'spot-checks'", keys: Self.spotChecksKeys, log: log) else {
            return nil
        }
        let every = mapping.require("every", Self.spotCheckInterval)
        let sample = mapping.require("sample", Self.spotCheckSample)
        let serving = served(by: mapping, at: range)
        guard let every, let sample else { return nil }
        return Settings.SpotChecks(every: every.value, sample: sample.value, serving: serving)
    }

    private func incidents(_ node: DocumentNode, at range: SourceRange) -> Settings.Incidents? {
        guard let mapping = MappingReader(node, "'incidents'", keys: Self.incidentsKeys, log: log) else {
            return nil
        }
        let alert = mapping.requiredNode("alert")
            .map { log.readWords($0, "alert", "what people are alerted of", Settings.Incident.self) }
        return Settings.Incidents(
            alert: Set(alert?.map(\.value) ?? []), serving: served(by: mapping, at: range))
    }

    // MARK: Changes

    static var confirmation: TextForm<Duration> {
        .duration(from: .seconds(60), through: .seconds(86_400), such: "10m")
    }

    private func changes(_ node: DocumentNode, at range: SourceRange) -> Settings.Changes? {
        guard let mapping = MappingReader(node, "'changes'", keys: Self.changesKeys, log: log) else {
            return nil
        }
        let reference = mapping.node("reference")
            .flatMap { log.readWord($0, "whether a change needs a reference", ReferenceUse.self) }
        let confirmWithin = mapping.read("confirm-within", Self.confirmation)?.value
        return Settings.Changes(
            needsReference: reference?.value == .required, confirmWithin: confirmWithin,
            serving: served(by: mapping, at: range))
    }

    // MARK: What is so under every pack

    /// `{ no-inbound: [clause] }`: built in, so that all there is to say is whom it serves.
    private func always(_ node: DocumentNode) -> [Settings.Protection: Settings.Serving] {
        let names = Settings.Protection.allCases.map(\.rawValue)
        guard let mapping = MappingReader(node, "'always'", keys: names, log: log) else { return [:] }
        var always: [Settings.Protection: Settings.Serving] = [:]
        for protection in Settings.Protection.allCases where mapping.has(protection.rawValue) {
            let key = protection.rawValue
            let cites = mapping.requireList(key, .freeName, ifEmpty: "name a clause, or leave the key out")
            always[protection] = Settings.Serving(
                cites: checked(cites), at: mapping.keyRange(key).start)
        }
        return always
    }
}

extension DiagnosticLog {
    /// Reads one of a few words; another is reported with the nearest.
    func readWord<Word>(_ node: DocumentNode, _ what: String, _ kind: Word.Type) -> Located<Word>?
    where Word: RawRepresentable<String> & CaseIterable {
        let names = Word.allCases.map(\.rawValue)
        let expected = "\(what): \(names.joined(separator: ", "))"
        guard let text = read(node, TextForm(expected, .words(names), { $0 })) else { return nil }
        if let word = Word(rawValue: text.value) { return Located(word, at: text.range) }
        let known = Dictionary(names.map { ($0, SourceLocation?.none) }) { first, _ in first }
        addUnknown(
            .wrongValue(expected: expected, found: quoted(text.value)), text.value, at: text.range,
            among: known)
        return nil
    }

    /// A list of such words, or one for a list of one; an empty list is reported.
    func readWords<Word>(
        _ node: DocumentNode, _ key: String, _ what: String, _ kind: Word.Type
    ) -> [Located<Word>] where Word: RawRepresentable<String> & CaseIterable {
        guard case .sequence(let items, let range) = node else {
            return [readWord(node, what, kind)].compactMap(\.self)
        }
        if items.isEmpty { add(.emptyList(key, instead: "name one, or leave the key out"), at: range) }
        return items.compactMap { readWord($0, what, kind) }
    }
}
