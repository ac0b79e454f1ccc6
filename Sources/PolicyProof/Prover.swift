import Classification
import Evidence
import FlowSpace
import NetworkTypes
package import PolicyLanguage
package import Sessions

/// Decides, for every possible session of a pack at once, whether properties hold; shows a session and a packet where one
/// does not.
///
/// No sampling: sessions are told apart only as far as the pack's conditions do, and all that is left is looked at. A
/// counterexample is made into a session and put to the decision point before it is shown. Where something was found that
/// cannot be made into a session, the property is undecided, never held.
package struct Prover {
    let policy: Policy
    let space: SessionSpace
    /// Made once, for every property.
    private let classes: Result<Diagram, Diagram.TooLarge>
    let limit: Int
    let realizer: Realizer

    /// - Parameter now: from when on examples are looked for; any instant gives the same answers.
    package init(_ policy: Policy, from now: Instant, limit: Int = 2_000_000) {
        self.policy = policy
        let conditions =
            policy.classes.flatMap(\.conditions) + policy.systems.flatMap(\.needs)
            + policy.properties.mustNever.flatMap(\.conditions)
        space = SessionSpace(conditions, from: now)
        var rows = space.impossible.map { Row(policyClass: nil, box: $0) }
        for (index, policyClass) in policy.classes.enumerated() {
            rows += space.boxes(policyClass.conditions, unknownCounts: policyClass.access == .none)
                .map { Row(policyClass: index, box: $0) }
        }
        // Whoever is in no row is in no class.
        rows.append(Row(policyClass: -1, box: []))
        let giving = policy.gifts.map { !$0.sortedNames.isEmpty }
        do throws(Diagram.TooLarge) {
            classes = .success(
                try DiagramBuilder.diagram(space.axes, rows, limit: limit, giving: giving))
        } catch {
            classes = .failure(error)
        }
        self.limit = limit
        realizer = Realizer(axes: space.axes, policy: policy, base: now)
    }

    func diagram() throws(Diagram.TooLarge) -> Diagram { try classes.get() }

    /// Every property, in order.
    package func prove() -> [Proof] { Property.allCases.map(prove) }

    package func prove(_ property: Property) -> Proof {
        do throws(Diagram.TooLarge) {
            let outcome: Proof.Outcome =
                switch property {
                case .internet: internet()
                case .vendors: try vendors()
                case .oneFactor: try oneFactor()
                case .personalData: try personalData()
                case .families: families()
                case .shadowed: try shadowed()
                case .evidence: try evidence()
                case .mustNever: try mustNever()
                }
            return Proof(property: property, outcome: outcome)
        } catch {
            return Proof(
                property: property,
                outcome: .undecided("more than \(limit) kinds of session would have to be told apart")
            )
        }
    }
}

// MARK: Of systems alone

extension Prover {
    private func internet() -> Proof.Outcome {
        guard !policy.inside.isEmpty else {
            return .notStated("'inside' in policy.yaml says which networks are the organisation's own")
        }
        let own = FlowSpace(policy.inside.map { FlowBox(addresses: $0.range, protocols: 0 ... .max) })
        return outcome(
            policy.systems.compactMap { system in
                guard let packet = system.space.subtracting(own).witness else { return nil }
                return Counterexample(
                    "system '\(system.name)' opens an address outside the organisation's networks",
                    at: system.location, packet: packet)
            })
    }

    private func families() -> Proof.Outcome {
        let granted = Set(policy.gifts.flatMap(\.sortedNames))
        return outcome(
            policy.systems.compactMap { system in
                guard granted.contains(system.name), !policy.properties.oneFamily.contains(system.name) else {
                    return nil
                }
                let families = Set(system.addresses.map(\.family))
                guard families.count == 1, let family = families.first else { return nil }
                return Counterexample(
                    "system '\(system.name)' is granted over \(family == .ipv4 ? "IPv4" : "IPv6") only: "
                        + "list it with both, or under 'one-family' in properties.yaml",
                    at: system.location, packet: system.space.witness)
            })
    }

    func outcome(_ counterexamples: [Counterexample], doubts: [String] = []) -> Proof.Outcome {
        if !counterexamples.isEmpty { return .fails(counterexamples) }
        return doubts.first.map { .undecided($0) } ?? .holds
    }
}

// MARK: Of what a kind of session reaches

extension Prover {
    /// What is looked for: sessions of a box that are in a class and reach one of some systems.
    private struct Reach {
        var policyClass: Int
        var system: System
        var session: RealSession
    }

    private enum Finding {
        case reach(Reach)
        case doubt(String)
    }

    /// For each class that a session of the box can be in, the first of its systems that `isForbidden` and that a session
    /// reaches; with a doubt where none could be made real.
    private func reaches(
        within box: Box, _ isForbidden: (Int, System) -> Bool
    ) throws(Diagram.TooLarge) -> [Finding] {
        var findings: [Finding] = []
        let outcomes = try diagram().outcomes(within: box)
        for index in outcomes.keys.sorted() where index >= 0 {
            for system in policy.gifts[index].systems where isForbidden(index, system) {
                guard let finding = try reach(index, system, within: box, hint: outcomes[index]) else {
                    continue
                }
                findings.append(finding)
                if case .reach = finding { break }
            }
        }
        return findings
    }

    /// Whether some session in a class, which gives a system, is granted it: needs of the system, and what the class asks
    /// for, can rule each other out. True where that cannot be decided.
    package func canReach(_ system: System, in policyClass: Int) -> Bool {
        do throws(Diagram.TooLarge) {
            return try reach(policyClass, system, within: [], hint: nil) != nil
        } catch {
            return true
        }
    }

    /// Nil when no session of the box in the class is granted the system.
    private func reach(
        _ index: Int, _ system: System, within box: Box, hint: Path?
    ) throws(Diagram.TooLarge) -> Finding? {
        var found: RealSession?
        var tries = 0
        let isEnough = { (path: Path) -> Bool in
            tries += 1
            guard let session = self.realizer.session(path) else { return false }
            let decision = self.realizer.decision(session)
            guard decision.className == self.policy.classes[index].name,
                decision.scope.systems.contains(system.name)
            else { return false }
            found = session
            return true
        }
        if system.needs.isEmpty, let hint, isEnough(completed(hint, box)), let found {
            return .reach(Reach(policyClass: index, system: system, session: found))
        }
        for needs in space.boxes(system.needs) {
            guard let both = space.intersection(box, needs) else { continue }
            // What nobody asks for on the way must be so all the same, for the system's sake.
            let complete = { (path: Path) in isEnough(self.completed(path, both)) }
            if try diagram().sessions(in: index, within: both, isEnough: complete), let found {
                return .reach(Reach(policyClass: index, system: system, session: found))
            }
        }
        guard tries > 0 else { return nil }
        let name = policy.classes[index].name
        return .doubt("class '\(name)' may reach '\(system.name)', by no session that could be made")
    }

    /// The path, and what a box says of axes that it does not name.
    func completed(_ path: Path, _ box: Box) -> Path {
        let named = Set(path.map(\.axis))
        return path
            + box.filter { !named.contains($0.axis) }.compactMap { constraint in
                let cells = space.axes[constraint.axis].cells.indices
                return cells.first(where: constraint.cells.contains).map {
                    Choice(axis: constraint.axis, cell: $0)
                }
            }
    }

    private func outcome(
        _ findings: [Finding], _ message: (Reach) -> String
    ) -> Proof.Outcome {
        var counterexamples: [Counterexample] = []
        var doubts: [String] = []
        for finding in findings {
            switch finding {
            case .doubt(let text): doubts.append(text)
            case .reach(let reach):
                counterexamples.append(
                    Counterexample(
                        message(reach), at: policy.classes[reach.policyClass].location,
                        session: reach.session, packet: reach.system.space.witness))
            }
        }
        return outcome(counterexamples, doubts: doubts)
    }

    private func oneFactor() throws(Diagram.TooLarge) -> Proof.Outcome {
        guard let allowed = policy.properties.withoutMFA else {
            return .notStated(
                "'without-mfa' in properties.yaml lists the systems that one factor is enough for")
        }
        let box = space.box(.mfa) { $0.isNothing }
        return outcome(try reaches(within: box) { !allowed.contains($1.name) }) { reach in
            "class '\(policy.classes[reach.policyClass].name)' reaches '\(reach.system.name)' without a second factor"
        }
    }

    private func personalData() throws(Diagram.TooLarge) -> Proof.Outcome {
        let named = policy.properties.personalData
        guard !named.isEmpty else {
            return .notStated(
                "'personal-data' in properties.yaml lists the systems, or labels, that hold such data")
        }
        let box = space.box(.deviceKind) { fact in
            if case .kind(.personal) = fact { true } else { false }
        }
        let holds = { (system: System) in
            named.contains(system.name) || system.label.map(named.contains) ?? false
        }
        return outcome(try reaches(within: box) { holds($1) }) { reach in
            "class '\(policy.classes[reach.policyClass].name)' lets a personal device reach '\(reach.system.name)', "
                + "which holds personal data"
        }
    }

    private func mustNever() throws(Diagram.TooLarge) -> Proof.Outcome {
        let all = policy.properties.mustNever
        guard !all.isEmpty else {
            return .notStated("'must-never' in properties.yaml lists what must never be")
        }
        var counterexamples: [Counterexample] = []
        var doubts: [String] = []
        for one in all {
            var findings: [Finding] = []
            for box in space.boxes(one.conditions) {
                findings += try reaches(within: box) { index, system in
                    one.isAbout(self.policy.classes[index]) && one.isAbout(system)
                }
            }
            let outcome = outcome(findings) { reach in
                "class '\(policy.classes[reach.policyClass].name)' reaches '\(reach.system.name)', which \(one.location) "
                    + "says must never be"
            }
            switch outcome {
            case .fails(let found): counterexamples += found
            case .undecided(let doubt): doubts.append(doubt)
            case .holds, .notStated: continue
            }
        }
        return self.outcome(counterexamples, doubts: doubts)
    }

    // MARK: Vendors

    /// Whoever shows this is a vendor, or several under one name.
    private struct Identity: Hashable {
        var authorities: Set<String>
        var organisation: String
    }

    private func vendors() throws(Diagram.TooLarge) -> Proof.Outcome {
        var vendors: [Identity: [PolicyClass]] = [:]
        var order: [Identity] = []
        for policyClass in policy.classes where policyClass.contract != nil {
            guard let identity = Self.identity(policyClass) else { continue }
            if vendors[identity] == nil { order.append(identity) }
            vendors[identity, default: []].append(policyClass)
        }
        guard !order.isEmpty else { return .holds }
        var findings: [Finding] = []
        for identity in order {
            findings += try excess(of: vendors[identity] ?? [])
        }
        return outcome(findings) { reach in
            let name = policy.classes[reach.policyClass].name
            let organisation = reach.session.description.organisation ?? "a vendor"
            return "'\(organisation)' reaches '\(reach.system.name)' in class '\(name)', outside its contract"
        }
    }

    private static func identity(_ policyClass: PolicyClass) -> Identity? {
        var identity = Identity(authorities: [], organisation: "")
        for condition in policyClass.conditions {
            switch condition.test {
            case .certificate(let authorities): identity.authorities = Set(authorities.map(\.name))
            case .organisation(let name): identity.organisation = name
            default: continue
            }
        }
        return identity.organisation.isEmpty ? nil : identity
    }

    /// What sessions with a vendor's certificate reach while none of the contracts that allow it is in force.
    private func excess(of classes: [PolicyClass]) throws(Diagram.TooLarge) -> [Finding] {
        let identity = classes[0].conditions.filter { condition in
            switch condition.test {
            case .certificate, .organisation: true
            default: false
            }
        }
        var findings: [Finding] = []
        for box in space.boxes(identity) {
            var allowed: [String: [Contract]] = [:]
            for policyClass in classes {
                guard case .systems(let names) = policyClass.access, let contract = policyClass.contract
                else { continue }
                for name in names { allowed[name, default: []].append(contract) }
            }
            findings += try reaches(within: box) { _, system in allowed[system.name] == nil }
            // Outside of all of their contracts: nothing.
            let ended = classes.compactMap(\.contract).flatMap { contract in
                space.box(.contract(contract)) { $0.isNothing }
            }
            let outside = ended.reduce(Optional(box)) { box, constraint in
                box.flatMap { space.intersection($0, [constraint]) }
            }
            if let outside {
                findings += try reaches(within: outside) { _, system in allowed[system.name] != nil }
            }
        }
        return findings
    }
}

// MARK: Of classes

extension Prover {
    private func shadowed() throws(Diagram.TooLarge) -> Proof.Outcome {
        let outcomes = try diagram().outcomes()
        var counterexamples: [Counterexample] = []
        var doubts: [String] = []
        for (index, policyClass) in policy.classes.enumerated() {
            guard let path = outcomes[index] else {
                counterexamples.append(
                    Counterexample(
                        "no session is ever in class '\(policyClass.name)': earlier classes take all that meet it",
                        at: policyClass.location))
                continue
            }
            let isIn = { (path: Path) in
                self.realizer.session(path).map { self.realizer.decision($0).className == policyClass.name }
                    ?? false
            }
            if isIn(path) { continue }
            if try diagram().sessions(in: index, within: [], isEnough: isIn) { continue }
            doubts.append("class '\(policyClass.name)' is met by no session that could be made")
        }
        return outcome(counterexamples, doubts: doubts)
    }
}
