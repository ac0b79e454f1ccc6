import CNetfilter
import Glibc
package import RulesetCompiler

extension ForeignTables {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Reads every table but the ones named, in the network namespace of the thread that asks. Needs CAP_NET_ADMIN.
    ///
    /// Elements of sets are not read, and of verdict maps a thousand or so at most. Rules that change meanwhile are read
    /// again, a few times.
    ///
    /// - Returns: the tables, and those of `own` that are there, each a table of the family inet.
    package static func read(
        leavingOut own: Set<String>
    ) throws(Failure) -> (foreign: ForeignTables, own: [ForeignTables.Table]) {
        var connection = NetlinkConnection(hasDestroy: nil)
        do throws(NetlinkConnection.Refusal) {
            return try connection.foreignTables(leavingOut: own)
        } catch {
            let words = error.detail.isEmpty ? "" : ": \(error.detail)"
            throw Failure(description: "nf_tables: \(ErrorName.of(error.errno))\(words)")
        }
    }
}

extension NetlinkConnection {
    fileprivate mutating func foreignTables(
        leavingOut own: Set<String>
    ) throws(Refusal) -> (foreign: ForeignTables, own: [ForeignTables.Table]) {
        for _ in 0..<Self.attempts {
            generation = nil
            let before = try currentGeneration()
            var tables: [ForeignTables.Table] = []
            do throws(Refusal) {
                tables = try everyTable(rulesOfAllBut: own)
            } catch {
                // Something went while it was read.
                guard error.errno == ENOENT || error.errno == EINTR else { throw error }
            }
            generation = nil
            guard try currentGeneration() == before else { continue }
            let isOwn = { (table: ForeignTables.Table) in table.family == .inet && own.contains(table.name) }
            return (ForeignTables(tables.filter { !isOwn($0) }), tables.filter(isOwn))
        }
        throw Refusal(index: nil, errno: ERESTART, detail: "rules change faster than they can be read")
    }

    private mutating func everyTable(
        rulesOfAllBut own: Set<String>
    ) throws(Refusal) -> [ForeignTables.Table] {
        var tables = try dump(NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE).compactMap(ForeignTableReader.table)
        for message in try dump(NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN) {
            guard let (name, chain) = ForeignTableReader.chain(message) else { continue }
            for index in tables.indices where tables[index].name == name && message.isOf(tables[index].family)
            {
                tables[index].chains.append(chain)
            }
        }
        for message in try dump(NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE) {
            guard let (name, flowtable) = ForeignTableReader.flowtable(message) else { continue }
            for index in tables.indices where tables[index].name == name && message.isOf(tables[index].family)
            {
                tables[index].flowtables.append(flowtable)
            }
        }
        for index in tables.indices {
            // Ours has some for every scope, and they are watched.
            guard tables[index].family != .inet || !own.contains(tables[index].name) else { continue }
            try readRules(&tables[index])
        }
        return tables
    }

    private mutating func readRules(_ table: inout ForeignTables.Table) throws(Refusal) {
        let places = Dictionary(
            table.chains.indices.map { (table.chains[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        let name = table.name
        let messages = try dump(NFT_MSG_GETRULE, NFT_MSG_NEWRULE, family: table.family.number) {
            $0.attribute(NFTA_RULE_TABLE, text: name)
        }
        for message in messages {
            guard let (chain, rule) = ForeignTableReader.rule(message), let place = places[chain] else {
                continue
            }
            table.chains[place].rules.append(rule)
            for case .map(let map) in rule.steps where table.maps[map] == nil {
                table.maps[map] = Self.verdictMap(map, in: table)
            }
        }
    }

    private mutating func dump(
        _ request: nf_tables_msg_types, _ answer: nf_tables_msg_types, family: UInt8 = UInt8(AF_UNSPEC),
        _ body: (inout MessageWriter) -> Void = { _ in }
    ) throws(Refusal) -> [ReceivedMessage] {
        try ask(
            UInt16(request.rawValue), flags: NLM_F_DUMP, for: UInt16(answer.rawValue), family: family, body)
    }

    /// Elements of a map that are read.
    private static let mapLimit = 1024

    /// The first of a map's verdicts. On a socket of its own, since to stop half way is to close it: reading a large map to
    /// its end takes the kernel time in proportion to the square of its size.
    private static func verdictMap(
        _ name: String, in table: ForeignTables.Table
    ) -> ForeignTables.VerdictMap {
        var found: [ForeignTables.Verdict] = []
        do throws(NetlinkSocket.Failure) {
            var socket = try NetlinkSocket()
            var writer = MessageWriter()
            writer.message(
                OperationWriter.type(UInt16(NFT_MSG_GETSETELEM.rawValue)), flags: NLM_F_DUMP, sequence: 1,
                family: table.family.number
            ) {
                $0.attribute(NFTA_SET_ELEM_LIST_TABLE, text: table.name)
                $0.attribute(NFTA_SET_ELEM_LIST_SET, text: name)
            }
            try socket.send(writer.bytes)
            while let datagram = try socket.receive() {
                for message in ReceivedMessage.all(in: datagram) {
                    if let answer = message.answer, answer.errno != 0 {
                        return .init(Set(found), isWhole: false)
                    }
                    found += ForeignTableReader.verdicts(message)
                }
                guard found.count <= mapLimit else { return .init(Set(found), isWhole: false) }
            }
            return .init(Set(found))
        } catch {
            return .init(Set(found), isWhole: false)
        }
    }
}

extension ReceivedMessage {
    fileprivate func isOf(_ family: ForeignTables.Family) -> Bool { payload.first == family.number }
}
