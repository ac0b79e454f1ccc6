import ControlAPI
import Evidence

// What fields of requests may be, beyond their types: read by the served document and by the check of every request.

private let sessionNote = FieldNote(
    "Source and client number, such as office/21.", text: .name())
private let registerNote = FieldNote(
    "Which register.", text: .oneOf(RegisterKind.allCases.map(\.rawValue)))
private let reasonNote = FieldNote("For the record.", text: .name(atMost: 4096))

extension ControlMessages.SessionArgument: FieldNotes {
    static let fieldNotes = ["session": sessionNote]
}

extension ControlMessages.ExplainArguments: FieldNotes {
    static let fieldNotes = [
        "session": sessionNote,
        "to": FieldNote("A destination, such as 10.10.0.20:443/tcp.", text: .name()),
    ]
}

extension ControlMessages.SpotCheckArguments: FieldNotes {
    static let fieldNotes = [
        "seed": FieldNote("Draws the same again; one is drawn where none is said."),
        "sample": FieldNote("How many; what the rules ask for where it is not said.", range: 1...1000),
    ]
}

extension ControlMessages.RegisterListArguments: FieldNotes {
    static let fieldNotes = [
        "kind": registerNote, "key": FieldNote("One line; all where it is not said.", text: .name()),
        "withUnwhole": FieldNote("Also lines of which not enough is stated to be in force."),
    ]
}

extension ControlMessages.RegisterSubjectArguments: FieldNotes {
    static let fieldNotes = ["kind": registerNote, "key": FieldNote(text: .name())]
}

extension ControlMessages.PostureListArguments: FieldNotes {
    static let fieldNotes = ["device": FieldNote("One; all where it is not said.", text: .name())]
}

extension ControlMessages.ChangesArguments: FieldNotes {
    static let fieldNotes = ["reference": FieldNote("One; all where it is not said.", text: .name())]
}

extension ControlMessages.PackArguments: FieldNotes {
    static let fieldNotes = ["digest": FieldNote("Of the pack.", text: .name())]
}

extension ControlMessages.DisconnectArguments: FieldNotes {
    static let fieldNotes = [
        "session": sessionNote, "user": FieldNote("All sessions of one.", text: .name()),
        "device": FieldNote("All sessions of one.", text: .name()), "reason": FieldNote("For the record."),
    ]
}

extension ControlMessages.StatusArguments: FieldNotes {
    static let fieldNotes = [
        "device": FieldNote("Its inventory id.", text: .name()),
        "status": FieldNote(text: .oneOf(DeviceStatus.allCases.map(\.rawValue))), "reason": reasonNote,
    ]
}

extension ControlMessages.UserArguments: FieldNotes {
    static let fieldNotes = [
        "user": FieldNote(text: .name()),
        "tenant": FieldNote("Whose codes of the user's; the user's own where it is not said.", text: .name()),
    ]
}

extension ControlMessages.EnrolArguments: FieldNotes {
    static let fieldNotes = [
        "user": FieldNote(text: .name()), "tenant": FieldNote("For codes of one tenant.", text: .name()),
        "issuer": FieldNote("What the authenticator calls the codes.", text: .name()),
        "replaces": FieldNote("Whether a seed that the user has may go."),
    ]
}

extension ControlMessages.StepUpArguments: FieldNotes {
    private static var code: TextRule {
        var rule = TextRule.name(atMost: 64)
        rule.isSecret = true
        return rule
    }

    static let fieldNotes = [
        "session": sessionNote,
        "tenant": FieldNote("The user's own code where it is not said.", text: .name()),
        "code": FieldNote(text: code),
    ]
}

extension ControlMessages.PostureReportArguments: FieldNotes {
    static let fieldNotes = [
        "device": FieldNote("Its inventory id.", text: .name()),
        "antivirus": FieldNote("When its signatures were made (RFC 3339).", text: .name(atMost: 64)),
        "patches": FieldNote("When its updates were made (RFC 3339).", text: .name(atMost: 64)),
        "screenLockMinutes": FieldNote("0 for never.", range: 0...1_000_000),
        "observedAt": FieldNote("RFC 3339; now where it is not said.", text: .name(atMost: 64)),
        "dryRun": FieldNote("Say what would happen, and do nothing."),
    ]
}

extension ControlMessages.RegisterBatch: FieldNotes {
    static let fieldNotes = [
        "id": FieldNote("The same for all parts, and nobody else's.", text: .name()),
        "part": FieldNote("From 1, in order.", range: 1...1_000_000),
    ]
}

extension ControlMessages.RegisterStatementMessage: FieldNotes {
    static let fieldNotes = [
        "kind": registerNote,
        "fields": FieldNote("A field with no values is not stated any more."),
        "added": FieldNote("What lists have on top."), "removed": FieldNote("What lists have no more."),
        "asInFiles": FieldNote("Fields for which the rule files count again."),
        "requirement": FieldNote(
            "What must be so.", text: .oneOf(RegisterStatement.Requirement.allCases.map(\.rawValue))),
    ]
}

extension ControlMessages.RegisterStateArguments: FieldNotes {
    static let fieldNotes = [
        "dryRun": FieldNote("Say what would happen, and do nothing."),
        "ifRevision": FieldNote("Refuse where the registers are others by now."),
        "batch": FieldNote("What came before in parts is stated together with this."),
    ]
}

extension ControlMessages.PlanArguments: FieldNotes {
    static let fieldNotes = [
        "name": FieldNote("What to call the pack."),
        "watchMilliseconds": FieldNote("For how long packets are looked at.", range: 0...30_000),
    ]
}

extension ControlMessages.ApplyArguments: FieldNotes {
    static let fieldNotes = [
        "name": FieldNote("What to call the pack."),
        "reference": FieldNote("Of the request for the change; none for a trial."),
        "confirmWithin": FieldNote("A duration such as 5m.", text: .name(atMost: 64)),
        "isTrial": FieldNote("Say what would happen, and do nothing."),
    ]
}
