import CNetfilter
import NetworkTypes
import RulesetCompiler

/// Writes the steps of one rule as the kernel's little programs: loads to registers, comparisons, look-ups.
///
/// The programs are those that `nft` makes of the rule's text, so that `nft list ruleset` reads them back.
struct ExpressionWriter {
    private var known: Set<Field> = []

    private enum Register {
        static let verdict = UInt32(NFT_REG_VERDICT.rawValue)
        static let first = UInt32(NFT_REG32_00.rawValue)
    }

    mutating func write(_ statements: [Statement], to writer: inout MessageWriter) {
        for statement in statements { write(statement, &writer) }
    }

    private mutating func write(_ statement: Statement, _ writer: inout MessageWriter) {
        switch statement {
        case .match(let field, let mask, let comparison, let value):
            match(field, mask, comparison, value, &writer)
        case .matchName(let field, let name):
            load(field, to: Register.first, &writer)
            compare(NFT_CMP_EQ, field.bytes(ofName: name), &writer)
        case .lookup(let fields, let set):
            load(fields, &writer)
            lookup(set, into: nil, &writer)
        case .writeMark(let value):
            immediate(register: Register.first, &writer) {
                $0.attribute(NFTA_DATA_VALUE, bytes: value.hostBytes)
            }
            setMark(&writer)
        case .setMark(let fields, let map):
            load(fields, &writer)
            lookup(map, into: Register.first, &writer)
            setMark(&writer)
        case .verdictMap(let field, let map):
            load([field], &writer)
            lookup(map, into: Register.verdict, &writer)
        case .accept: verdict(NF_ACCEPT, nil, &writer)
        case .drop: verdict(NF_DROP, nil, &writer)
        case .goto(let chain): verdict(NFT_GOTO.rawValue, chain, &writer)
        case .counter, .limit, .log, .notrack, .rejectWithReset, .rejectAsProhibited:
            action(statement, &writer)
        }
    }

    private func expression(
        _ name: String, _ writer: inout MessageWriter, _ data: (inout MessageWriter) -> Void = { _ in }
    ) {
        writer.nest(NFTA_LIST_ELEM) {
            $0.attribute(NFTA_EXPR_NAME, text: name)
            $0.nest(NFTA_EXPR_DATA, data)
        }
    }
}

// MARK: Loading

extension ExpressionWriter {
    /// Side by side from the first register on, each part filled up to 4 bytes.
    private mutating func load(_ fields: [Field], _ writer: inout MessageWriter) {
        for field in fields { require(field.conditions, &writer) }
        var register = Register.first
        for field in fields {
            load(bare: field, to: register, &writer)
            register += UInt32((field.length + 3) / 4)
        }
    }

    private mutating func load(_ field: Field, to register: UInt32, _ writer: inout MessageWriter) {
        require(field.conditions, &writer)
        load(bare: field, to: register, &writer)
    }

    /// Each condition once in a rule: `nft` leaves repeated ones in its listing.
    private mutating func require(_ conditions: [Field.Condition], _ writer: inout MessageWriter) {
        for condition in conditions where known.insert(condition.field).inserted {
            load(bare: condition.field, to: Register.first, &writer)
            compare(NFT_CMP_EQ, condition.field.bytes(of: condition.value), &writer)
        }
    }

    private func load(bare field: Field, to register: UInt32, _ writer: inout MessageWriter) {
        switch field {
        case .inputInterface: meta(NFT_META_IIF, register, &writer)
        case .outputInterface: meta(NFT_META_OIF, register, &writer)
        case .inputName: meta(NFT_META_IIFNAME, register, &writer)
        case .outputName: meta(NFT_META_OIFNAME, register, &writer)
        case .networkProtocol: meta(NFT_META_NFPROTO, register, &writer)
        case .transportProtocol: meta(NFT_META_L4PROTO, register, &writer)
        case .mark: meta(NFT_META_MARK, register, &writer)
        case .connectionState: conntrack(NFT_CT_STATE, register, &writer)
        case .connectionDirection: conntrack(NFT_CT_DIRECTION, register, &writer)
        case .routeName: route(register, &writer)
        case .routingHeader: extensionHeader(43, register, &writer)
        case .source(.ipv4): network(12, field, register, &writer)
        case .source(.ipv6): network(8, field, register, &writer)
        case .destination(.ipv4): network(16, field, register, &writer)
        case .destination(.ipv6): network(24, field, register, &writer)
        case .firstByte: network(0, field, register, &writer)
        case .hopLimit: network(7, field, register, &writer)
        case .sourcePort, .icmpType: transport(0, field, register, &writer)
        case .destinationPort: transport(2, field, register, &writer)
        case .tcpFlags: transport(13, field, register, &writer)
        case .transportBits(let offset, _): transport(UInt32(offset / 8), field, register, &writer)
        }
    }

    private func meta(_ key: nft_meta_keys, _ register: UInt32, _ writer: inout MessageWriter) {
        expression("meta", &writer) {
            $0.attribute(NFTA_META_KEY, key.rawValue)
            $0.attribute(NFTA_META_DREG, register)
        }
    }

    private func setMark(_ writer: inout MessageWriter) {
        expression("meta", &writer) {
            $0.attribute(NFTA_META_KEY, NFT_META_MARK.rawValue)
            $0.attribute(NFTA_META_SREG, Register.first)
        }
    }

    private func conntrack(_ key: nft_ct_keys, _ register: UInt32, _ writer: inout MessageWriter) {
        expression("ct", &writer) {
            $0.attribute(NFTA_CT_KEY, key.rawValue)
            $0.attribute(NFTA_CT_DREG, register)
        }
    }

    private func route(_ register: UInt32, _ writer: inout MessageWriter) {
        expression("fib", &writer) {
            $0.attribute(NFTA_FIB_DREG, register)
            $0.attribute(NFTA_FIB_RESULT, NFT_FIB_RESULT_OIFNAME.rawValue)
            $0.attribute(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR.rawValue)
        }
    }

    /// Whether an IPv6 extension header of the type is there.
    private func extensionHeader(_ type: UInt8, _ register: UInt32, _ writer: inout MessageWriter) {
        expression("exthdr", &writer) {
            $0.attribute(NFTA_EXTHDR_DREG, register)
            $0.attribute(NFTA_EXTHDR_TYPE, type)
            $0.attribute(NFTA_EXTHDR_OFFSET, UInt32(0))
            $0.attribute(NFTA_EXTHDR_LEN, UInt32(1))
            $0.attribute(NFTA_EXTHDR_OP, NFT_EXTHDR_OP_IPV6.rawValue)
            $0.attribute(NFTA_EXTHDR_FLAGS, NFT_EXTHDR_F_PRESENT.rawValue)
        }
    }

    private func network(_ offset: UInt32, _ field: Field, _ register: UInt32, _ writer: inout MessageWriter)
    {
        payload(NFT_PAYLOAD_NETWORK_HEADER, offset, field, register, &writer)
    }

    private func transport(
        _ offset: UInt32, _ field: Field, _ register: UInt32, _ writer: inout MessageWriter
    ) {
        payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset, field, register, &writer)
    }

    private func payload(
        _ base: nft_payload_bases, _ offset: UInt32, _ field: Field, _ register: UInt32,
        _ writer: inout MessageWriter
    ) {
        expression("payload", &writer) {
            $0.attribute(NFTA_PAYLOAD_DREG, register)
            $0.attribute(NFTA_PAYLOAD_BASE, base.rawValue)
            $0.attribute(NFTA_PAYLOAD_OFFSET, offset)
            $0.attribute(NFTA_PAYLOAD_LEN, UInt32(field.length))
        }
    }
}

// MARK: Comparing, looking up, deciding

extension ExpressionWriter {
    private mutating func match(
        _ field: Field, _ mask: UInt64?, _ comparison: Statement.Comparison, _ value: UInt64,
        _ writer: inout MessageWriter
    ) {
        load(field, to: Register.first, &writer)
        if let mask { cut(field, to: mask, &writer) }
        compare(comparison == .equal ? NFT_CMP_EQ : NFT_CMP_NEQ, field.bytes(of: value), &writer)
        if comparison == .equal, mask == nil { known.insert(field) }
    }

    private func cut(_ field: Field, to mask: UInt64, _ writer: inout MessageWriter) {
        expression("bitwise", &writer) {
            $0.attribute(NFTA_BITWISE_SREG, Register.first)
            $0.attribute(NFTA_BITWISE_DREG, Register.first)
            $0.attribute(NFTA_BITWISE_LEN, UInt32(field.length))
            $0.nest(NFTA_BITWISE_MASK) { $0.attribute(NFTA_DATA_VALUE, bytes: field.bytes(of: mask)) }
            $0.nest(NFTA_BITWISE_XOR) { $0.attribute(NFTA_DATA_VALUE, bytes: field.bytes(of: 0)) }
        }
    }

    private func compare(_ operation: nft_cmp_ops, _ value: [UInt8], _ writer: inout MessageWriter) {
        expression("cmp", &writer) {
            $0.attribute(NFTA_CMP_SREG, Register.first)
            $0.attribute(NFTA_CMP_OP, operation.rawValue)
            $0.nest(NFTA_CMP_DATA) { $0.attribute(NFTA_DATA_VALUE, bytes: value) }
        }
    }

    private func lookup(_ set: String, into register: UInt32?, _ writer: inout MessageWriter) {
        expression("lookup", &writer) {
            $0.attribute(NFTA_LOOKUP_SET, text: set)
            $0.attribute(NFTA_LOOKUP_SREG, Register.first)
            if let register { $0.attribute(NFTA_LOOKUP_DREG, register) }
        }
    }

    private func verdict(_ code: Int32, _ chain: String?, _ writer: inout MessageWriter) {
        immediate(register: Register.verdict, &writer) { $0.verdict(code, chain) }
    }

    private func immediate(
        register: UInt32, _ writer: inout MessageWriter, _ data: (inout MessageWriter) -> Void
    ) {
        expression("immediate", &writer) {
            $0.attribute(NFTA_IMMEDIATE_DREG, register)
            $0.nest(NFTA_IMMEDIATE_DATA, data)
        }
    }

    private func action(_ statement: Statement, _ writer: inout MessageWriter) {
        switch statement {
        case .counter:
            expression("counter", &writer) {
                $0.attribute(NFTA_COUNTER_BYTES, UInt64(0))
                $0.attribute(NFTA_COUNTER_PACKETS, UInt64(0))
            }
        case .limit(let perSecond, let burst): limit(perSecond, burst, &writer)
        case .log(let group, let snapLength, let prefix):
            expression("log", &writer) {
                $0.attribute(NFTA_LOG_GROUP, group)
                $0.attribute(NFTA_LOG_PREFIX, text: prefix)
                $0.attribute(NFTA_LOG_SNAPLEN, snapLength)
            }
        case .notrack: expression("notrack", &writer)
        case .rejectWithReset: reject(NFT_REJECT_TCP_RST.rawValue, code: 0, &writer)
        case .rejectAsProhibited:
            reject(
                NFT_REJECT_ICMPX_UNREACH.rawValue,
                code: UInt8(truncatingIfNeeded: NFT_REJECT_ICMPX_ADMIN_PROHIBITED.rawValue), &writer)
        default: break
        }
    }

    private func limit(_ perSecond: UInt64, _ burst: UInt32, _ writer: inout MessageWriter) {
        expression("limit", &writer) {
            $0.attribute(NFTA_LIMIT_RATE, perSecond)
            $0.attribute(NFTA_LIMIT_UNIT, UInt64(1))
            $0.attribute(NFTA_LIMIT_BURST, burst)
            $0.attribute(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS.rawValue)
            $0.attribute(NFTA_LIMIT_FLAGS, UInt32(0))
        }
    }

    private func reject(_ type: UInt32, code: UInt8, _ writer: inout MessageWriter) {
        expression("reject", &writer) {
            $0.attribute(NFTA_REJECT_TYPE, type)
            $0.attribute(NFTA_REJECT_ICMP_CODE, code)
        }
    }
}

extension Field {
    /// A name as it lies in a register: filled up, or of a name that ends in `*` what stands before that.
    fileprivate func bytes(ofName name: String) -> [UInt8] {
        name.hasSuffix("*") ? Array(name.utf8.prefix(length - 1)).dropLast() : name.interfaceName
    }

    /// A value as it lies in a register.
    fileprivate func bytes(of value: UInt64) -> [UInt8] {
        if isHostOrder { return UInt32(truncatingIfNeeded: value).hostBytes }
        return Array(UInt128(value).networkBytes.suffix(length))
    }
}

extension MessageWriter {
    /// The body of a data nest that is a verdict.
    mutating func verdict(_ code: Int32, _ chain: String?) {
        nest(NFTA_DATA_VERDICT) {
            $0.attribute(NFTA_VERDICT_CODE, code)
            if let chain { $0.attribute(NFTA_VERDICT_CHAIN, text: chain) }
        }
    }
}
