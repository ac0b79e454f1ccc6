import Evidence
import Foundation

/// Statements that are too many for one request: all parts but the last go by `register.state-part`, and are stated
/// together with what `register.state` has, or not at all.
extension ControlMessages {
    /// The id of the failure when the registers are not those any more that `ifRevision` says.
    static let registersMoved = "registers-moved"

    /// For `register.state-part`.
    struct RegisterPartArguments: Codable {
        /// The part's own number is in it.
        var batch: RegisterBatch
        var statements: [RegisterStatementMessage]
    }

    struct RegisterBatch: Codable {
        /// The same for all parts; nobody else's.
        var id: String
        /// From 1, in order; in `register.state` the number of parts, itself among them.
        var part: Int
    }
}

extension ControlMessages.RegisterStatementMessage {
    init(_ statement: RegisterStatement) {
        self.init(
            kind: statement.subject.kind.rawValue, key: statement.subject.key, fields: statement.fields,
            added: statement.added.isEmpty ? nil : statement.added,
            removed: statement.removed.isEmpty ? nil : statement.removed,
            asInFiles: statement.asInFiles.isEmpty ? nil : statement.asInFiles.sorted(),
            requirement: statement.requirement?.rawValue)
    }
}

/// The requests that state a list of statements, in order.
struct RegisterRequests {
    /// None when all fits into one request.
    let parts: [ControlMessages.RegisterPartArguments]
    let last: ControlMessages.RegisterStateArguments

    /// What a request may have in statements: the protocol's limit of 1 MiB less the other arguments and the frame.
    private static let partBytes = 1 << 20 - 1 << 16

    /// Throws when a statement has no JSON form.
    init(
        _ statements: [RegisterStatement], reason: String, dryRun: Bool, ifRevision: String? = nil
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var groups: [[ControlMessages.RegisterStatementMessage]] = [[]]
        var size = 0
        for statement in statements {
            let message = ControlMessages.RegisterStatementMessage(statement)
            let bytes = try encoder.encode(message).count + 1
            if size + bytes > Self.partBytes, size > 0 {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(message)
            size += bytes
        }
        let id = UUID().uuidString
        parts = groups.dropLast().enumerated().map { index, group in
            .init(batch: .init(id: id, part: index + 1), statements: group)
        }
        last = .init(
            statements: groups[groups.count - 1], reason: reason, dryRun: dryRun, ifRevision: ifRevision,
            batch: groups.count == 1 ? nil : .init(id: id, part: groups.count))
    }
}
