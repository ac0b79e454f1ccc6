import Control
import ControlAPI
import PolicyLanguage
import Sessions

/// What the rules in force ask of whoever changes them.
struct ChangeTerms: Sendable, Equatable {
    /// Nobody loads rules without the reference of a request.
    let needsReference: Bool
    /// The longest that a change may wait for its confirmation, and how long it waits when nobody says; nil when the rules
    /// ask for no confirmation.
    let confirmWithin: Duration?

    init(_ settings: Settings.Changes?) {
        needsReference = settings?.needsReference ?? false
        confirmWithin = settings?.confirmWithin
    }

    /// Time to read the answer, try the way in, and type.
    static let leastWait: Duration = .seconds(10)
    static let longestWait: Duration = .seconds(86_400)

    /// How long a change waits for its confirmation; nil for one that counts at once.
    ///
    /// - Parameter asked: What the administrator said; nil for nothing.
    func wait(asked: String?) throws(ControlFailure) -> Duration? {
        guard let asked else { return confirmWithin }
        let longest = confirmWithin ?? Self.longestWait
        guard let wait = TimeText.duration(asked), (Self.leastWait...longest).contains(wait) else {
            throw ControlFailure(
                id: "bad-request",
                message: "a change waits for its confirmation from \(TimeText.text(Self.leastWait)) to "
                    + TimeText.text(longest) + (confirmWithin == nil ? "" : ", as the rules in force say"))
        }
        return wait
    }

    func checkReload() throws(ControlFailure) {
        guard needsReference else { return }
        throw ControlFailure(
            id: "refused",
            message: "the rules in force are changed with the reference of a request only; type: "
                + "gatehouse apply DIRECTORY --change REFERENCE")
    }

    /// One line that somebody can read and type again.
    static func check(reference: String?) throws(ControlFailure) {
        guard let reference, !reference.isEmpty, PlainText.isName(reference) else {
            throw ControlFailure(
                id: "bad-request", message: "the reference of a change is one line of at most 256 bytes")
        }
    }
}
