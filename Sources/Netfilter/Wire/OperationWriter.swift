import CNetfilter
import NetworkTypes
import RulesetCompiler

/// Writes the operations of a transaction as messages of nf_tables.
struct OperationWriter {
    let table: String

    func write(_ operation: Operation, sequence: UInt32, flags: Int32, to writer: inout MessageWriter) {
        switch operation {
        case .addTable:
            message(NFT_MSG_NEWTABLE, NLM_F_CREATE | flags, sequence, &writer) {
                $0.attribute(NFTA_TABLE_NAME, text: table)
            }
        case .addOwnedTable:
            message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | flags, sequence, &writer) {
                $0.attribute(NFTA_TABLE_NAME, text: table)
                $0.attribute(NFTA_TABLE_FLAGS, Self.ownerFlag)
            }
        case .deleteTable:
            message(NFT_MSG_DELTABLE, flags, sequence, &writer) { $0.attribute(NFTA_TABLE_NAME, text: table) }
        case .addChain(let chain):
            message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL | flags, sequence, &writer) {
                addChain(chain, &$0)
            }
        case .deleteChain(let name):
            message(NFT_MSG_DELCHAIN, flags, sequence, &writer) {
                $0.attribute(NFTA_CHAIN_TABLE, text: table)
                $0.attribute(NFTA_CHAIN_NAME, text: name)
            }
        case .addSet(let set):
            message(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL | flags, sequence, &writer) { addSet(set, &$0) }
        case .deleteSet(let name):
            message(NFT_MSG_DELSET, flags, sequence, &writer) {
                $0.attribute(NFTA_SET_TABLE, text: table)
                $0.attribute(NFTA_SET_NAME, text: name)
            }
        case .addRule(let rule):
            message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags, sequence, &writer) {
                addRule(rule, &$0)
            }
        case .addElements(let set, let elements):
            message(NFT_MSG_NEWSETELEM, NLM_F_CREATE | flags, sequence, &writer) {
                list(elements, in: set, &$0)
            }
        case .deleteElements(let set, let elements):
            message(NFT_MSG_DELSETELEM, flags, sequence, &writer) { list(elements, in: set, &$0) }
        case .destroyElements(let set, let elements):
            elementMessage(Self.destroyElements, flags, sequence, &writer) { list(elements, in: set, &$0) }
        }
    }

    /// NFT_TABLE_F_OWNER, since Linux 5.12 (commit 6001a930ce03).
    private static let ownerFlag: UInt32 = 2

    /// NFT_MSG_DESTROYSETELEM, since Linux 6.3 (commit f80a612dd77c); not in the headers of Debian 12.
    static let destroyElements: UInt16 = 30

    static func type(_ number: UInt16) -> UInt16 { UInt16(NFNL_SUBSYS_NFTABLES) << 8 | number }

    private func message(
        _ type: nf_tables_msg_types, _ flags: Int32, _ sequence: UInt32, _ writer: inout MessageWriter,
        _ body: (inout MessageWriter) -> Void
    ) {
        elementMessage(UInt16(truncatingIfNeeded: type.rawValue), flags, sequence, &writer, body)
    }

    private func elementMessage(
        _ number: UInt16, _ flags: Int32, _ sequence: UInt32, _ writer: inout MessageWriter,
        _ body: (inout MessageWriter) -> Void
    ) {
        writer.message(Self.type(number), flags: flags, sequence: sequence, body)
    }
}

// MARK: Chains and rules

extension OperationWriter {
    private func addChain(_ chain: Chain, _ writer: inout MessageWriter) {
        writer.attribute(NFTA_CHAIN_TABLE, text: table)
        writer.attribute(NFTA_CHAIN_NAME, text: chain.name)
        guard let hook = chain.hook else { return }
        writer.nest(NFTA_CHAIN_HOOK) {
            $0.attribute(NFTA_HOOK_HOOKNUM, hook.point.rawValue)
            $0.attribute(NFTA_HOOK_PRIORITY, hook.priority.rawValue)
        }
        writer.attribute(NFTA_CHAIN_POLICY, NF_ACCEPT)
        writer.attribute(NFTA_CHAIN_TYPE, text: hook.type)
    }

    private func addRule(_ rule: Rule, _ writer: inout MessageWriter) {
        writer.attribute(NFTA_RULE_TABLE, text: table)
        writer.attribute(NFTA_RULE_CHAIN, text: rule.chain)
        writer.nest(NFTA_RULE_EXPRESSIONS) { writer in
            var expressions = ExpressionWriter()
            expressions.write(rule.statements, to: &writer)
        }
    }
}

// MARK: Elements

extension OperationWriter {
    func list(_ elements: [SetElement], in set: String, _ writer: inout MessageWriter) {
        writer.attribute(NFTA_SET_ELEM_LIST_TABLE, text: table)
        writer.attribute(NFTA_SET_ELEM_LIST_SET, text: set)
        writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS) { writer in
            for element in elements { writer.nest(NFTA_LIST_ELEM) { write(element, &$0) } }
        }
    }

    private func write(_ element: SetElement, _ writer: inout MessageWriter) {
        writer.nest(NFTA_SET_ELEM_KEY) { $0.attribute(NFTA_DATA_VALUE, bytes: Self.bytes(element.key)) }
        if let end = element.end {
            writer.nest(Self.keyEnd) { $0.attribute(NFTA_DATA_VALUE, bytes: Self.bytes(end)) }
        }
        if let timeout = element.timeout { writer.attribute(NFTA_SET_ELEM_TIMEOUT, timeout) }
        switch element.data {
        case .mark(let mark):
            writer.nest(NFTA_SET_ELEM_DATA) { $0.attribute(NFTA_DATA_VALUE, bytes: mark.hostBytes) }
        case .jump(let chain): writer.nest(NFTA_SET_ELEM_DATA) { $0.verdict(NFT_JUMP.rawValue, chain) }
        case nil: break
        }
    }

    private static var keyEnd: nft_set_elem_attributes { NFTA_SET_ELEM_KEY_END }

    /// The parts of a key, each filled up to 4 bytes.
    static func bytes(_ key: [KeyPart]) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in key {
            bytes.append(contentsOf: part.bytes)
            while bytes.count % 4 != 0 { bytes.append(0) }
        }
        return bytes
    }
}

extension KeyPart {
    fileprivate var bytes: [UInt8] {
        switch self {
        case .interfaceIndex(let index): index.hostBytes
        case .interfaceName(let name): name.interfaceName
        case .address(let address): address.bytes
        case .ipProtocol(let number): [number]
        case .port(let port): port.networkBytes
        case .mark(let mark): mark.hostBytes
        }
    }
}

extension String {
    /// An interface's name as it lies in a register: filled up with zeros.
    var interfaceName: [UInt8] {
        let text = Array(utf8.prefix(DataType.routeName.length - 1))
        return text + Array(repeating: 0, count: DataType.routeName.length - text.count)
    }
}
