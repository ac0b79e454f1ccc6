import Classification
import Control
import ControlAPI
import Coverage
import Enforcement
import Evidence
import PolicyLanguage
import Sessions

extension ControlHandlers {
    /// Draws open sessions by lot, with all that is known about them. Nothing is changed by it; who was looked at by whom is
    /// on the record before it is told, and where it cannot be, nobody is shown.
    func spotCheck(
        _ arguments: ControlMessages.SpotCheckArguments, _ peer: Peer
    ) async throws -> ControlMessages.SpotCheck {
        let policy = await enforcer.policy
        let asked = policy.settings.audit?.spotChecks
        guard let sample = arguments.sample ?? asked?.sample, (1...1000).contains(sample) else {
            throw ControlFailure(
                id: "bad-request",
                message: arguments.sample == nil
                    ? "the rules ask for no spot checks: say how many sessions to draw"
                    : "from 1 to 1000 sessions are drawn")
        }
        let seed = try Self.seed(arguments.seed)
        let registers = await enforcer.registers
        let open = await enforcer.sessions.filter { $0.cut == nil && !$0.session.addresses.isEmpty }
        let byName = Dictionary(open.map { ($0.session.id.description, $0) }) { first, _ in first }
        let names = Draw(seed: seed).sample(sample, of: byName.keys)
        let now = SystemClock().now()
        let draw = AuditEntries.SpotCheck(seed: seed, sample: sample, population: byName.count, drawn: names)
        do {
            try keep(
                AuditEntries.spotCheck(draw, by: peer.name, peer.orderer, under: policy, at: now))
        } catch {
            throw ControlFailure(
                id: "not-audited", message: "nobody was drawn, since it cannot be put on record: \(error)")
        }
        var drawn: [ControlMessages.DrawnSession] = []
        for name in names {
            // One that ended meanwhile was drawn all the same; of it nothing is known any more.
            guard let known = byName[name] else { continue }
            let evidence = await enforcer.evidence(about: known.session.id)
            drawn.append(
                ControlMessages.DrawnSession(
                    session: name, user: known.session.userName, device: registers.device(of: known)?.id,
                    class: known.decision.className, scope: known.decision.scope.systems,
                    facts: evidence.map { EvidenceText.facts($0, known.session) } ?? []))
        }
        return ControlMessages.SpotCheck(
            seed: seed, at: now.description,
            asked: asked.map { "\($0.sample) sessions every \(TimeText.text($0.every))" },
            from: byName.keys.sorted(), drawn: drawn)
    }

    private static func seed(_ said: String?) throws(ControlFailure) -> String {
        guard let said else {
            var random = SystemRandomNumberGenerator()
            return String(random.next() as UInt64, radix: 16)
        }
        guard PlainText.isName(said) else {
            throw ControlFailure(id: "bad-request", message: "a seed is a word or a few, in one line")
        }
        return said
    }
}
