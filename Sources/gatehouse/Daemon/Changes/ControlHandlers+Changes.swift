import Control
import ControlAPI
import PolicyLanguage
import Sessions
import Store

/// Changes of the rules in force, as administrators order them.
extension ControlHandlers {
    /// A pack's text at most, in bytes.
    static let packBytes = 64 << 20

    func keepPart(_ arguments: ControlMessages.PackPartArguments, _ peer: Peer) async throws {
        try await packs.keep(arguments.pieces, arguments.batch, of: peer, at: SystemClock().now())
    }

    func apply(
        _ arguments: ControlMessages.ApplyArguments, _ peer: Peer
    ) async throws -> ControlMessages.Applied {
        let files = try await files(arguments.pieces, arguments.batch, peer)
        return try await changes.apply(files, arguments, by: RuleChangeAuthor(peer))
    }

    func confirm(_ arguments: ControlMessages.ChangeArguments, _ peer: Peer) async throws {
        guard let reference = arguments.reference else {
            throw ControlFailure(id: "bad-request", message: "say which change is confirmed")
        }
        try await changes.confirm(reference, by: RuleChangeAuthor(peer))
    }

    func revert(
        _ arguments: ControlMessages.ChangeArguments, _ peer: Peer
    ) async throws -> ControlMessages.Reverted {
        try await changes.revert(arguments.reference, by: RuleChangeAuthor(peer))
    }

    /// The files of a pack that was sent, the last of it with this request.
    func files(
        _ pieces: [ControlMessages.PackPiece], _ batch: ControlMessages.RegisterBatch?, _ peer: Peer
    ) async throws -> [PackFile] {
        let earlier = try await packs.take(batch, of: peer, at: SystemClock().now())
        let files = (earlier + pieces).files
        try Self.check(files.map(\.path))
        return files
    }

    /// Each once, below the pack's folder, and such that people can read it: they are kept under these names, and written
    /// to a folder again when somebody asks.
    static func check(_ paths: [String]) throws(ControlFailure) {
        var seen: Set<String> = []
        for path in paths {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let isInside = !parts.contains { ["", ".", ".."].contains($0) }
            guard isInside, PlainText.isName(path), seen.insert(path).inserted else {
                throw ControlFailure(
                    id: "bad-request",
                    message: "'\(PlainText.shown(path))' is no path of a pack, or is there twice")
            }
        }
    }
}
