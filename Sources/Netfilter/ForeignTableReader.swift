import CNetfilter
import RulesetCompiler

/// Puts a listing together of the kernel's messages about tables, chains, rules and flow tables. Pure.
///
/// What it does not know it takes for a condition: nothing is ever said to pass that may not.
enum ForeignTableReader {
    /// The name and family of a table that a message is about.
    static func table(_ message: ReceivedMessage) -> ForeignTables.Table? {
        guard let family = message.payload.first.flatMap({ ForeignTables.Family(number: $0) }),
            let name = message.attributes.first(NFTA_TABLE_NAME)?.zeroTerminatedText
        else { return nil }
        var table = ForeignTables.Table(family, name)
        let flags = message.attributes.first(NFTA_TABLE_FLAGS)?.network(UInt32.self) ?? 0
        table.isDormant = flags & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0
        return table
    }

    static func chain(_ message: ReceivedMessage) -> (table: String, chain: ForeignTables.Chain)? {
        let attributes = message.attributes
        guard let family = message.payload.first,
            let table = attributes.first(NFTA_CHAIN_TABLE)?.zeroTerminatedText,
            let name = attributes.first(NFTA_CHAIN_NAME)?.zeroTerminatedText
        else { return nil }
        let policy = attributes.first(NFTA_CHAIN_POLICY)?.network(UInt32.self)
        return (
            table,
            ForeignTables.Chain(
                name, hook: attributes.nested(NFTA_CHAIN_HOOK).flatMap { hook($0, family: family) },
                drops: policy == UInt32(NF_DROP))
        )
    }

    private static func hook(_ attributes: Attributes, family: UInt8) -> ForeignTables.Hook? {
        guard let number = attributes.first(NFTA_HOOK_HOOKNUM)?.network(UInt32.self),
            let point = point(number, family: family)
        else { return nil }
        let priority = attributes.first(NFTA_HOOK_PRIORITY)?.network(UInt32.self) ?? 0
        var devices = attributes.nested(NFTA_HOOK_DEVS).map(names) ?? []
        if let device = attributes.first(NFTA_HOOK_DEV)?.zeroTerminatedText, !devices.contains(device) {
            devices.append(device)
        }
        return ForeignTables.Hook(point, priority: Int32(bitPattern: priority), devices: devices)
    }

    /// `enum nf_inet_hooks` and `enum nf_dev_hooks` of linux/netfilter.h.
    private static func point(_ number: UInt32, family: UInt8) -> ForeignTables.Hook.Point? {
        if family == UInt8(NFPROTO_NETDEV) { return number == 0 ? .ingress : number == 1 ? .egress : nil }
        let points: [ForeignTables.Hook.Point] = [
            .prerouting, .input, .forward, .output, .postrouting, .ingress,
        ]
        return points.indices.contains(Int(number)) ? points[Int(number)] : nil
    }

    private static func names(_ list: Attributes) -> [String] { list.map(\.value.zeroTerminatedText) }

    static func flowtable(_ message: ReceivedMessage) -> (table: String, flowtable: ForeignTables.Flowtable)?
    {
        let attributes = message.attributes
        guard let table = attributes.first(NFTA_FLOWTABLE_TABLE)?.zeroTerminatedText,
            let name = attributes.first(NFTA_FLOWTABLE_NAME)?.zeroTerminatedText
        else { return nil }
        let devices = attributes.nested(NFTA_FLOWTABLE_HOOK)?.nested(NFTA_FLOWTABLE_HOOK_DEVS).map(names)
        return (table, ForeignTables.Flowtable(name, devices: devices ?? []))
    }

    static func rule(_ message: ReceivedMessage) -> (chain: String, rule: ForeignTables.Rule)? {
        let attributes = message.attributes
        guard let chain = attributes.first(NFTA_RULE_CHAIN)?.zeroTerminatedText else { return nil }
        var reader = RuleReader()
        for element in attributes.nested(NFTA_RULE_EXPRESSIONS) ?? Attributes([]) {
            let expression = Attributes(element.value)
            let name = expression.first(NFTA_EXPR_NAME)?.zeroTerminatedText ?? ""
            reader.take(name, expression.nested(NFTA_EXPR_DATA) ?? Attributes([]))
        }
        let handle = attributes.first(NFTA_RULE_HANDLE)?.network(UInt64.self) ?? 0
        return (chain, ForeignTables.Rule(handle, reader.steps))
    }

    /// The verdicts of one message about elements of a map.
    static func verdicts(_ message: ReceivedMessage) -> [ForeignTables.Verdict] {
        guard let list = message.attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS) else { return [] }
        return list.compactMap { element in
            Attributes(element.value).nested(NFTA_SET_ELEM_DATA)?.nested(NFTA_DATA_VERDICT)
                .flatMap(RuleReader.verdict)
        }
    }
}

extension ForeignTables.Family {
    init?(number: UInt8) {
        switch Int(number) {
        case NFPROTO_INET: self = .inet
        case NFPROTO_IPV4: self = .ip
        case NFPROTO_IPV6: self = .ip6
        case NFPROTO_ARP: self = .arp
        case NFPROTO_BRIDGE: self = .bridge
        case NFPROTO_NETDEV: self = .netdev
        default: return nil
        }
    }

    var number: UInt8 {
        switch self {
        case .inet: UInt8(NFPROTO_INET)
        case .ip: UInt8(NFPROTO_IPV4)
        case .ip6: UInt8(NFPROTO_IPV6)
        case .arp: UInt8(NFPROTO_ARP)
        case .bridge: UInt8(NFPROTO_BRIDGE)
        case .netdev: UInt8(NFPROTO_NETDEV)
        }
    }
}

/// The steps of one rule, expression by expression.
private struct RuleReader {
    private(set) var steps: [ForeignTables.Step] = []
    /// NFTA_TARGET_NAME of linux/netfilter/nf_tables_compat.h.
    private static let targetName: UInt16 = 1

    /// Registers that hold an interface's name; whether of the input.
    private var names: [UInt32: Bool] = [:]

    mutating func take(_ name: String, _ data: Attributes) {
        switch name {
        // They say nothing of the packet's fate.
        case "counter", "log", "last", "dup", "bitwise", "byteorder", "payload", "exthdr", "rt", "fib",
            "socket",
            "numgen", "hash", "osf", "tunnel", "xfrm":
            forget(data)
        case "meta": meta(data)
        case "ct": ct(data)
        case "cmp": compare(data)
        case "immediate": immediate(data)
        case "lookup": lookUp(data)
        case "reject": effect(.reject)
        case "notrack": effect(.noTracking)
        case "flow_offload": effect(.offload)
        case "masq": effect(.rewriteSource)
        case "redir": effect(.rewriteDestination)
        case "nat":
            let isSource = data.first(NFTA_NAT_TYPE)?.network(UInt32.self) == UInt32(NFT_NAT_SNAT.rawValue)
            effect(isSource ? .rewriteSource : .rewriteDestination)
        case "tproxy": effect(.proxy)
        case "queue", "synproxy", "fwd": effect(.takeAway)
        case "target": target(data.first(Self.targetName)?.zeroTerminatedText ?? "")
        default: steps.append(.condition)
        }
    }

    /// Targets of xtables that run inside nf_tables (`iptables-nft`).
    private mutating func target(_ name: String) {
        switch name {
        case "LOG", "NFLOG", "TCPMSS", "CLASSIFY", "TRACE", "DSCP", "TOS", "TTL", "HL", "CHECKSUM", "AUDIT":
            break
        case "REJECT": effect(.reject)
        case "DROP": steps.append(.verdict(.drop))
        case "ACCEPT": steps.append(.verdict(.accept))
        case "MARK", "CONNMARK": effect(.setMark)
        case "CT", "NOTRACK": effect(.noTracking)
        case "MASQUERADE", "SNAT": effect(.rewriteSource)
        case "DNAT", "REDIRECT": effect(.rewriteDestination)
        // It may rewrite either end.
        case "NETMAP": effect(.rewriteSource)
        case "TPROXY": effect(.proxy)
        case "FLOWOFFLOAD": effect(.offload)
        default: effect(.takeAway)
        }
    }

    private mutating func effect(_ effect: ForeignTables.Effect) { steps.append(.effect(effect)) }

    /// The first attribute of most expressions is the register that they write.
    private mutating func forget(_ data: Attributes) {
        for attribute in data {
            if let register = attribute.value.network(UInt32.self) { names[register] = nil }
        }
    }

    private mutating func meta(_ data: Attributes) {
        let key = data.first(NFTA_META_KEY)?.network(UInt32.self)
        if data.first(NFTA_META_SREG) != nil {
            if key == UInt32(NFT_META_MARK.rawValue) { effect(.setMark) }
            return
        }
        guard let register = data.first(NFTA_META_DREG)?.network(UInt32.self) else { return }
        switch key {
        case UInt32(NFT_META_IIFNAME.rawValue): names[register] = true
        case UInt32(NFT_META_OIFNAME.rawValue): names[register] = false
        default: names[register] = nil
        }
    }

    private mutating func ct(_ data: Attributes) {
        if let register = data.first(NFTA_CT_DREG)?.network(UInt32.self) { names[register] = nil }
        guard data.first(NFTA_CT_SREG) != nil else { return }
        if data.first(NFTA_CT_KEY)?.network(UInt32.self) == UInt32(NFT_CT_ZONE.rawValue) { effect(.setZone) }
    }

    private mutating func compare(_ data: Attributes) {
        let operation = data.first(NFTA_CMP_OP)?.network(UInt32.self)
        let isEqual = operation == UInt32(NFT_CMP_EQ.rawValue)
        guard isEqual || operation == UInt32(NFT_CMP_NEQ.rawValue),
            let isInput = data.first(NFTA_CMP_SREG)?.network(UInt32.self).flatMap({ names[$0] }),
            let bytes = data.nested(NFTA_CMP_DATA)?.first(NFTA_DATA_VALUE)
        else { return steps.append(.condition) }
        // Without a zero at its end it is compared with the beginning of the name.
        steps.append(
            .interface(
                .init(
                    bytes.zeroTerminatedText, isInput: isInput, isPrefix: !bytes.contains(0),
                    isEqual: isEqual)))
    }

    private mutating func immediate(_ data: Attributes) {
        let register = data.first(NFTA_IMMEDIATE_DREG)?.network(UInt32.self)
        guard register == UInt32(NFT_REG_VERDICT.rawValue) else {
            if let register { names[register] = nil }
            return
        }
        let nested = data.nested(NFTA_IMMEDIATE_DATA)?.nested(NFTA_DATA_VERDICT)
        guard let nested else { return steps.append(.condition) }
        if let verdict = Self.verdict(nested) {
            steps.append(.verdict(verdict))
        } else if nested.first(NFTA_VERDICT_CODE)?.network(UInt32.self).map(Int32.init(bitPattern:))
            != NFT_CONTINUE.rawValue
        {
            effect(.takeAway)
        }
    }

    private mutating func lookUp(_ data: Attributes) {
        let register = data.first(NFTA_LOOKUP_DREG)?.network(UInt32.self)
        guard register == UInt32(NFT_REG_VERDICT.rawValue),
            let map = data.first(NFTA_LOOKUP_SET)?.zeroTerminatedText
        else {
            if let register { names[register] = nil }
            return steps.append(.condition)
        }
        steps.append(.map(map))
    }

    /// Nil for one that neither ends a chain nor leads to another, and for those that no rule should have.
    static func verdict(_ attributes: Attributes) -> ForeignTables.Verdict? {
        guard let code = attributes.first(NFTA_VERDICT_CODE)?.network(UInt32.self) else { return nil }
        let chain = attributes.first(NFTA_VERDICT_CHAIN)?.zeroTerminatedText
        switch (Int32(bitPattern: code), chain) {
        case (Int32(NF_DROP), _): return .drop
        case (Int32(NF_ACCEPT), _): return .accept
        case (NFT_JUMP.rawValue, let chain?): return .jump(chain)
        case (NFT_GOTO.rawValue, let chain?): return .goto(chain)
        case (NFT_RETURN.rawValue, _): return .return
        default: return nil
        }
    }
}
