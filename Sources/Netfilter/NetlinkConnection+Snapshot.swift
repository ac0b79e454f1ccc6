import CNetfilter
import Glibc
import NetworkTypes
import RulesetCompiler
import Sessions

extension NetlinkConnection {
    /// The two session maps, from one generation. A dump that somebody commits into shows the same element twice now
    /// and then, and the kernel does not say so: it is bracketed by the generation and done again when that moved.
    mutating func snapshot(
        of layout: RulesetLayout, now: () -> Instant
    ) throws(CommitFailure) -> RulesetSnapshot? {
        let transaction = Transaction(table: layout.table, [])
        do throws(Refusal) {
            for _ in 0..<Self.readings {
                generation = nil
                let before = try currentGeneration()
                let sessions = try dump(layout.table, now: now)
                generation = nil
                if try currentGeneration() == before { return sessions.map { RulesetSnapshot(sessions: $0) } }
            }
            throw Refusal(index: nil, errno: ERESTART, detail: "rules change faster than they can be read")
        } catch {
            throw transaction.failure(at: nil, errno: error.errno, detail: error.detail)
        }
    }

    private mutating func dump(
        _ table: String, now: () -> Instant
    ) throws(Refusal) -> [SessionKey: Ruleset.Element]? {
        var sessions: [SessionKey: Ruleset.Element] = [:]
        for family in AddressFamily.allCases {
            do throws(Refusal) {
                let messages = try ask(
                    UInt16(NFT_MSG_GETSETELEM.rawValue), flags: NLM_F_DUMP,
                    for: UInt16(NFT_MSG_NEWSETELEM.rawValue)
                ) {
                    $0.attribute(NFTA_SET_ELEM_LIST_TABLE, text: table)
                    $0.attribute(NFTA_SET_ELEM_LIST_SET, text: SessionMap.name(family))
                }
                let read = now()
                for element in messages.flatMap(DumpedElement.all) {
                    guard let (key, value) = element.session(readAt: read) else { continue }
                    sessions[key] = value
                }
            } catch {
                guard error.errno == ENOENT else { throw error }
                return nil
            }
        }
        return sessions
    }
}
