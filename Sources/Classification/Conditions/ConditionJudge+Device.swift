import Evidence
import PolicyLanguage
import Sessions

extension ConditionJudge {
    static let notRegistered = "not on the register"

    func status(_ statuses: Set<DeviceStatus>) -> Judgement {
        guard let device = evidence.device else { return answer(.unknown, saw: Self.notRegistered) }
        return answer(
            statuses.contains(device.status) ? .holds : .fails,
            saw: "\(device.id) is \(device.status.rawValue)")
    }

    func kind(_ kinds: Set<DeviceKind>) -> Judgement {
        guard let device = evidence.device else { return answer(.unknown, saw: Self.notRegistered) }
        return answer(
            kinds.contains(device.kind) ? .holds : .fails, saw: "\(device.id) is a \(device.kind.rawValue)")
    }

    func managed(_ wanted: Bool) -> Judgement {
        guard let device = evidence.device else { return answer(.unknown, saw: Self.notRegistered) }
        guard let isManaged = device.isManaged else {
            return answer(.unknown, saw: "the register does not say whether \(device.id) is managed")
        }
        return answer(
            isManaged == wanted ? .holds : .fails, saw: "\(device.id) is \(isManaged ? "" : "not ")managed")
    }

    func deviceOrganisation(_ names: Set<String>) -> Judgement {
        guard let device = evidence.device else { return answer(.unknown, saw: Self.notRegistered) }
        guard let organisation = device.organisation else {
            return answer(.unknown, saw: "the register does not say whose \(device.id) is")
        }
        return answer(
            names.contains(organisation) ? .holds : .fails, saw: "\(device.id) is of \(organisation)")
    }

    func owned() -> Judgement {
        guard let device = evidence.device else { return answer(.fails, saw: Self.notRegistered) }
        guard let owner = device.owner else { return answer(.fails, saw: "\(device.id) is nobody's own") }
        return answer(
            owner == evidence.userName ? .holds : .fails, saw: "\(device.id) was given to \(owner)")
    }

    func lent() -> Judgement {
        guard let device = evidence.device else { return answer(.fails, saw: Self.notRegistered) }
        let own = evidence.loans.filter { $0.user == evidence.userName }
        if let last = own.filter({ $0.isOpen(at: now) }).lasting(\.until) {
            return answer(.holds, until: last.until, saw: "lent to \(last.user): \(last.reference)")
        }
        let other = evidence.loans.last { $0.isOpen(at: now) }
        return answer(
            .fails, until: own.filter { now < $0.from }.map(\.from).min(),
            saw: other.map { "\(device.id) is lent to \($0.user)" } ?? "\(device.id) is not lent out")
    }

    func onSite(within age: Duration) -> Judgement {
        guard let device = evidence.device else { return answer(.fails, saw: Self.notRegistered) }
        guard let last = device.lastOnSite else {
            return answer(.fails, saw: "\(device.id) was never on site")
        }
        return fresh("last visit of \(device.id)", at: last, within: age)
    }

    func unregistered() -> Judgement {
        guard let device = evidence.device else { return answer(.holds, saw: Self.notRegistered) }
        return answer(.fails, saw: "registered as \(device.id)")
    }

    // MARK: Posture

    func posture(_ need: PostureNeed) -> Judgement {
        let posture = evidence.posture
        return switch need {
        case .antivirus(let age): made("anti-virus signatures", posture?.antivirus, within: age)
        case .patches(let age): made("updates", posture?.patches, within: age)
        case .diskEncryption(let age): seen("disk encryption", posture?.diskEncryption, within: age) { $0 }
        case .firewall(let age): seen("firewall", posture?.firewall, within: age) { $0 }
        case .screenLock(let minutes, let age):
            seen("screen lock", posture?.screenLockMinutes, within: age) { $0 > 0 && $0 <= minutes }
        }
    }

    /// The value is the time that counts.
    private func made(
        _ what: String, _ item: DevicePosture.Item<Instant>?, within age: Duration
    ) -> Judgement {
        guard let item else { return answer(.fails, saw: "\(what) never reported") }
        return fresh(what, at: item.value, within: age)
    }

    /// The value is as it should be, and the time is that of the sight.
    private func seen<Value>(
        _ what: String, _ item: DevicePosture.Item<Value>?, within age: Duration, isGood: (Value) -> Bool
    ) -> Judgement {
        guard let item else { return answer(.fails, saw: "\(what) never reported") }
        guard isGood(item.value) else {
            return answer(.fails, saw: "\(what) not as it should be, seen at \(item.observedAt)")
        }
        return fresh("sight of the \(what)", at: item.observedAt, within: age)
    }
}

extension Loan {
    fileprivate func isOpen(at now: Instant) -> Bool { from <= now && until.map { now < $0 } ?? true }
}

extension Array {
    /// The one that ends last, where nil is never.
    func lasting(_ end: (Element) -> Instant?) -> Element? {
        first { end($0) == nil } ?? self.max { (end($0) ?? .distantPast) < (end($1) ?? .distantPast) }
    }
}

extension Instant {
    fileprivate static let distantPast = Instant(nanosecondsSince1970: .min)
}
