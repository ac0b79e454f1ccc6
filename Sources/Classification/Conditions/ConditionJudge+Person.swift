import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

extension ConditionJudge {
    private var notRegistered: String { "user '\(PlainText.shown(evidence.userName))' is not registered" }

    func oneTimeCode(within age: Duration) -> Judgement {
        guard let verified = evidence.mfaVerifiedAt else { return answer(.fails, saw: "no one-time code") }
        return fresh("one-time code", at: verified, within: age)
    }

    func user(_ names: Set<String>) -> Judgement {
        let user = evidence.userName
        return answer(
            names.contains(user) ? .holds : .fails,
            saw: user.isEmpty ? "no user" : "user '\(PlainText.shown(user))'")
    }

    func group(_ groups: Set<String>) -> Judgement {
        guard let seen = evidence.user?.groups else { return answer(.unknown, saw: notRegistered) }
        return answer(
            groups.isDisjoint(with: seen) ? .fails : .holds,
            saw: seen.isEmpty ? "in no group" : "in \(seen.sorted().joined(separator: ", "))")
    }

    func userOrganisation(_ names: Set<String>) -> Judgement {
        guard let user = evidence.user else { return answer(.unknown, saw: notRegistered) }
        guard let organisation = user.organisation else {
            return answer(
                .unknown, saw: "the register does not say of which organisation \(user.name) is")
        }
        return answer(
            names.contains(organisation) ? .holds : .fails, saw: "\(user.name) is of \(organisation)")
    }

    func stepsDone(_ steps: Set<String>) -> Judgement {
        guard let user = evidence.user else { return answer(.fails, saw: notRegistered) }
        guard !steps.isSubset(of: user.steps) else { return answer(.holds, saw: "all done") }
        return answer(
            .fails, saw: "not done: \(steps.subtracting(user.steps).sorted().joined(separator: ", "))")
    }

    func acknowledged(within age: Duration) -> Judgement {
        guard let user = evidence.user else { return answer(.fails, saw: notRegistered) }
        guard let last = user.acknowledgedAt else { return answer(.fails, saw: "never acknowledged") }
        return fresh("acknowledgement", at: last, within: age)
    }

    /// Approvals that have not begun, or have ended, do not count; of several that do, the one that lasts longest.
    func approved(_ need: ApprovalNeed) -> Judgement {
        if need == .travel, evidence.country == nil {
            return answer(.fails, saw: "the country is not known")
        }
        let fitting = evidence.approvals.filter { need.isMet(by: $0, in: evidence.country) }
        let current = fitting.filter { $0.from <= now && $0.until.map { now < $0 } ?? true }
        if let last = current.lasting(\.until) {
            return answer(.holds, until: last.until, saw: "\(last.reference), by \(last.approver)")
        }
        if let next = fitting.filter({ now < $0.from }).min(by: { $0.from < $1.from }) {
            return answer(.fails, until: next.from, saw: "\(next.reference) begins at \(next.from)")
        }
        guard let ended = fitting.last else { return answer(.fails, saw: "no such approval") }
        return answer(.fails, saw: "\(ended.reference) has ended")
    }

    // MARK: Place

    func country(_ codes: Set<CountryCode>) -> Judgement {
        guard let country = evidence.country else {
            return answer(
                .unknown,
                saw: "\(evidence.outer.map { "the country of \($0)" } ?? "the country") is not known")
        }
        return answer(codes.contains(country) ? .holds : .fails, saw: "in \(country)")
    }

    func office(_ offices: [Office]) -> Judgement {
        guard let outer = evidence.outer else {
            return answer(.unknown, saw: "the outer address is not known")
        }
        let office = offices.first { office in office.networks.contains { $0.range.contains(outer) } }
        if let office { return answer(.holds, saw: "in the office \(office.name)") }
        return answer(.fails, saw: "not in an office")
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
