import Sessions

/// One setting by its name, as tests of a pack look at it.
package enum Setting: String, Sendable, Hashable, CaseIterable {
    case reviewBy = "review-by"
    case idle
    case monitoringFlows = "monitoring.flows"
    case monitoringDPIA = "monitoring.dpia"
    case monitoringApprovedBy = "monitoring.approved-by"
    case monitoringRetention = "monitoring.retention"
    case monitoringPseudonymous = "monitoring.pseudonymous"
    case auditRetention = "audit.retention"
    case auditSpotChecksEvery = "audit.spot-checks.every"
    case auditSpotChecksSample = "audit.spot-checks.sample"
    case incidentsAlert = "incidents.alert"
    case changesReference = "changes.reference"
    case changesConfirmWithin = "changes.confirm-within"
    case alwaysNoDirectInternet = "always.no-direct-internet"
    case alwaysNoSessionToSession = "always.no-session-to-session"
    case alwaysOwnAddressOnly = "always.own-address-only"
    case alwaysNoInbound = "always.no-inbound"
    case alwaysWithdrawAtOnce = "always.withdraw-at-once"
    case alwaysFullTunnel = "always.full-tunnel"

    /// Set for those of `always`, whose value is the clauses that they serve.
    package var protection: Settings.Protection? {
        let parts = rawValue.split(separator: ".")
        return parts.first == "always" ? Settings.Protection(rawValue: String(parts[1])) : nil
    }

    /// How a value of it is written, and what it is compared as: 24h is 1d.
    var form: TextForm<String> {
        switch self {
        case .reviewBy: TextForm<CivilDate>.date().words { "\($0)" }
        case .idle, .monitoringRetention, .auditRetention, .auditSpotChecksEvery, .changesConfirmWithin:
            TextForm<Duration>.duration().words(TimeText.text)
        case .monitoringFlows: Self.word("whether flows are recorded", OnOff.self)
        case .monitoringPseudonymous: TextForm<Bool>.boolean().words { "\($0)" }
        case .auditSpotChecksSample: TextForm<Int>.count(upTo: Int.max).words { "\($0)" }
        case .incidentsAlert: Self.word("what people are alerted of", Settings.Incident.self)
        case .changesReference: Self.word("whether a change needs a reference", ReferenceUse.self)
        case .monitoringDPIA, .monitoringApprovedBy, .alwaysNoDirectInternet, .alwaysNoSessionToSession,
            .alwaysOwnAddressOnly, .alwaysNoInbound, .alwaysWithdrawAtOnce, .alwaysFullTunnel:
            .freeName
        }
    }

    private static func word<Word>(_ what: String, _ kind: Word.Type) -> TextForm<String>
    where Word: RawRepresentable<String> & CaseIterable {
        let words = Word.allCases.map(\.rawValue)
        return TextForm<String>("\(what): \(words.joined(separator: ", "))", .words(words)) {
            Word(rawValue: $0)?.rawValue
        }
    }
}

extension Settings {
    /// What a setting is, in the words of the files, sorted; nothing where the pack does not say and nothing follows
    /// from that.
    package func words(of setting: Setting) -> [String] {
        if let protection = setting.protection { return Set(always[protection]?.cites ?? []).sorted() }
        let word: String? =
            switch setting {
            case .reviewBy: review.map { "\($0.date)" }
            case .idle: idle.map { TimeText.text($0.after) }
            case .monitoringFlows: monitoring?.logsFlows ?? false ? "on" : "off"
            case .monitoringDPIA: monitoring?.dpia
            case .monitoringApprovedBy: monitoring?.approvedBy
            case .monitoringRetention: monitoring?.retention.map(TimeText.text)
            case .monitoringPseudonymous: "\(monitoring?.isPseudonymous ?? false)"
            case .auditRetention: audit?.retention.map(TimeText.text)
            case .auditSpotChecksEvery: audit?.spotChecks.map { TimeText.text($0.every) }
            case .auditSpotChecksSample: audit?.spotChecks.map { "\($0.sample)" }
            case .changesReference:
                (changes?.needsReference ?? false ? ReferenceUse.required : .optional).rawValue
            case .changesConfirmWithin: changes?.confirmWithin.map(TimeText.text)
            case .incidentsAlert: nil
            case .alwaysNoDirectInternet, .alwaysNoSessionToSession, .alwaysOwnAddressOnly, .alwaysNoInbound,
                .alwaysWithdrawAtOnce, .alwaysFullTunnel:
                nil
            }
        if setting == .incidentsAlert { return (incidents?.alert ?? []).map(\.rawValue).sorted() }
        return word.map { [$0] } ?? []
    }
}

/// As settings have it.
enum OnOff: String, CaseIterable {
    case on, off
}

/// Whether new rules come into force without the reference of a request.
enum ReferenceUse: String, CaseIterable {
    case required, optional
}

extension TextForm {
    /// The same text in the one way in which it is compared.
    fileprivate func words(_ text: @escaping (Value) -> String) -> TextForm<String> {
        let parse = parse
        return TextForm<String>(expected, schema) { parse($0).map(text) }
    }

    /// A whole number from one on.
    static func count(upTo most: Int) -> TextForm<Int> {
        let expected = most == .max ? "a whole number" : "a whole number from 1 to \(most)"
        return TextForm<Int>(expected, .count(upTo: most)) { text in
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else { return nil }
            return (1...most).contains(number) ? number : nil
        }
    }

    /// A duration between two others.
    static func duration(
        from least: Duration, through most: Duration, such example: String
    ) -> TextForm<Duration> {
        let range = "from \(TimeText.text(least)) to \(TimeText.text(most))"
        return TextForm<Duration>("a duration \(range), such as \(example)", .duration) { text in
            TimeText.duration(text).flatMap { (least...most).contains($0) ? $0 : nil }
        }
    }
}
