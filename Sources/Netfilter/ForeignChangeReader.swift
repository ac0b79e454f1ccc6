import CNetfilter
import NetworkTypes
import RulesetCompiler
import Sessions

/// Puts what the kernel tells of other transactions together, message by message. Pure.
///
/// The messages of one transaction come one after the other, the new generation last (`nf_tables_commit` of
/// net/netfilter/nf_tables_api.c: it holds a lock all the while).
struct ForeignChangeReader {
    /// Names of `inet` tables.
    let tables: Set<String>
    private var pending: ForeignChange?

    init(tables: Set<String>) { self.tables = tables }

    /// A transaction that is complete with this message and touched a table that is watched.
    mutating func take(_ message: ReceivedMessage, at now: Instant) -> ForeignChange? {
        guard message.type >> 8 == NFNL_SUBSYS_NFTABLES else { return nil }
        let type = message.type & 0xff
        if type == UInt16(NFT_MSG_NEWGEN.rawValue) { return end(message, at: now) }
        guard message.payload.first == UInt8(NFPROTO_INET),
            let action = Self.action(type, message.attributes),
            tables.contains(action.table)
        else { return nil }
        var change = pending ?? ForeignChange(heardAt: now)
        change.add(action)
        note(message, of: action, in: &change)
        pending = change
        return nil
    }

    /// Messages were lost: what is known of the transaction that was being told says nothing any more.
    mutating func lost(at now: Instant) -> ForeignChange {
        pending = nil
        return ForeignChange(heardAt: now, isIncomplete: true)
    }

    private mutating func end(_ message: ReceivedMessage, at now: Instant) -> ForeignChange? {
        defer { pending = nil }
        guard var change = pending else { return nil }
        let attributes = message.attributes
        change.generation = attributes.first(NFTA_GEN_ID)?.network(UInt32.self)
        let name = attributes.first(NFTA_GEN_PROC_NAME)?.zeroTerminatedText
        if let name, let process = attributes.first(NFTA_GEN_PROC_PID)?.network(UInt32.self) {
            change.author = .init(name: name, process: process)
        }
        return change
    }

    private func note(
        _ message: ReceivedMessage, of action: ForeignChange.Action, in change: inout ForeignChange
    ) {
        let isSessionMap = AddressFamily.allCases.contains { SessionMap.name($0) == action.name }
        guard action.kind == "element", isSessionMap else {
            change.isOfSessionsAlone = false
            return
        }
        for element in DumpedElement.all(in: message) {
            if let key = element.sessionKey {
                change.sessions.insert(key)
            } else {
                // No key of ours, in a map of ours.
                change.isOfSessionsAlone = false
            }
        }
    }

    /// What a message tells was done; nil for what is of no interest.
    private static func action(_ type: UInt16, _ attributes: Attributes) -> ForeignChange.Action? {
        guard let (verb, kind, nameType) = meaning(of: type) else { return nil }
        // The first attribute of every kind is its table (enum nft_*_attributes of linux/netfilter/nf_tables.h).
        guard let table = attributes.first(NFTA_TABLE_NAME)?.zeroTerminatedText else { return nil }
        let name = nameType.flatMap { attributes.first($0)?.zeroTerminatedText }
        return .init(verb, kind, table: table, name: name)
    }

    private typealias Meaning = (verb: ForeignChange.Action.Verb, kind: String, name: UInt16?)

    private static func meaning(of type: UInt16) -> Meaning? {
        switch type {
        case 0: (.added, "table", nil)
        case 2, 26: (.deleted, "table", nil)
        case 3: (.added, "chain", 3)
        case 5, 27: (.deleted, "chain", 3)
        case 6: (.added, "rule", 2)
        case 8, 28: (.deleted, "rule", 2)
        case 9: (.added, "set", 2)
        case 11, 29: (.deleted, "set", 2)
        case 12: (.added, "element", 2)
        case 14, 30: (.deleted, "element", 2)
        case 18: (.added, "object", 2)
        case 20, 31: (.deleted, "object", 2)
        case 22: (.added, "flowtable", 2)
        case 24, 32: (.deleted, "flowtable", 2)
        default: nil
        }
    }
}
