package import Evidence
package import PolicyLanguage
package import Sessions

/// Looks at one session's evidence at one instant, condition by condition. Pure.
struct ConditionJudge {
    let evidence: SessionEvidence
    let now: Instant
    /// Whether answers say what was seen. The words cost several times what the looking does, and a hundred thousand
    /// sessions are looked at anew when rules change; truth and time are the same either way.
    let explains: Bool

    /// Constant time but for the size of sets.
    func judge(_ condition: Condition) -> Judgement {
        switch condition.test {
        case .certificate(let authorities): certificate(of: authorities)
        case .organisation(let name): organisation(name)
        case .attribute(let attribute, let patterns): value(of: attribute, matches: patterns)
        case .device(let statuses): status(statuses)
        case .deviceKind(let kinds): kind(kinds)
        case .deviceManaged(let isManaged): managed(isManaged)
        case .deviceOrganisation(let names): deviceOrganisation(names)
        case .deviceOwned: owned()
        case .deviceLent: lent()
        case .deviceOnSite(let age): onSite(within: age)
        case .unregistered: unregistered()
        case .posture(let need): posture(need)
        case .client(let need): client(need)
        case .mfa(let age): oneTimeCode(within: age)
        case .tenant(let tenant): belongs(to: tenant)
        case .user(let names): user(names)
        case .group(let groups): group(groups)
        case .userOrganisation(let names): userOrganisation(names)
        case .steps(let steps): stepsDone(steps)
        case .acknowledged(let age): acknowledged(within: age)
        case .approval(let need): approved(need)
        case .country(let codes): country(codes)
        case .office(let offices): office(offices)
        case .hours(let hours): within(hours)
        case .contract(let contract): inForce(contract)
        case .behaviour(let kinds): seen(kinds)
        case .never(let label): answer(.fails, saw: "'\(label)' is not for remote sessions")
        }
    }

    func answer(_ truth: Truth, until: Instant? = nil, saw: @autoclosure () -> String) -> Judgement {
        Judgement(truth, until: until, saw: explains ? saw() : "")
    }

    /// How far the clock may step back before a fact is held to be from the future: more than time servers slew.
    private static let clockTolerance: Duration = .seconds(120)

    /// Something that was so at an instant, and counts for a time from then.
    ///
    /// - Parameter what: what it is, such as `one-time code`.
    func fresh(_ what: @autoclosure () -> String, at seen: Instant, within age: Duration) -> Judgement {
        // A fact from the future means that the clock went back. It counts again when its time has come.
        guard seen <= now + Self.clockTolerance else {
            return answer(.fails, until: seen - Self.clockTolerance, saw: "\(what()) from the future")
        }
        let end = seen + age
        let holds = now < end
        return answer(
            holds ? .holds : .fails, until: holds ? end : nil,
            saw: "\(what()) \(max(.zero, now - seen).briefly) old")
    }

    private func within(_ hours: WeeklyHours) -> Judgement {
        let (within, until) = hours.judge(at: now)
        return answer(
            within ? .holds : .fails, until: until, saw: within ? "within hours" : "outside hours")
    }

    /// What was seen in a session stays with it to its end: a quarantine that ran out while the scan went on unseen
    /// would open what it had shut. What was seen in another session of the same device or person has an age.
    private func seen(_ kinds: [Behaviour: Duration]) -> Judgement {
        // There is one kind. A second one makes this the earliest and latest of several.
        guard let memory = kinds[.scanning], let scan = evidence.scan else {
            return answer(.fails, saw: "not seen scanning")
        }
        let end = scan.seenAt + memory
        let holds = scan.isOwn || now < end
        return answer(
            holds ? .holds : .fails, until: holds && !scan.isOwn ? end : nil,
            saw: "seen scanning \(max(.zero, now - scan.seenAt).briefly) ago"
                + (scan.isOwn ? "" : ", in another session of this device or person"))
    }

    private func inForce(_ contract: Contract) -> Judgement {
        if now < contract.from {
            return answer(
                .fails, until: contract.from, saw: "contract \(contract.reference) has not begun")
        }
        guard now < contract.until else {
            return answer(.fails, saw: "contract \(contract.reference) has ended")
        }
        return answer(.holds, until: contract.until, saw: "contract \(contract.reference) is in force")
    }
}

extension Condition {
    /// Looks at one session's evidence at one instant, and says what it saw.
    package func judge(_ evidence: SessionEvidence, at now: Instant) -> Judgement {
        ConditionJudge(evidence: evidence, now: now, explains: true).judge(self)
    }
}

extension Duration {
    /// Two leading units, for people: `3h 10m`, `45s`.
    package var briefly: String {
        let seconds = components.seconds
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86400: return "\(seconds / 3600)h \(seconds % 3600 / 60)m"
        default: return "\(seconds / 86400)d \(seconds % 86400 / 3600)h"
        }
    }
}
