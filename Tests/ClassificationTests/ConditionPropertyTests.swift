import Classification
import Evidence
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// What holds of every condition and whatever evidence.
@Suite(.timeLimit(.minutes(30)))
struct ConditionPropertyTests {
    private static let now = Samples.now
    private static let rounds = 120

    /// Every instant at which something could change: each date, with each age and the clock's tolerance, and a tick
    /// to either side.
    private static func instants(_ evidence: SessionEvidence, _ condition: Condition) -> [Instant] {
        var dates = evidence.dates
        if case .contract(let contract) = condition.test { dates += [contract.from, contract.until] }
        let shifts: [Duration] = [
            .zero, .seconds(3600), .seconds(7200), .seconds(10_800), .seconds(-120), .seconds(120),
        ]
        let turns = dates.flatMap { date in shifts.map { date + $0 } }
        return turns.flatMap { [$0.before, $0, $0 + .nanoseconds(1)] }.filter { $0 >= now }
    }

    @Test(arguments: [UInt64(1), 20_261_123])
    func truthStaysUntilItSays(seed: UInt64) async {
        var world = RandomEvidence(random: Seeded(seed))
        var flips = 0
        for round in 0..<Self.rounds {
            await Task.yield()
            let evidence = world.evidence()
            for condition in world.conditions() {
                let answer = condition.judge(evidence, at: Self.now)
                let why = { Comment("seed \(seed), round \(round): \(condition)\n\(evidence)") }
                if let until = answer.until { #expect(until > Self.now, why()) }
                let times = Self.instants(evidence, condition).filter { time in
                    answer.until.map { time < $0 } ?? true
                }
                let differs = times.first { condition.judge(evidence, at: $0).truth != answer.truth }
                #expect(differs == nil, why())
                guard let until = answer.until else { continue }
                if condition.judge(evidence, at: until).truth != answer.truth {
                    flips += 1
                } else {
                    #expect(condition.mayBeEarly, why())
                }
            }
        }
        #expect(flips > Self.rounds)
    }

    @Test(arguments: [UInt64(2), 20_261_124])
    func theUnknownNeverGains(seed: UInt64) async {
        var world = RandomEvidence(random: Seeded(seed))
        var lost = 0
        for round in 0..<Self.rounds {
            await Task.yield()
            let evidence = world.evidence()
            let pieces = evidence.lessByOne
            for condition in world.conditions() {
                let before = condition.judge(evidence, at: Self.now).truth
                for (piece, less) in pieces {
                    let after = condition.judge(less, at: Self.now).truth
                    #expect(
                        after != .holds || before == .holds || condition.isHeldAgainst(by: piece, evidence),
                        "seed \(seed), round \(round): \(condition) without \(piece)\n\(evidence)")
                    if before == .holds, after != .holds { lost += 1 }
                }
            }
        }
        #expect(lost > Self.rounds)
    }

    /// The same answers as models that ask the plain question, at now and at every instant that could matter.
    @Test(arguments: [UInt64(3), 20_261_125])
    func modelsAgree(seed: UInt64) async {
        var world = RandomEvidence(random: Seeded(seed))
        var seen: [String: Set<Truth>] = [:]
        for round in 0..<Self.rounds {
            await Task.yield()
            let evidence = world.evidence()
            for condition in world.conditions() {
                for time in [Self.now] + Self.instants(evidence, condition) {
                    guard let (kind, expected) = condition.model(evidence, time) else { break }
                    let answer = condition.judge(evidence, at: time).truth
                    #expect(answer == expected, "seed \(seed), round \(round): \(condition)\n\(evidence)")
                    seen[kind, default: []].insert(answer)
                }
            }
        }
        #expect(
            seen == [
                "certificate": [.holds, .fails, .unknown], "loan": [.holds, .fails],
                "remote-working": [.holds, .fails], "travel": [.holds, .fails], "system": [.holds, .fails],
                "exception": [.holds, .fails],
            ])
    }
}

extension Condition {
    /// Where the answer may be the same again at its `until`: approvals and loans that follow on one another, and a
    /// certificate of which several things are dated. Looking again too early costs a look.
    fileprivate var mayBeEarly: Bool {
        switch test {
        case .certificate, .deviceLent, .approval: true
        // A contract that ends before it begins; no pack has one.
        case .contract(let contract): contract.until <= contract.from
        default: false
        }
    }

    /// A report of a certificate that is out of date speaks against it, too.
    fileprivate func isHeldAgainst(by piece: String, _ evidence: SessionEvidence) -> Bool {
        guard case .certificate = test, piece == "the report", let report = evidence.certificateReport else {
            return false
        }
        return !(report.validFrom <= Samples.now && Samples.now < report.validUntil)
    }

    /// What the truth is by the plainest way to ask, for conditions that have some logic.
    fileprivate func model(_ evidence: SessionEvidence, _ now: Instant) -> (kind: String, Truth)? {
        switch test {
        case .certificate(let authorities): ("certificate", Self.certificate(authorities, evidence, now))
        case .deviceLent:
            (
                "loan",
                Self.isOpen(
                    evidence.device == nil
                        ? []
                        : evidence.loans
                            .filter { $0.user == evidence.userName }.map { ($0.from, $0.until) }, now)
            )
        case .approval(let need): Self.approval(need, evidence, now)
        default: nil
        }
    }

    private static func isOpen(_ spans: [(from: Instant, until: Instant?)], _ now: Instant) -> Truth {
        for span in spans where span.from <= now {
            guard let until = span.until else { return .holds }
            if now < until { return .holds }
        }
        return .fails
    }

    private static func approval(
        _ need: ApprovalNeed, _ evidence: SessionEvidence, _ now: Instant
    ) -> (kind: String, Truth) {
        var spans: [(Instant, Instant?)] = []
        let kind: Approval.Kind
        switch need {
        case .remoteWorking: kind = .remoteWorking
        case .travel: kind = .travel
        case .system: kind = .system
        case .exception: kind = .exception
        }
        for approval in evidence.approvals where approval.kind == kind {
            let fits =
                switch need {
                case .remoteWorking: true
                case .travel:
                    evidence.country != nil && approval.countries.contains { $0 == evidence.country }
                case .system(let name, let label):
                    approval.systems.contains(name) || approval.labels.contains { $0 == label }
                case .exception(let name): approval.exception == name
                }
            if fits { spans.append((approval.from, approval.until)) }
        }
        return (kind.rawValue, isOpen(spans, now))
    }

    /// Of the first authority that issued: what speaks against the certificate, then what is not known of it.
    private static func certificate(
        _ authorities: [Authority], _ evidence: SessionEvidence, _ now: Instant
    ) -> Truth {
        let issuers = Set((evidence.certificates?.issuers ?? []).map(\.digest))
        guard let authority = authorities.first(where: { !$0.digests.isDisjoint(with: issuers) }) else {
            return .fails
        }
        if let report = evidence.certificateReport {
            let isGood = report.problems.isEmpty && report.validFrom <= now && now < report.validUntil
            if !isGood { return .fails }
        } else if authority.needsChain {
            return .unknown
        }
        switch evidence.revocation {
        case .revoked?: return .fails
        case .good(let until)? where now < until: return .holds
        case .good?, .unknown?, nil: return authority.revocation == .required ? .unknown : .holds
        }
    }
}
