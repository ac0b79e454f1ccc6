import Enforcement
import Evidence
import Foundation
import PolicyDifference
import PolicyLanguage
import Sessions
import Store

/// What a daemon begins with: the pack that was applied last, or the configured folder where none was since it was last
/// read by order.
struct RulesInForce: Sendable {
    var pack: LoadedPack
    /// The change that waits for its confirmation, if one does.
    var waiting: WaitingChange?
    /// For the log.
    var warnings: [String] = []

    var policy: Policy { pack.policy }

    init(_ pack: LoadedPack) { self.pack = pack }

    /// Finds it, and records what follows from the time that has passed: a change whose time is over is taken back.
    ///
    /// - Parameter fromFolder: Begin with the folder, whatever was applied: for a pack that does not load any more.
    static func atStart(
        folder: String, store: Store, at now: Instant, fromFolder: Bool = false
    ) throws -> RulesInForce {
        let start = Start(folder: folder, store: store, now: now)
        if let last = try store.lastRuleChange(), last.end == nil {
            try start.settle(last, fromFolder: fromFolder)
        }
        let last = try store.lastRuleChange()
        guard !fromFolder else { return try start.folder(instead: last) }
        guard let last, last.kind == .apply else { return try start.folder(after: last) }
        var found = try start.kept(last.inForce)
        if last.end == nil {
            let former = try start.kept(last.before ?? last.pack).pack
            found.waiting = WaitingChange(last, former: former, at: now)
        }
        found.warnings += start.difference(ofFolderFrom: found.pack.kept)
        return found
    }
}

extension RuleChange {
    /// The digest of the pack that is in force after it.
    fileprivate var inForce: String { end?.outcome == .reverted ? before ?? pack : pack }
}

/// One start of the daemon.
private struct Start {
    let folder: String
    let store: Store
    let now: Instant

    private static let help = "'gatehouse run --from-folder' begins with the configured folder instead"

    /// Ends what the process before this one left open, but for a change whose time is not over.
    func settle(_ last: RuleChange, fromFolder: Bool) throws {
        var end = RuleChangeEnd(
            .confirmed, at: now, by: .daemon, because: "it asked for no confirmation")
        var changes: [StoreChange] = []
        if let confirmBy = last.confirmBy {
            guard confirmBy <= now || fromFolder else { return }
            end = RuleChangeEnd(
                .reverted, at: now, by: .daemon,
                because: fromFolder ? "started with --from-folder" : "nobody confirmed it by \(confirmBy)")
            if !fromFolder { changes = try restated(under: last) }
        }
        try store.perform(changes + [.ruleChangeEnd(number: last.number, end)])
    }

    /// What comes back of the registers when a change is taken back.
    private func restated(under change: RuleChange) throws -> [StoreChange] {
        var facts = RegisterFacts(try store.facts())
        let before = try kept(change.before ?? change.pack)
        let revived = try store.facts(overtakenBy: change.number)
        return facts.goBack(to: before.policy.registers, reviving: revived).map { .fact($0) }
    }

    /// A pack that was in force, from the store.
    func kept(_ digest: String) throws -> RulesInForce {
        guard let kept = try store.pack(digest: digest) else {
            throw StartProblem("the pack that was applied (\(digest)) is not kept any more; \(Self.help)")
        }
        let pack = RulePack(kept.packFiles, at: now)
        guard let policy = pack.loadable else {
            throw StartProblem(
                "the pack that was applied does not load any more; \(Self.help)\n\(pack.complaints)",
                isMistake: true)
        }
        return found(pack, kept, policy)
    }

    private func found(_ pack: RulePack, _ kept: KeptPack, _ policy: Policy) -> RulesInForce {
        var found = RulesInForce(LoadedPack(kept: kept, policy: policy))
        found.warnings = pack.diagnostics.map { DiagnosticRenderer.text($0) }
        return found
    }

    /// A sentence when the folder is not what is in force.
    func difference(ofFolderFrom kept: KeptPack) -> [String] {
        let files = (try? PackDirectory(path: folder).files()) ?? []
        guard KeptPack(reading: files).digest != kept.digest else { return [] }
        return [
            "\(folder) is not what is in force: the pack that was applied is; 'gatehouse apply \(folder)' applies the "
                + "folder, 'gatehouse changes --in-force DIRECTORY' writes what is in force"
        ]
    }

    // MARK: The folder

    /// The folder, which a start reads where nothing was applied since it was last read by order. Where what is in force
    /// asks for a reference, an edited folder does not get past that with a restart.
    func folder(after last: RuleChange?) throws -> RulesInForce {
        guard let last else { return try record(read(), instead: nil) }
        if let kept = try store.pack(digest: last.inForce) {
            let before = RulePack(kept.packFiles, at: now)
            // By what compiles, even where it would not be loaded any more.
            if ChangeTerms(before.policy?.settings.changes).needsReference {
                var found = try self.kept(last.inForce)
                found.warnings += difference(ofFolderFrom: kept)
                return found
            }
        }
        return try record(read(), instead: last)
    }

    /// The folder, whatever was in force.
    func folder(instead last: RuleChange?) throws -> RulesInForce {
        try record(read(), instead: last, because: "started with --from-folder")
    }

    private func read() throws -> RulesInForce {
        let pack: RulePack
        do {
            pack = try RulePack.read(folder, at: now)
        } catch let unreadable as PackUnreadable {
            throw StartProblem("\(unreadable)")
        }
        guard let policy = pack.loadable else { throw StartProblem(pack.complaints, isMistake: true) }
        return found(pack, KeptPack(pack.files), policy)
    }

    /// Says in the log and in the record that the folder is not what was in force, if so.
    private func record(
        _ found: RulesInForce, instead last: RuleChange?, because: String? = nil
    ) throws -> RulesInForce {
        let digest = found.pack.kept.digest
        // A start from the folder after an applied pack of the same files makes the folder count from now on.
        guard last?.inForce != digest || (because != nil && last?.kind == .apply) else { return found }
        var found = found
        let before = try last.flatMap { try store.pack(digest: $0.inForce) }.flatMap { kept in
            RulePack(kept.packFiles, at: now).policy
        }
        let plan = before.map { PlanDocument(from: $0, to: found.policy, old: "in force", new: folder) }
        if last != nil {
            let summary = plan.map { PlanText.text($0).prefix { $0 != "\n" } } ?? ""
            found.warnings.append("the rules are not those that were in force: \(summary)")
        }
        let change = RuleChange(
            kind: .start, author: .daemon, at: now, pack: digest, before: last?.inForce,
            difference: try plan?.json,
            end: RuleChangeEnd(.confirmed, at: now, by: .daemon, because: because))
        _ = try store.begin(change, keeping: [found.pack.kept])
        return found
    }
}

extension KeptPack {
    /// As the files of a folder are, whatever they say.
    init(reading files: [(path: String, bytes: [UInt8])]) {
        self.init(files.map { File(path: $0.path, text: String(decoding: $0.bytes, as: UTF8.self)) })
    }
}

extension PlanDocument {
    init(from old: Policy, to policy: Policy, old oldName: String, new newName: String) {
        self.init(
            PolicyDifference(from: old, to: policy), from: old, to: policy, old: oldName, new: newName)
    }

    /// - Parameter difference: of the two policies.
    init(
        _ difference: PolicyDifference, from old: Policy, to policy: Policy, old oldName: String,
        new newName: String
    ) {
        var judge = MovementJudge(from: old, to: policy, difference)
        self.init(difference, tests: judge.movementsOfTests(), old: oldName, new: newName)
    }

    /// For the record.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
