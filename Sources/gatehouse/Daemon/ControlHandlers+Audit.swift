import Audit
import AuditLog
import Control
import ControlAPI
import Sessions

extension ControlHandlers {
    /// How far the record goes: everything up to there is on the disk.
    func auditHead() throws -> ControlMessages.AuditHeadAnswer {
        guard let trail else { throw ControlFailure(id: "not-found", message: "no audit record is kept") }
        let loss = trail.log.loss
        return ControlMessages.AuditHeadAnswer(
            head: trail.log.head?.description, lost: loss?.count ?? 0, since: loss?.since.description,
            because: loss?.because)
    }
}

extension ControlMessages {
    struct AuditHeadAnswer: Codable {
        /// Number and hash of the last record; nil before there was one.
        var head: String?
        /// How many records could not be kept since the last one that could.
        var lost: UInt64
        var since: String?
        var because: String?
    }
}
