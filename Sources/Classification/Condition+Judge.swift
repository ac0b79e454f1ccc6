package import Evidence
package import PolicyLanguage
package import Sessions

extension Condition {
    /// Looks at one session's evidence at one instant. Pure; constant time but for the size of sets.
    package func judge(_ evidence: SessionEvidence, at now: Instant) -> Judgement {
        switch test {
        case .certificate(let authorities): Self.judge(authorities, evidence.certificates)
        case .organisation(let name): Self.judge(organisation: name, evidence.certificates)
        case .device(let statuses): Self.judge(statuses, evidence.device)
        case .unregistered: Self.judgeUnregistered(evidence.device)
        case .mfa(let age): Self.judge(mfaWithin: age, evidence.mfaVerifiedAt, now)
        case .hours(let hours): Self.judge(hours, now)
        case .user(let names): Self.judge(user: names, evidence.userName)
        case .group(let groups): Self.judge(groups: groups, evidence)
        case .contract(let contract): Self.judge(contract, now)
        case .behaviour(let kinds): Self.judge(kinds, evidence, now)
        }
    }

    private static func judge(_ authorities: [Authority], _ chain: CertificateChain?) -> Judgement {
        guard let chain else { return Judgement(.fails, saw: "no certificate") }
        // By digest, never by name: any authority that the VPN server trusts can write any issuer name.
        let issued = authorities.first { authority in
            chain.issuers.contains { authority.digests.contains($0.digest) }
        }
        if let issued { return Judgement(.holds, saw: "issued by \(issued.name)") }
        return Judgement(
            .fails, saw: "issued by \(chain.issuers.first?.subject ?? "an authority that is not named")")
    }

    private static func judge(organisation name: String, _ chain: CertificateChain?) -> Judgement {
        // The attribute that the server handed over by itself: in the one-line subject a common name such as
        // "x, O=Civica UK" cannot be told from an organisation.
        guard let seen = chain?.leaf.attributes["O"] else {
            return Judgement(.fails, saw: "no organisation in the certificate")
        }
        return Judgement(seen == name ? .holds : .fails, saw: "organisation '\(seen)'")
    }

    private static func judge(_ statuses: Set<DeviceStatus>, _ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.unknown, saw: "not on the register") }
        let saw = "\(device.id) is \(device.status.rawValue)"
        return Judgement(statuses.contains(device.status) ? .holds : .fails, saw: saw)
    }

    private static func judgeUnregistered(_ device: DeviceRecord?) -> Judgement {
        guard let device else { return Judgement(.holds, saw: "not on the register") }
        return Judgement(.fails, saw: "registered as \(device.id)")
    }

    private static func judge(mfaWithin age: Duration, _ verified: Instant?, _ now: Instant) -> Judgement {
        guard let verified else { return Judgement(.fails, saw: "no one-time code") }
        // A proof from the future means that the clock went back. It counts again when its time has come.
        guard verified <= now + clockTolerance else {
            return Judgement(.fails, until: verified - clockTolerance, saw: "one-time code from the future")
        }
        let end = verified + age
        let saw = "one-time code \(max(.zero, now - verified).briefly) old"
        return now < end ? Judgement(.holds, until: end, saw: saw) : Judgement(.fails, saw: saw)
    }

    /// How far the clock may step back before a proof is held to be from the future: more than time servers slew.
    private static let clockTolerance: Duration = .seconds(120)

    private static func judge(_ hours: WeeklyHours, _ now: Instant) -> Judgement {
        let (within, until) = hours.judge(at: now)
        return Judgement(
            within ? .holds : .fails, until: until, saw: within ? "within hours" : "outside hours")
    }

    private static func judge(user names: Set<String>, _ user: String) -> Judgement {
        Judgement(names.contains(user) ? .holds : .fails, saw: user.isEmpty ? "no user" : "user '\(user)'")
    }

    private static func judge(groups: Set<String>, _ evidence: SessionEvidence) -> Judgement {
        guard let seen = evidence.groups else {
            return Judgement(.unknown, saw: "user '\(evidence.userName)' is not registered")
        }
        let saw = seen.isEmpty ? "in no group" : "in \(seen.sorted().joined(separator: ", "))"
        return Judgement(groups.isDisjoint(with: seen) ? .fails : .holds, saw: saw)
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
