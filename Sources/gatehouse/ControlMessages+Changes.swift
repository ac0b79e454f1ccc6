import Foundation
import PolicyDifference
import PolicyLanguage
import Sessions
import Store

/// Plans and changes of rules, as the daemon and the command line say them.
extension ControlMessages {
    /// Some text of one file of a pack. Pieces of a file follow each other.
    struct PackPiece: Codable {
        var path: String
        var text: String
    }

    /// For `rules.part`: what does not fit into the last request.
    struct PackPartArguments: Codable {
        /// The part's own number is in it.
        var batch: RegisterBatch
        var pieces: [PackPiece]
    }

    struct ApplyArguments: Codable {
        /// What to call the pack.
        var name: String
        var pieces: [PackPiece]
        /// What came before in parts goes together with this; nil when nothing did.
        var batch: RegisterBatch?
        /// Nil for a trial.
        var reference: String?
        /// `5m`; nil for what the rules in force say.
        var confirmWithin: String?
        var isTrial: Bool?
    }

    struct Applied: Codable {
        var reference: String?
        /// When it is taken back unless it is confirmed; nil for never.
        var confirmBy: String?
        var plan: PlanDocument
        var done: OrderDone
        /// Rendered.
        var warnings: [String]
    }

    struct ChangeArguments: Codable {
        /// Nil, to take a change back, for whichever waits.
        var reference: String?
    }

    struct Reverted: Codable {
        var reference: String
        var done: OrderDone
    }

    struct ChangeList: Codable {
        /// The digest of the pack in force.
        var inForce: String
        var changes: [ChangeRecord]
    }

    struct ChangeRecord: Codable {
        var number: Int64
        /// `apply`, `reload` or `start`.
        var kind: String
        var reference: String?
        /// Who gave the order, as the kernel knows them.
        var author: String
        /// Nil when it was no user.
        var authorUID: UInt32?
        var at: String
        /// Digests of the packs.
        var pack: String
        var before: String?
        var confirmBy: String?
        /// `waiting`, `confirmed`, `reverted` or `refused`.
        var outcome: String
        var endedAt: String?
        var endedBy: String?
        var endedByUID: UInt32?
        var endedBecause: String?
        /// The SHA-256 of its exact difference, which the audit record has too; nil where the difference is not known.
        var difference: String?
        /// Only when one change is asked for.
        var plan: PlanDocument?

        init(_ change: RuleChange, withPlan: Bool) {
            number = change.number
            kind = change.kind.rawValue
            reference = change.reference
            author = change.author.name
            authorUID = change.author.uid
            at = change.at.description
            pack = change.pack
            before = change.before
            confirmBy = change.confirmBy?.description
            outcome = change.end?.outcome.rawValue ?? "waiting"
            endedAt = change.end?.at.description
            endedBy = change.end?.by.name
            endedByUID = change.end?.by.uid
            endedBecause = change.end?.because
            difference = change.differenceDigest
            plan = withPlan ? change.plan : nil
        }
    }

    struct ChangesArguments: Codable {
        /// Nil for all.
        var reference: String?
    }

    struct PackFiles: Codable { var files: [PackPiece] }

    struct PackArguments: Codable { var digest: String }
}

extension RuleChange {
    /// Nil where it is not known, or was written by another version.
    fileprivate var plan: PlanDocument? {
        difference.flatMap { try? JSONDecoder().decode(PlanDocument.self, from: Data($0.utf8)) }
    }
}

/// The requests that send a pack, in order: all but the last by `rules.part`.
struct PackRequests {
    let parts: [ControlMessages.PackPartArguments]
    let pieces: [ControlMessages.PackPiece]
    let batch: ControlMessages.RegisterBatch?

    /// Text of a piece at most, in bytes. JSON makes a control character six bytes, and there may be four such pieces.
    private static let pieceBytes = 40 << 10
    /// Text of a request at most.
    private static let requestBytes = 4 * pieceBytes

    init(_ files: [PackFile]) {
        var groups: [[ControlMessages.PackPiece]] = [[]]
        var size = 0
        for piece in files.flatMap(Self.pieces) {
            let bytes = piece.text.utf8.count + piece.path.utf8.count + 64
            if size + bytes > Self.requestBytes, size > 0 {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(piece)
            size += bytes
        }
        let id = UUID().uuidString
        parts = groups.dropLast().enumerated().map { index, group in
            .init(batch: .init(id: id, part: index + 1), pieces: group)
        }
        pieces = groups[groups.count - 1]
        batch = groups.count == 1 ? nil : .init(id: id, part: groups.count)
    }

    private static func pieces(of file: PackFile) -> [ControlMessages.PackPiece] {
        let bytes = Array(file.text.utf8)
        var pieces: [ControlMessages.PackPiece] = []
        var start = 0
        repeat {
            var end = min(start + pieceBytes, bytes.count)
            // Not in the middle of a character: its later bytes begin with the bits 10.
            while end < bytes.count, bytes[end] & 0xc0 == 0x80 { end -= 1 }
            pieces.append(.init(path: file.path, text: String(decoding: bytes[start..<end], as: UTF8.self)))
            start = end
        } while start < bytes.count
        return pieces
    }
}

extension [ControlMessages.PackPiece] {
    /// The files that the pieces are of.
    var files: [PackFile] {
        var texts: [(path: String, text: String)] = []
        for piece in self {
            if let last = texts.last, last.path == piece.path {
                texts[texts.count - 1].text += piece.text
            } else {
                texts.append((piece.path, piece.text))
            }
        }
        return texts.map { PackFile(path: $0.path, text: $0.text) }
    }
}
