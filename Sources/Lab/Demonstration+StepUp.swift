import Foundation
import NetworkTypes

extension Demonstration {
    /// What belongs to another council asks for a code of that council's, in a session that lives: a wrong one opens
    /// nothing, the right one opens it for a few seconds, and then a download that runs stops by itself. Then
    /// sessions are drawn by lot, as for a spot check.
    func stepUp(_ climber: Climber) async throws {
        let generator = try await control.enrol(climber.client.actor.person, of: Rung.tenant)
        let now = UInt64(Date().timeIntervalSince1970)
        let tomorrow = generator.code(at: now + 86_400)
        let wrong = try await control.stepUp(climber.session, of: Rung.tenant, code: tomorrow)
        let shut = try await look([Rung.proved], climber)
        try await proved(generator, climber, isShut: wrong == nil, shut)
        for row in Scenario.rows(of: .steppedUp) where row.subject == .spotCheck {
            await ledger.record(try await spotCheck(among: climber.session), for: row)
        }
    }

    private func proved(
        _ generator: OneTimeCode, _ climber: Climber, isShut: Bool, _ shut: [Sweep.Door: Look]
    ) async throws {
        let capture = try await TunnelCapture.start(towards: climber.addresses, children: children)
        let code = generator.code(at: UInt64(Date().timeIntervalSince1970))
        let accepted = try await control.stepUp(climber.session, of: Rung.tenant, code: code)
        let end = accepted.map { commitment in
            Date(timeIntervalSince1970: Double(commitment.committedAt) / 1e9 + Double(Rung.codeSeconds))
        }
        let streams = end == nil ? nil : try await stream([Rung.proved], climber)
        try await Wait.until("the code's time to be over", within: .seconds(20)) {
            Date() > (end ?? .distantPast).addingTimeInterval(1.5)
        }
        let traffic = await capture.finish()
        if let streams { await children.end(streams) }
        // Once more than once it does not count.
        let again = try await control.stepUp(climber.session, of: Rung.tenant, code: code)
        let over = try await look([Rung.proved], climber)
        for row in Scenario.rows(of: .steppedUp) {
            guard case .rung(let rung) = row.subject, let family = row.family else { continue }
            let door = Sweep.Door(rung, family)
            guard let end else {
                await ledger.record(Outcome(seen: "the code was not accepted", matches: false), for: row)
                continue
            }
            var outcome = Self.endOutcome(traffic, to: climber.address(family), from: rung.port, at: end)
            outcome.decidedBy = over[door]?.explanation.text ?? ""
            for (when, look, isRight) in [
                ("after a wrong code", shut[door], isShut), ("after its end", over[door], again == nil),
            ] where !isRight || look?.isOpen(false) != true {
                outcome.matches = false
                outcome.seen += ", \(when): \(look?.finding.text ?? "not tried")"
            }
            await ledger.record(outcome, for: row)
        }
    }

    /// The same seed draws the same sessions, and what is known of each is there.
    private func spotCheck(among session: String) async throws -> Outcome {
        let checks = [
            try await control.spotCheck("lab", sample: 2), try await control.spotCheck("lab", sample: 2),
        ]
        let drawn = checks.map { $0.drawn.map(\.session) }
        let isKnown = checks.allSatisfy { check in
            check.from.contains(session) && check.drawn.allSatisfy { !$0.facts.isEmpty }
        }
        return Outcome(
            seen: "\(drawn[0].joined(separator: ", ")) of \(checks[0].from.count)",
            matches: isKnown && drawn[0] == drawn[1] && drawn[0].count == min(2, checks[0].from.count))
    }
}
