package import Classification
package import Evidence
package import PolicyLanguage
package import RulesetCompiler
package import Sessions

/// What is known and in force, for those who ask.
extension Enforcer {
    /// The policy in force.
    package var policy: Policy { state.policy }
    /// The registers in force: the pack's, with what was stated since on top.
    package var registers: Registers { state.registers }
    package var postures: [String: DevicePosture] { state.postures }

    /// What was stated of a line on top of the pack, by field.
    package func facts(about subject: RegisterSubject) -> [RegisterFact] { state.facts[subject] }
    /// Why nobody is let in; nil when people are.
    package var closedBecause: String? { state.kept.closedBecause }
    /// Whether somebody was given a seed of one-time codes by order.
    package func isEnrolled(_ owner: CodeOwner) -> Bool { state.kept.seeds[owner] != nil }

    package var holds: [Hold] { state.holds.values.sorted { $0.since < $1.since } }
    /// Every session that is known, open or cut, by id.
    package var sessions: [EnforcedSession] { state.enforced.all.sorted { $0.session.id < $1.session.id } }
    /// How many `sessions` are.
    package var sessionCount: Int { state.enforced.count }
    /// Why the kernel's side may not be what it should be; nil when it is.
    package var kernelFault: CommitFailure? { fault?.failure }
    /// Sources that cannot be heard, since when.
    package var detachedSources: [String: Instant] { state.detached }

    /// Leaf certificates of live sessions that end before then. Looks at every session.
    package func certificates(endingBefore limit: Instant) -> [EndingCertificate] {
        state.enforced.all.compactMap { known in
            guard let attributes = known.proofs.certificates?.attributes, attributes.notAfter < limit,
                let digest = known.session.certificates?.leaf.digest
            else { return nil }
            return EndingCertificate(
                commonName: known.session.commonName, user: known.session.userName,
                digest: digest.description, until: attributes.notAfter)
        }
    }

    package func session(_ id: SessionID) -> EnforcedSession? { state.enforced[id] }

    /// As `idleEnds`, of one.
    package func idleEnd(of id: SessionID) -> Instant? { state.enforced[id].flatMap(state.idleEnd) }

    /// When sessions will have been idle for too long if nothing passes any more, as far as was looked; those without
    /// an idle time are left out.
    package var idleEnds: [SessionID: Instant] {
        Dictionary(
            uniqueKeysWithValues: state.enforced.all.compactMap { known in
                state.idleEnd(of: known).map { (known.session.id, $0) }
            })
    }

    /// That a session, its device or its user was seen scanning; nil when nobody saw it.
    package func scan(of id: SessionID) -> ScanSighting? {
        guard let known = state.enforced[id] else { return nil }
        return state.evidence(about: known, at: clock.now()).scan
    }

    /// What would be decided about a session now, with every class explained.
    package func explain(_ id: SessionID) -> ExplainedDecision? {
        guard let known = state.enforced[id] else { return nil }
        return state.explain(known, at: clock.now())
    }

    /// Everything that is known about a session now.
    package func evidence(about id: SessionID) -> SessionEvidence? {
        guard let known = state.enforced[id] else { return nil }
        return state.evidence(about: known, at: clock.now())
    }
}

/// A certificate that somebody came with and that ends soon.
package struct EndingCertificate: Sendable, Hashable {
    package let commonName: String
    package let user: String
    package let digest: String
    package let until: Instant
}
