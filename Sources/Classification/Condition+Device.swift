import Evidence
import PolicyLanguage
import Sessions

extension Condition {
    private static let unregistered = "not on the register"

    static func judge(_ statuses: Set<DeviceStatus>, _ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.unknown, saw: unregistered) }
        let saw = "\(device.id) is \(device.status.rawValue)"
        return Judgement(statuses.contains(device.status) ? .holds : .fails, saw: saw)
    }

    static func judge(_ kinds: Set<DeviceKind>, _ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.unknown, saw: unregistered) }
        let saw = "\(device.id) is a \(device.kind.rawValue)"
        return Judgement(kinds.contains(device.kind) ? .holds : .fails, saw: saw)
    }

    static func judge(managed wanted: Bool, _ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.unknown, saw: unregistered) }
        guard let isManaged = device.isManaged else {
            return Judgement(.unknown, saw: "the register does not say whether \(device.id) is managed")
        }
        return Judgement(
            isManaged == wanted ? .holds : .fails, saw: "\(device.id) is \(isManaged ? "" : "not ")managed")
    }

    static func judge(deviceOf names: Set<String>, _ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.unknown, saw: unregistered) }
        guard let organisation = device.organisation else {
            return Judgement(.unknown, saw: "the register does not say whose \(device.id) is")
        }
        return Judgement(
            names.contains(organisation) ? .holds : .fails, saw: "\(device.id) is of \(organisation)")
    }

    static func judgeOwner(_ evidence: SessionEvidence) -> Judgement {
        guard let device = evidence.device else { return Judgement(.fails, saw: unregistered) }
        guard let owner = device.owner else { return Judgement(.fails, saw: "\(device.id) is nobody's own") }
        return Judgement(
            owner == evidence.userName ? .holds : .fails, saw: "\(device.id) was given to \(owner)")
    }

    static func judgeLoan(_ evidence: SessionEvidence, _ now: Instant) -> Judgement {
        guard let device = evidence.device else { return Judgement(.fails, saw: unregistered) }
        let own = evidence.loans.filter { $0.user == evidence.userName }
        let open = own.filter { $0.from <= now && $0.until.map { now < $0 } ?? true }
        if let last = open.lasting(\.until) {
            return Judgement(.holds, until: last.until, saw: "lent to \(last.user): \(last.reference)")
        }
        let next = own.filter { now < $0.from }.map(\.from).min()
        let other = evidence.loans.last { $0.from <= now && $0.until.map { now < $0 } ?? true }
        let saw = other.map { "\(device.id) is lent to \($0.user)" } ?? "\(device.id) is not lent out"
        return Judgement(.fails, until: next, saw: saw)
    }

    static func judge(onSiteWithin age: Duration, _ device: DeviceRecord?, _ now: Instant) -> Judgement {
        guard let device else { return Judgement(.fails, saw: unregistered) }
        guard let last = device.lastOnSite else {
            return Judgement(.fails, saw: "\(device.id) was never on site")
        }
        return judge("last visit of \(device.id)", at: last, within: age, now)
    }

    static func judgeUnregistered(_ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.holds, saw: unregistered) }
        return Judgement(.fails, saw: "registered as \(device.id)")
    }

    static func judge(_ need: PostureNeed, _ posture: DevicePosture?, _ now: Instant) -> Judgement {
        switch need {
        case .antivirus(let age): judge("anti-virus signatures", posture?.antivirus, within: age, now)
        case .patches(let age): judge("updates", posture?.patches, within: age, now)
        case .diskEncryption(let age):
            judge("disk encryption", posture?.diskEncryption, seenWithin: age, now) { $0 }
        case .firewall(let age): judge("firewall", posture?.firewall, seenWithin: age, now) { $0 }
        case .screenLock(let minutes, let age):
            judge("screen lock", posture?.screenLockMinutes, seenWithin: age, now) {
                $0 > 0 && $0 <= minutes
            }
        }
    }

    /// The value is the time that counts.
    private static func judge(
        _ what: String, _ item: DevicePosture.Item<Instant>?, within age: Duration, _ now: Instant
    ) -> Judgement {
        guard let item else { return Judgement(.fails, saw: "\(what) never reported") }
        return judge(what, at: item.value, within: age, now)
    }

    /// The value is as it should be, and the time is that of the sight.
    private static func judge<Value>(
        _ what: String, _ item: DevicePosture.Item<Value>?, seenWithin age: Duration, _ now: Instant,
        isGood: (Value) -> Bool
    ) -> Judgement {
        guard let item else { return Judgement(.fails, saw: "\(what) never reported") }
        guard isGood(item.value) else {
            return Judgement(.fails, saw: "\(what) not as it should be, seen at \(item.observedAt)")
        }
        return judge("sight of the \(what)", at: item.observedAt, within: age, now)
    }
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
