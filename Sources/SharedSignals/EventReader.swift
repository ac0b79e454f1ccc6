internal import Evidence
internal import Sessions

/// What an event of a token says (CAEP 1.0, RISC 1.0, SSF 1.0).
enum EventReader {
    /// What is known of an event's kind.
    enum Meaning: Hashable {
        case fact(SignalKind, isAgainst: Bool)
        /// No effect here; in words.
        case note(String)
    }

    private static let caep = "https://schemas.openid.net/secevent/caep/event-type/"
    private static let risc = "https://schemas.openid.net/secevent/risc/event-type/"
    private static let ssf = "https://schemas.openid.net/secevent/ssf/event-type/"

    static func read(_ type: String, _ event: JSONObject) throws(TokenProblem) -> Meaning {
        switch type {
        case caep + "session-revoked": return .fact(.sessionRevoked, isAgainst: true)
        case caep + "credential-change":
            // Both are required (CAEP section 3.3.1). Which kind it was makes no difference: whoever could change one is
            // not known to be the person that proved another.
            guard let kind = event.text("credential_type"), !kind.isEmpty,
                let change = event.text("change_type"),
                ["create", "revoke", "update", "delete"].contains(change)
            else { throw .badEvent }
            return .fact(.credentialChange, isAgainst: true)
        case caep + "assurance-level-change":
            guard let level = event.text("current_level"), !level.isEmpty else { throw .badEvent }
            switch event.text("change_direction") {
            case "increase": return .fact(.assuranceLevel, isAgainst: false)
            case "decrease": return .fact(.assuranceLevel, isAgainst: true)
            // Levels have no order that is known here: closed when in doubt.
            case nil where !event.has("change_direction"): return .fact(.assuranceLevel, isAgainst: true)
            default: throw .badEvent
            }
        case caep + "device-compliance-change":
            switch event.text("current_status") {
            case "not-compliant": return .fact(.deviceCompliance, isAgainst: true)
            case "compliant": return .fact(.deviceCompliance, isAgainst: false)
            default: throw .badEvent
            }
        case risc + "account-disabled": return .fact(.accountDisabled, isAgainst: true)
        case risc + "account-enabled": return .fact(.accountDisabled, isAgainst: false)
        case ssf + "verification": return .note("verification of the stream")
        case ssf + "stream-updated":
            guard let status = event.text("status"), ["enabled", "paused", "disabled"].contains(status) else {
                throw .badEvent
            }
            return .note("the stream is \(status)")
        default: return .note("an event that means nothing here: \(PlainText.shown(type))")
        }
    }

    /// Whom an event of a kind is about. None for somebody that nobody can be here.
    ///
    /// Who is named in a form that fits a person and a device is both: closed when in doubt.
    static func subjects(_ named: NamedSubject, of kind: SignalKind) -> [SignalSubject] {
        let subjects: [SignalSubject]
        switch kind {
        case .sessionRevoked where named.isComplex:
            subjects = [SignalSubject(users: named.users ?? [], devices: named.devices ?? [])]
        case .sessionRevoked:
            subjects = [
                SignalSubject(users: named.people + named.anybody), SignalSubject(devices: named.anybody),
            ]
        case .deviceCompliance where named.isComplex:
            // The device is what is not as it should be, whoever uses it.
            subjects = [
                named.devices.map { SignalSubject(devices: $0) } ?? SignalSubject(users: named.users ?? [])
            ]
        case .deviceCompliance:
            subjects = [SignalSubject(users: named.people), SignalSubject(devices: named.anybody)]
        case .credentialChange, .assuranceLevel, .accountDisabled:
            guard named.isComplex else {
                return [SignalSubject(users: named.people + named.anybody)].filter { !$0.isEmpty }
            }
            subjects = [
                named.users.map { SignalSubject(users: $0) } ?? SignalSubject(devices: named.devices ?? [])
            ]
        }
        return subjects.filter { !$0.isEmpty }
    }

    /// Why, in the transmitter's words for administrators: by language (CAEP section 2), or a plain text.
    static func reason(_ event: JSONObject) -> String {
        let text =
            event.text("reason_admin") ?? event.object("reason_admin").flatMap {
                $0.text("en") ?? $0.firstText
            }
            ?? event.text("reason") ?? ""
        return PlainText.shown(text)
    }
}

extension JSONObject {
    fileprivate var firstText: String? { entries.lazy.compactMap { text($0.value) }.first }
}
