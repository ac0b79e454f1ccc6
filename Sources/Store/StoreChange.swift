package import Evidence
package import Sessions

/// One change of what is stored. Changes given together happen together, in their order, or not at all.
package enum StoreChange: Sendable, Hashable {
    /// Adds to the history of a field; in force is what was added last, whatever its time.
    case fact(RegisterFact)
    /// A rule file has had the later word on a field: no fact of it that was added until now is in force. With the number
    /// of a change of rules, the fact that was in force is remembered with it.
    case overtaken(RegisterSubject, field: String, at: Instant, change: Int64? = nil)
    /// Puts all that is known of a device in place of what was: give the whole posture, not the report alone.
    case posture(device: String, DevicePosture, reporter: String, at: Instant)
    case forgetPosture(device: String)
    /// Adds a hold; of several on one subject the last is shown.
    case addHold(Hold)
    /// Lifts every standing hold on a subject.
    case liftHold(Hold.Subject, by: String, at: Instant)
    /// Puts a seed in place of the owner's, if there is one. What is remembered of the codes of the old one stays.
    case seed(SealedSeed)
    case forgetSeed(CodeOwner)
    /// Ends the closed state that damage left, if there is one.
    case acknowledgeDamage(by: String, at: Instant)
    /// A change of rules has come to its end.
    case ruleChangeEnd(number: Int64, RuleChangeEnd)
    case totpState(TOTPState, CodeOwner)
    case forgetTOTPState(CodeOwner)
    /// Adds the session, or replaces the one with its id.
    case putSession(StoredSession)
    case removeSession(SessionID)
    /// Puts the last word of an issuer on a subject in place of the one before.
    case signal(SignalFact)
    /// Remembers a token until then; lets go of those that need not be known any more at `at`.
    case token(ReceivedSignal.Token, until: Instant, at: Instant)
}
