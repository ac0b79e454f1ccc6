import Certificates
import Sessions
import Synchronization

extension CertificateTrust {
    /// Asks a responder the question that has waited longest, and keeps what it says. Blocks the calling thread: up to
    /// the given time while there is no question, up to the client's time and a name look-up while there is one.
    ///
    /// For threads of their own, as many as should ask at once. Returns false when there was nothing to ask.
    package func answerNextQuestion(waitingAtMost time: Duration) -> Bool {
        guard let errand = nextErrand(time) else { return false }
        let outcome = ask(errand)
        let isNews = state.withLock { $0.finish(errand, outcome, at: clock(), quiet: settings.quiet) }
        if isNews { announce() }
        return true
    }

    /// Ends the wait of a thread in ``answerNextQuestion(waitingAtMost:)``, one for each call.
    package func wakeOne() { bell.ring() }

    private func nextErrand(_ time: Duration) -> ResponderLedger.Errand? {
        if let errand = state.withLock({ $0.ledger.take() }) { return errand }
        // News that were held back for the quiet's sake are told now at the latest.
        if state.withLock({ $0.takeNews() }) { announce() }
        bell.wait(atMost: time)
        let (errand, hasMore) = state.withLock { ($0.ledger.take(), $0.ledger.hasWaiting) }
        if hasMore { bell.ring() }
        return errand
    }

    private func ask(_ errand: ResponderLedger.Errand) -> Result<OCSPAnswer, ResponderFailure> {
        var random = SystemRandomNumberGenerator()
        let nonce = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        do {
            let address = try ResponderAddress(errand.url)
            let body = try settings.responders.post(errand.question.request(nonce: nonce), to: address)
            let response = try OCSPResponse(der: body)
            return .success(try response.answer(to: errand.question, nonce: nonce, at: clock()))
        } catch let failure as ResponderFailure {
            return .failure(failure)
        } catch {
            return .failure(ResponderFailure(description: "\(error)"))
        }
    }
}
