import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

extension Condition {
    private static func unregistered(_ evidence: SessionEvidence) -> String {
        "user '\(PlainText.shown(evidence.userName))' is not registered"
    }

    static func judge(user names: Set<String>, _ user: String) -> Judgement {
        Judgement(
            names.contains(user) ? .holds : .fails,
            saw: user.isEmpty ? "no user" : "user '\(PlainText.shown(user))'")
    }

    static func judge(groups: Set<String>, _ evidence: SessionEvidence) -> Judgement {
        guard let seen = evidence.user?.groups else {
            return Judgement(.unknown, saw: unregistered(evidence))
        }
        let saw = seen.isEmpty ? "in no group" : "in \(seen.sorted().joined(separator: ", "))"
        return Judgement(groups.isDisjoint(with: seen) ? .fails : .holds, saw: saw)
    }

    static func judge(userOf names: Set<String>, _ evidence: SessionEvidence) -> Judgement {
        guard let user = evidence.user else { return Judgement(.unknown, saw: unregistered(evidence)) }
        guard let organisation = user.organisation else {
            return Judgement(.unknown, saw: "the register does not say of which organisation \(user.name) is")
        }
        return Judgement(
            names.contains(organisation) ? .holds : .fails, saw: "\(user.name) is of \(organisation)")
    }

    static func judge(steps: Set<String>, _ evidence: SessionEvidence) -> Judgement {
        guard let user = evidence.user else { return Judgement(.fails, saw: unregistered(evidence)) }
        let missing = steps.subtracting(user.steps).sorted()
        return missing.isEmpty
            ? Judgement(.holds, saw: "all done")
            : Judgement(.fails, saw: "not done: \(missing.joined(separator: ", "))")
    }

    static func judge(acknowledgedWithin age: Duration, _ evidence: SessionEvidence, _ now: Instant)
        -> Judgement
    {
        guard let user = evidence.user else { return Judgement(.fails, saw: unregistered(evidence)) }
        guard let last = user.acknowledgedAt else { return Judgement(.fails, saw: "never acknowledged") }
        return judge("acknowledgement", at: last, within: age, now)
    }

    /// Approvals that have not begun, or have ended, do not count; of several that do, the one that lasts longest.
    static func judge(_ need: ApprovalNeed, _ evidence: SessionEvidence, _ now: Instant) -> Judgement {
        if need == .travel, evidence.country == nil {
            return Judgement(.fails, saw: "the country is not known")
        }
        let fitting = evidence.approvals.filter { need.isMet(by: $0, in: evidence.country) }
        let current = fitting.filter { $0.from <= now && $0.until.map { now < $0 } ?? true }
        if let last = current.lasting(\.until) {
            return Judgement(
                .holds, until: last.until, saw: "\(last.reference), by \(last.approver)")
        }
        if let next = fitting.filter({ now < $0.from }).min(by: { $0.from < $1.from }) {
            return Judgement(.fails, until: next.from, saw: "\(next.reference) begins at \(next.from)")
        }
        guard let ended = fitting.last else { return Judgement(.fails, saw: "no such approval") }
        return Judgement(.fails, saw: "\(ended.reference) has ended")
    }

    // MARK: Place

    static func judge(_ codes: Set<CountryCode>, _ evidence: SessionEvidence) -> Judgement {
        guard let country = evidence.country else {
            let address = evidence.outer.map { "the country of \($0)" } ?? "the country"
            return Judgement(.unknown, saw: "\(address) is not known")
        }
        return Judgement(codes.contains(country) ? .holds : .fails, saw: "in \(country)")
    }

    static func judge(_ offices: [Office], _ outer: IPAddress?) -> Judgement {
        guard let outer else { return Judgement(.unknown, saw: "the outer address is not known") }
        let office = offices.first { office in office.networks.contains { $0.range.contains(outer) } }
        if let office { return Judgement(.holds, saw: "in the office \(office.name)") }
        return Judgement(.fails, saw: "not in an office")
    }
}

extension ApprovalNeed {
    fileprivate func isMet(by approval: Approval, in country: CountryCode?) -> Bool {
        switch self {
        case .remoteWorking: approval.kind == .remoteWorking
        case .travel: approval.kind == .travel && country.map(approval.countries.contains) ?? false
        case .system(let name, let label):
            approval.kind == .system
                && (approval.systems.contains(name) || label.map(approval.labels.contains) ?? false)
        case .exception(let name): approval.kind == .exception && approval.exception == name
        }
    }
}
