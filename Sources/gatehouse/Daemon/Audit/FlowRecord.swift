import Audit
import AuditLog
import Enforcement
import FlowSpace
import Foundation
import NetworkTypes
import PolicyLanguage
import Sessions

/// The record of flows on the disk, a chain like the audit record, in the folder `flows` of the daemon's state.
final class FlowRecord: Sendable {
    private let log: AuditLog
    private let folder: String
    /// Made anew by each process and kept nowhere: within its life the same name has the same pseudonym, and nobody can
    /// ever go back.
    private let pseudonyms = Pseudonyms(key: (0..<32).map { _ in UInt8.random(in: .min ... .max) })

    init(state: String) {
        folder = state + "/flows"
        log = AuditLog(AuditFolder(path: folder))
    }

    /// Blocks for as long as the disk takes.
    func keep(
        _ flows: [FlowSighting], _ monitoring: Settings.Monitoring, under policy: Policy, at now: Instant
    ) throws {
        var pseudonyms = pseudonyms
        let entries = flows.compactMap { flow -> AuditEntry? in
            let entry = AuditEntries.flow(flow, monitoring, under: policy, at: now)
            guard monitoring.isPseudonymous else { return entry }
            // By its number a session is found in the audit record, with everything about it.
            var clean = pseudonyms?.cleaned(entry)
            clean?[.session] = nil
            clean?[.reference] = monitoring.dpia
            return clean
        }
        try log.record(entries)
    }

    func retire(olderThan limit: Instant, at now: Instant) throws -> UInt64? {
        guard FileManager.default.fileExists(atPath: folder) else { return nil }
        return try log.retire(olderThan: limit, at: now)
    }
}

extension AuditEntries {
    /// What it was about, whose it was, and by what assessment it may be known.
    static func flow(
        _ flow: FlowSighting, _ monitoring: Settings.Monitoring, under policy: Policy, at now: Instant
    ) -> AuditEntry {
        var entry = AuditEntry(.flow, at: now)
        entry[.session] = flow.id.description
        entry[.user] = flow.userName
        entry[.device] = flow.device
        entry[.destination] = flow.destination.description
        let systems = policy.systems.filter { $0.space.contains(flow.destination) }.map(\.name)
        entry[.system] = systems.isEmpty ? nil : systems.joined(separator: " ")
        entry[number: .packets] = flow.packets
        entry[number: .bytes] = flow.octets
        entry[.since] = flow.from.description
        entry[.reference] = monitoring.dpia
        entry[list: .clauses] = monitoring.serving.cites
        return entry
    }
}
