package import Evidence
package import PolicyLanguage
package import Sessions

extension Condition {
    /// Looks at one session's evidence at one instant. Pure; constant time but for the size of sets.
    package func judge(_ evidence: SessionEvidence, at now: Instant) -> Judgement {
        switch test {
        case .certificate(let authorities): Self.judge(authorities, evidence, now)
        case .organisation(let name): Self.judge(organisation: name, evidence.certificates)
        case .attribute(let attribute, let patterns): Self.judge(attribute, patterns, evidence)
        case .device(let statuses): Self.judge(statuses, evidence.device)
        case .deviceKind(let kinds): Self.judge(kinds, evidence.device)
        case .deviceManaged(let isManaged): Self.judge(managed: isManaged, evidence.device)
        case .deviceOrganisation(let names): Self.judge(deviceOf: names, evidence.device)
        case .deviceOwned: Self.judgeOwner(evidence)
        case .deviceLent: Self.judgeLoan(evidence, now)
        case .deviceOnSite(let age): Self.judge(onSiteWithin: age, evidence.device, now)
        case .unregistered: Self.judgeUnregistered(evidence.device)
        case .posture(let need): Self.judge(need, evidence.posture, now)
        case .mfa(let age): Self.judge(mfaWithin: age, evidence.mfaVerifiedAt, now)
        case .user(let names): Self.judge(user: names, evidence.userName)
        case .group(let groups): Self.judge(groups: groups, evidence)
        case .userOrganisation(let names): Self.judge(userOf: names, evidence)
        case .steps(let steps): Self.judge(steps: steps, evidence)
        case .acknowledged(let age): Self.judge(acknowledgedWithin: age, evidence, now)
        case .approval(let need): Self.judge(need, evidence, now)
        case .country(let codes): Self.judge(codes, evidence)
        case .office(let offices): Self.judge(offices, evidence.outer)
        case .hours(let hours): Self.judge(hours, now)
        case .contract(let contract): Self.judge(contract, now)
        case .behaviour(let kinds): Self.judge(kinds, evidence, now)
        case .never(let label): Judgement(.fails, saw: "'\(label)' is not for remote sessions")
        }
    }

    /// How far the clock may step back before a fact is held to be from the future: more than time servers slew.
    private static let clockTolerance: Duration = .seconds(120)

    /// Something that was so at an instant, and counts for a time from then.
    ///
    /// - Parameter what: what it is, such as `one-time code`.
    static func judge(_ what: String, at seen: Instant, within age: Duration, _ now: Instant) -> Judgement {
        // A fact from the future means that the clock went back. It counts again when its time has come.
        guard seen <= now + clockTolerance else {
            return Judgement(.fails, until: seen - clockTolerance, saw: "\(what) from the future")
        }
        let end = seen + age
        let saw = "\(what) \(max(.zero, now - seen).briefly) old"
        return now < end ? Judgement(.holds, until: end, saw: saw) : Judgement(.fails, saw: saw)
    }

    private static func judge(mfaWithin age: Duration, _ verified: Instant?, _ now: Instant) -> Judgement {
        guard let verified else { return Judgement(.fails, saw: "no one-time code") }
        return judge("one-time code", at: verified, within: age, now)
    }

    private static func judge(_ hours: WeeklyHours, _ now: Instant) -> Judgement {
        let (within, until) = hours.judge(at: now)
        return Judgement(
            within ? .holds : .fails, until: until, saw: within ? "within hours" : "outside hours")
    }

    /// What was seen in a session stays with it to its end: a quarantine that ran out while the scan went on unseen
    /// would open what it had shut. What was seen in another session of the same device or person has an age.
    private static func judge(
        _ kinds: [Behaviour: Duration], _ evidence: SessionEvidence, _ now: Instant
    ) -> Judgement {
        // There is one kind. A second one makes this the earliest and latest of several.
        guard let memory = kinds[.scanning], let scan = evidence.scan else {
            return Judgement(.fails, saw: "not seen scanning")
        }
        let place = scan.isOwn ? "" : ", in another session of this device or person"
        let saw = "seen scanning \(max(.zero, now - scan.seenAt).briefly) ago\(place)"
        if scan.isOwn { return Judgement(.holds, saw: saw) }
        let end = scan.seenAt + memory
        return now < end ? Judgement(.holds, until: end, saw: saw) : Judgement(.fails, saw: saw)
    }

    private static func judge(_ contract: Contract, _ now: Instant) -> Judgement {
        if now < contract.from {
            return Judgement(
                .fails, until: contract.from, saw: "contract \(contract.reference) has not begun")
        }
        guard now < contract.until else {
            return Judgement(.fails, saw: "contract \(contract.reference) has ended")
        }
        return Judgement(.holds, until: contract.until, saw: "contract \(contract.reference) is in force")
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
