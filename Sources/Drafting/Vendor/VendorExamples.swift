import Classification
import Evidence
import FlowSpace
import NetworkTypes
import PolicyLanguage
import Sessions

/// The tests of a vendor's file: in its hours, out of them, before and after the contract, and never anything else.
struct VendorExamples {
    let draft: VendorDraft
    let slug: String
    let policy: Policy
    let policyClass: PolicyClass
    let contract: Contract

    enum Made {
        case made(String, notes: [String])
        case refused(String)
    }

    var made: Made {
        guard let good = moment(from: contract.from, until: contract.until) else {
            return .refused("no moment of the contract is within its hours")
        }
        let (session, decision) = attempt(at: good)
        guard decision.className == policyClass.name else {
            let place = decision.className.map { "in class '\($0)'" } ?? "in no class"
            return .refused(
                "in its hours, with all that is asked for, the vendor would be \(place): \(decision.tell)")
        }
        let notes = decision.withheld.map { withheld in
            let missing = withheld.findings.filter { $0.judgement.truth != .holds }.map(
                \.condition.description)
            return
                "system '\(withheld.system)' is not reached by itself: it needs \(missing.joined(separator: ", "))"
        }
        return .made(
            text(good, session, decision.grants.map(\.system), withheld: decision.withheld.map(\.system)),
            notes: notes)
    }

    /// The session that the file is for. Classes that stand before the vendors' may ask for more than the file does:
    /// devices that somebody manages, a country.
    private func attempt(at instant: Instant) -> (SessionDescription, ExplainedDecision) {
        let plain = session(at: instant)
        var attempts = [plain]
        for isManaged in [false, true] {
            for country in [nil] + countries {
                var session = plain
                if isManaged { session.deviceFields["managed"] = ["true"] }
                session.country = country
                attempts.append(session)
            }
        }
        let fitting = attempts.first { session in
            let evidence = session.evidence(under: policy, at: instant)
            return Classifier.decide(evidence, under: policy, at: instant).className == policyClass.name
        }
        let session = fitting ?? plain
        let evidence = session.evidence(under: policy, at: instant)
        return (session, Classifier.classify(evidence, under: policy, at: instant))
    }

    /// Those that classes ask for.
    private var countries: [CountryCode?] {
        let all = policy.classes.flatMap(\.conditions).reduce(into: Set<CountryCode>()) { found, condition in
            if case .country(let countries) = condition.test { found.formUnion(countries) }
        }
        return all.sorted { "\($0)" < "\($1)" }
    }

    // MARK: When

    private var hours: WeeklyHours? { policyClass.weeklyHours }

    /// In the middle of the hours that hold at an instant, or of the next, as far as they are before another.
    private func moment(from instant: Instant, until limit: Instant = Instant(nanosecondsSince1970: .max))
        -> Instant?
    {
        var (start, end) = (instant, limit)
        if let hours {
            let now = hours.judge(at: instant)
            start = now.within ? instant : now.until
            end = min(limit, now.within ? now.until : hours.judge(at: start).until)
        }
        guard start < end else { return nil }
        // All day and all week has no end; a day is enough.
        let length = min(end - start, .seconds(86_400))
        let middle = start.secondsSince1970 + length.components.seconds / 2
        return max(start, Instant(secondsSince1970: middle - middle % 60))
    }

    /// The instant at which the hours end that hold at an instant.
    private func end(after instant: Instant) -> Instant? {
        guard let hours else { return nil }
        let end = hours.judge(at: instant).until
        return end.nanosecondsSince1970 < .max ? end : nil
    }

    /// Within hours, and before the contract.
    private var early: Instant? {
        // Hours come round within a week, and after two where the clock swallowed them.
        for days in [7, 14] {
            let start = contract.from - .seconds(Int64(days) * 86_400)
            if let moment = moment(from: start), moment < contract.from { return moment }
        }
        return nil
    }

    // MARK: What

    private var needs: [Condition.Test] {
        draft.systems.flatMap { policy.system(named: $0)?.needs ?? [] }.map(\.test)
    }

    /// All that the file asks for, and what its systems need on top that somebody can have by asking: codes of tenants,
    /// and approvals.
    private func session(at instant: Instant) -> SessionDescription {
        var session = SessionDescription(
            authority: draft.authority, organisation: draft.organisation, device: "\(slug)-laptop",
            deviceFields: ["status": ["in-use"]], user: "\(slug)-support")
        var limits = draft.mfa.flatMap(TimeText.duration).map { [$0] } ?? []
        var approved: Set<String> = []
        for need in needs {
            switch need {
            case .mfa(let within): limits.append(within)
            case .tenant(let tenant):
                session.tenantMFAAges[tenant.name] = Self.fresh([tenant.mfaWithin])
            case .approval(.system(let name, _)): approved.insert(name)
            default: break
            }
        }
        if !limits.isEmpty { session.mfaAge = Self.fresh(limits) }
        if !approved.isEmpty {
            session.approvals = [
                Approval(
                    reference: "test", kind: .system, user: session.user, approver: "somebody",
                    from: contract.from, until: contract.until, systems: approved)
            ]
        }
        return session
    }

    /// An age that passes every limit, and is not as fresh as can be.
    static func fresh(_ limits: [Duration]) -> Duration {
        let least = limits.min()?.components.seconds ?? 1200
        return .seconds(min(600, max(1, least / 2)))
    }

    private func text(
        _ good: Instant, _ session: SessionDescription, _ reached: [String], withheld: [String]
    ) -> String {
        let everything = reached + withheld
        let name = policyClass.name
        var rows = [row("in its hours", at: good, name, reaches: reached, refused: withheld)]
        let elsewhere = elsewhere(reached)
        if !elsewhere.isEmpty { rows.append(row("and nothing else", at: good, name, refused: elsewhere)) }
        if let end = end(after: good) { rows.append(row("out of hours", at: end, refused: everything)) }
        if let early { rows.append(row("before the contract", at: early, refused: everything)) }
        if let late = moment(from: contract.until) {
            rows.append(row("past the contract's end", at: late, refused: everything))
        }
        if draft.mfa != nil {
            rows.append(row("without a code", with: "{ mfa: none }", at: good, refused: everything))
        }
        let lent = systems(reached) { if case .tenant = $0 { true } else { false } }
        if !lent.isEmpty {
            rows.append(
                row("without the tenant's code", with: "{ tenant-mfa: none }", at: good, refused: lent))
        }
        let approved = systems(reached) { if case .approval = $0 { true } else { false } }
        if !approved.isEmpty {
            rows.append(row("without approval", with: "{ approvals: none }", at: good, refused: approved))
        }
        rows.append(
            row(
                "another organisation of the same authority", with: "{ organisation: Nobody's Support }",
                at: good, refused: everything))
        return """
            \(YAMLText.comment("What the contract of \(draft.name) comes to, as examples. They are run at every check."))tests:
              - name: \(YAMLText.scalar(draft.name))
                session:
            \(lines(session).map { "      \($0)" }.joined(separator: "\n"))
            \(draft.cites.isEmpty ? "" : "    cites: \(YAMLText.list(draft.cites))\n")    each:
            \(rows.joined(separator: "\n"))
            """
    }

    private func systems(_ names: [String], needing test: (Condition.Test) -> Bool) -> [String] {
        names.filter { name in policy.system(named: name)?.needs.contains { test($0.test) } ?? false }
    }

    private func lines(_ session: SessionDescription) -> [String] {
        let managed = session.deviceFields["managed"].map { ", managed: \($0[0])" } ?? ""
        var lines = [
            "certificate: \(YAMLText.scalar(draft.authority))",
            "organisation: \(YAMLText.scalar(draft.organisation))",
            "device: { id: \(YAMLText.scalar(session.device ?? "")), status: in-use\(managed) }",
            "user: \(YAMLText.scalar(session.user))",
        ]
        if let country = session.country { lines.append("country: \(YAMLText.scalar("\(country)"))") }
        if let approval = session.approvals.first, let until = approval.until {
            lines.append(
                "approvals: [{ kind: system, systems: \(YAMLText.list(approval.systems.sorted())), until: \(until) }]"
            )
        }
        if let age = session.mfaAge { lines.append("mfa: \(TimeText.text(age))") }
        if !session.tenantMFAAges.isEmpty {
            let ages = session.tenantMFAAges.sorted { $0.key < $1.key }
            lines.append(
                "tenant-mfa: { \(ages.map { "\($0.key): \(TimeText.text($0.value))" }.joined(separator: ", ")) }"
            )
        }
        return lines
    }

    private func row(
        _ name: String, with session: String? = nil, at instant: Instant, _ className: String? = nil,
        reaches: [String] = [], refused: [String]
    ) -> String {
        var lines = ["      - as: \(name)"]
        if let session { lines.append("        with: \(session)") }
        lines.append("        at: \(instant)")
        if let className { lines.append("        class: \(YAMLText.scalar(className))") }
        if !reaches.isEmpty { lines.append("        reaches: \(YAMLText.list(reaches))") }
        if !refused.isEmpty { lines.append("        refused: \(YAMLText.list(refused))") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The other systems of the pack, unless they share a packet with one that is reached, and the internet.
    private func elsewhere(_ reached: [String]) -> [String] {
        let open = reached.reduce(FlowSpace.empty) { $0.union(policy.system(named: $1)?.space ?? .empty) }
        let others = policy.systems.filter { $0.space.intersection(open).isEmpty }.map(\.name)
        return others.filter { !draft.systems.contains($0) } + Elsewhere.packets(outside: policy.inside)
    }
}

/// The internet, as tests mean it: addresses that are for examples (RFC 5737, RFC 3849).
enum Elsewhere {
    /// Those that are not the organisation's own.
    static func packets(outside networks: [IPPrefix]) -> [String] {
        ["192.0.2.1", "2001:db8::1"].compactMap(IPAddress.init).filter { address in
            !networks.contains { $0.range.contains(address) }
        }.map { Destination(address: $0, ipProtocol: .tcp, port: 443).description }
    }
}
