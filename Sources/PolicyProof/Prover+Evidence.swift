import Classification
import FlowSpace
import PolicyLanguage

/// That less evidence never reaches more.
extension Prover {
    func evidence() throws(Diagram.TooLarge) -> Proof.Outcome {
        var counterexamples = needsThatGain
        var doubts: [String] = []
        var gains = Gains(policy)
        var seen: Set<ClassPair> = []
        for loss in space.losses {
            let pairs = try diagram().pairs(loss)
            for pair in pairs.keys.sorted(by: { ($0.before, $0.after) < ($1.before, $1.after) }) {
                let gained = gains.systems(pair)
                guard !gained.isEmpty, !seen.contains(pair), let hint = pairs[pair] else { continue }
                switch try example(loss, pair, gained, hint: hint) {
                case .shown(let counterexample):
                    seen.insert(pair)
                    counterexamples.append(counterexample)
                case .notMade:
                    doubts.append(
                        "\(name(pair.before)) may become \(name(pair.after)) by the loss of \(loss.name) and gain by it, "
                            + "for no session that could be made")
                case .none: continue
                }
            }
        }
        return outcome(counterexamples, doubts: doubts)
    }

    private func name(_ index: Int) -> String {
        index < 0 ? "a session of no class" : "a session of '\(policy.classes[index].name)'"
    }

    private enum Example {
        case shown(Counterexample)
        /// There is such a pair, and no two sessions could be made of it.
        case notMade
        /// Needs of the systems rule it out.
        case none
    }

    private func example(
        _ loss: Loss, _ pair: ClassPair, _ gained: [System], hint: PathPair
    ) throws(Diagram.TooLarge) -> Example {
        var shown: Counterexample?
        var tries = 0
        let isEnough = { (paths: PathPair) -> Bool in
            tries += 1
            shown = self.counterexample(loss, pair, paths)
            return shown != nil
        }
        if gained.contains(where: \.needs.isEmpty), isEnough(hint), let shown { return .shown(shown) }
        for system in gained {
            for needs in space.boxes(system.needs) {
                let found = try diagram().pair(loss, pair, within: needs) { paths in
                    isEnough(self.completed(paths, needs, loss))
                }
                if found, let shown { return .shown(shown) }
            }
        }
        return tries > 0 ? .notMade : .none
    }

    /// What the needs ask for on axes that the pair does not name, on both sides where nothing of it is lost.
    private func completed(_ paths: PathPair, _ needs: Box, _ loss: Loss) -> PathPair {
        let after = completed(paths.after, needs)
        let added = after[paths.after.count...].filter { loss.moves[$0.axis] == nil }
        return PathPair(before: paths.before + added, after: after)
    }

    /// Nil unless the decision point itself lets the session gain.
    private func counterexample(_ loss: Loss, _ pair: ClassPair, _ paths: PathPair) -> Counterexample? {
        guard let before = realizer.session(paths.before), let after = realizer.session(paths.after),
            before.at == after.at
        else { return nil }
        let reached = realizer.decision(before).flowSpace(under: policy)
        let decision = realizer.decision(after)
        let gained = decision.flowSpace(under: policy).subtracting(reached)
        guard let packet = gained.witness, pair.after >= 0 else { return nil }
        let system = decision.scope.systems.first {
            policy.system(named: $0)?.space.contains(packet) ?? false
        }
        return Counterexample(
            "\(name(pair.before)) that loses \(loss.name) is in class '\(policy.classes[pair.after].name)' and reaches "
                + "'\(system ?? "more")', which it did not before",
            at: policy.classes[pair.after].location, session: before, packet: packet)
    }

    /// Systems whose needs hold for less, and not for more.
    private var needsThatGain: [Counterexample] {
        policy.systems.compactMap { system in
            let gains = space.boxes(system.needs).contains { box in
                box.contains { constraint in
                    let weaker = space.axes[constraint.axis].weaker
                    return weaker.indices.contains { cell in
                        !constraint.cells.contains(cell)
                            && weaker[cell].contains(where: constraint.cells.contains)
                    }
                }
            }
            guard gains else { return nil }
            return Counterexample(
                "system '\(system.name)' needs something that a session meets by knowing less",
                at: system.location)
        }
    }
}

/// What one class gives that another does not, worked out once for each pair.
private struct Gains {
    let policy: Policy
    private var known: [ClassPair: [System]] = [:]
    private var spaces: [Int: FlowSpace] = [:]

    init(_ policy: Policy) { self.policy = policy }

    mutating func systems(_ pair: ClassPair) -> [System] {
        if let known = known[pair] { return known }
        let gained = pair.after < 0 ? [] : gained(pair)
        known[pair] = gained
        return gained
    }

    private mutating func gained(_ pair: ClassPair) -> [System] {
        let had = Set(pair.before < 0 ? [] : policy.gifts[pair.before].sortedNames)
        let others = policy.gifts[pair.after].systems.filter { !had.contains($0.name) }
        guard !others.isEmpty, !had.isEmpty else { return others }
        let space = space(pair.before)
        return others.filter { !$0.space.isSubset(of: space) }
    }

    private mutating func space(_ index: Int) -> FlowSpace {
        if let known = spaces[index] { return known }
        let space = Scope(policy.gifts[index].sortedNames).flowSpace(under: policy)
        spaces[index] = space
        return space
    }
}
