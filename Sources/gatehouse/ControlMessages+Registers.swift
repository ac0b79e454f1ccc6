import Control
import ControlAPI
import Evidence
import Sessions
import Store

/// One line of a register with all that was ever said of it, and seeds of one-time codes.
extension ControlMessages {
    struct RegisterSubjectArguments: Codable {
        var kind: String
        var key: String
    }

    struct RegisterHistory: Codable {
        /// As it is in force; nil when it is not.
        var line: RegisterLineMessage?
        /// Every statement, the oldest first.
        var facts: [HistoricFact]
    }

    struct HistoricFact: Codable {
        var field: String
        /// Empty when it was taken back.
        var value: [String]
        var at: String
        var by: String
        var reason: String
        /// What the rule files said then; nil when that was not kept.
        var over: [String]?
        /// Since when the rule files count again.
        var overtakenAt: String?

        init(_ record: FactRecord) {
            field = record.fact.field
            value = record.fact.value
            at = record.fact.at.description
            by = record.fact.by
            reason = record.fact.reason
            over = record.fact.over
            overtakenAt = record.overtakenAt?.description
        }
    }

    struct EnrolArguments: Codable {
        var user: String
        /// For the codes of one tenant; nil for the user's own.
        var tenant: String?
        var issuer: String
        /// Whether a seed that the user has may go.
        var replaces: Bool?
    }

    /// A new seed. It is said this once.
    struct Enrolment: Codable {
        var user: String
        var tenant: String?
        /// For authenticators: `otpauth://...`.
        var uri: String
        /// For typing: base32.
        var secret: String
    }
}

extension ControlMessages.RegisterStatementMessage {
    func statement() throws(ControlFailure) -> RegisterStatement {
        var needed: RegisterStatement.Requirement?
        if let requirement {
            needed = RegisterStatement.Requirement(rawValue: requirement)
            // An order whose condition is not understood must not be carried out without it.
            guard needed != nil else {
                throw ControlFailure(
                    id: "bad-request", message: "no requirement '\(PlainText.shown(requirement))'")
            }
        }
        return RegisterStatement(
            subject: RegisterSubject(try ControlHandlers.kind(kind), key), fields: fields,
            added: added ?? [:],
            removed: removed ?? [:], asInFiles: Set(asInFiles ?? []), requirement: needed)
    }
}
