import NetworkTypes
import RulesetCompiler
import Sessions

/// A packet as rules see it: what each field reads. A field without a value can not be read, which ends the rule.
struct KernelPacket {
    var hook: Chain.Point
    var values: [Field: UInt128]
    var names: [Field: String]
}

extension KernelTable {
    private enum Outcome {
        case accept, refuse
        /// The rule's match failed, or it ended without a verdict.
        case nextRule
        case nextStatement
        case goto(String)
    }

    /// Whether the packet passes every chain of its hook, with the rules and live elements of `now`.
    func permits(_ packet: KernelPacket, at now: Instant) -> Bool { Self.permit(packet, [self], at: now) }

    /// The same with several tables: their chains are asked in the order of their priorities, and what one writes into the
    /// mark the next one reads.
    static func permit(_ packet: KernelPacket, _ tables: [KernelTable], at now: Instant) -> Bool {
        let bases = tables.flatMap { table in
            table.chains.values.compactMap { chain in
                chain.chain.hook.map { (table: table, name: chain.chain.name, hook: $0) }
            }
        }
        var packet = packet
        return bases.filter { $0.hook.point == packet.hook }
            .sorted { $0.hook.priority.rawValue < $1.hook.priority.rawValue }
            .allSatisfy { $0.table.judge(&packet, from: $0.name, at: now) }
    }

    /// The policy of every base chain is accept.
    private func judge(_ packet: inout KernelPacket, from start: String, at now: Instant) -> Bool {
        switch walk(&packet, from: start, at: now) {
        case .accept, .nextRule, .nextStatement: true
        case .refuse, .goto: false
        }
    }

    /// A verdict, or that the next rule is asked: the chain ended, or one that it went on in, from where nothing comes
    /// back into it. Chains without circles end; should there be one all the same, the count of chains bounds the way.
    private func walk(_ packet: inout KernelPacket, from start: String, at now: Instant) -> Outcome {
        var name = start
        for _ in 0...chains.count {
            guard let chain = chains[name] else { return .refuse }
            switch run(chain.rules, &packet, at: now) {
            case .goto(let target): name = target
            case .refuse: return .refuse
            case .accept: return .accept
            case .nextRule, .nextStatement: return .nextRule
            }
        }
        return .refuse
    }

    private func run(_ rules: [Rule], _ packet: inout KernelPacket, at now: Instant) -> Outcome {
        for rule in rules {
            statements: for statement in rule.statements {
                let outcome = run(statement, &packet, at: now)
                switch outcome {
                case .nextStatement: continue
                case .nextRule: break statements
                case .accept, .refuse, .goto: return outcome
                }
            }
        }
        return .nextRule
    }

    private func run(_ statement: Statement, _ packet: inout KernelPacket, at now: Instant) -> Outcome {
        switch statement {
        case .match(let field, let mask, let comparison, let value):
            guard let read = packet.value(field) else { return .nextRule }
            let isEqual = read & UInt128(mask ?? .max) == UInt128(value)
            return isEqual == (comparison == .equal) ? .nextStatement : .nextRule
        case .matchName(let field, let name):
            return packet.names[field].map { Self.isName($0, name) } == true ? .nextStatement : .nextRule
        case .lookup(let fields, let set):
            return find(fields, in: set, packet, at: now) == nil ? .nextRule : .nextStatement
        case .writeMark(let value): packet.values[.mark] = UInt128(value)
        case .setMark(let fields, let map):
            guard case .mark(let mark) = find(fields, in: map, packet, at: now)?.data else {
                return .nextRule
            }
            packet.values[.mark] = UInt128(mark)
        case .verdictMap(let field, let map):
            guard case .jump(let chain) = find([field], in: map, packet, at: now)?.data else {
                return .nextRule
            }
            return walk(&packet, from: chain, at: now)
        case .counter, .limit, .log, .notrack: return .nextStatement
        case .rejectWithReset, .rejectAsProhibited, .drop: return .refuse
        case .accept: return .accept
        case .goto(let chain): return .goto(chain)
        }
        return .nextStatement
    }

    private static func isName(_ name: String, _ wanted: String) -> Bool {
        wanted.hasSuffix("*") ? name.hasPrefix(wanted.dropLast()) : name == wanted
    }

    private func find(_ fields: [Field], in name: String, _ packet: KernelPacket, at now: Instant)
        -> SetElement?
    {
        let read = fields.compactMap { field in
            packet.names[field].map { KeyPart.interfaceName($0).number } ?? packet.value(field)
        }
        guard read.count == fields.count, let set = sets[name] else { return nil }
        return set.elements.values.first { stored in
            let first = stored.element.key.map(\.number)
            let last = (stored.element.end ?? stored.element.key).map(\.number)
            return stored.isAlive(at: now)
                && zip(read, zip(first, last)).allSatisfy { $1.0 <= $0 && $0 <= $1.1 }
        }?.element
    }
}

extension KernelPacket {
    /// Nil also when the packet is not of the kind that the field is of.
    func value(_ field: Field) -> UInt128? {
        let isOfItsKind = field.conditions.allSatisfy { values[$0.field] == UInt128($0.value) }
        return isOfItsKind ? values[field] : nil
    }
}

extension KeyPart {
    fileprivate var number: UInt128 {
        switch self {
        case .interfaceIndex(let index): UInt128(index)
        case .interfaceName(let name): name.utf8.prefix(15).reduce(0) { $0 << 8 | UInt128($1) }
        case .address(let address): address.bits
        case .ipProtocol(let number): UInt128(number)
        case .port(let port): UInt128(port)
        case .mark(let mark): UInt128(mark)
        }
    }
}

extension KernelPacket {
    /// The packet that opens, or that answers, between a session and a destination behind the gateway.
    ///
    /// An opening is a SYN, a datagram, an echo request; an answer is what a server that was asked sends back.
    init(_ destination: Destination, _ session: SessionKey, tunnel: String, isAnswer: Bool) {
        let family = session.address.family
        let number = destination.ipProtocol
        let (near, far): (Field, Field) =
            isAnswer ? (.destination(family), .source(family)) : (.source(family), .destination(family))
        hook = .forward
        names =
            isAnswer ? [.outputName: tunnel, .inputName: "lan"] : [.inputName: tunnel, .outputName: "lan"]
        values = [
            isAnswer ? .outputInterface : .inputInterface: UInt128(session.interfaceIndex),
            near: session.address.bits, far: destination.address.bits,
            .networkProtocol: family == .ipv4 ? 2 : 10, .transportProtocol: UInt128(number.rawValue),
            .mark: 0, .firstByte: family == .ipv4 ? 0x45 : 0x60, .hopLimit: 63, .routingHeader: 0,
            .tcpFlags: isAnswer ? 0x12 : 0x02,
            .connectionState: isAnswer ? 2 : 8, .connectionDirection: isAnswer ? 1 : 0,
            .icmpType(family): family == .ipv4 ? (isAnswer ? 0 : 8) : (isAnswer ? 129 : 128),
            // What stands where ports would be is read of every protocol.
            isAnswer ? .sourcePort : .destinationPort: UInt128(destination.port),
            isAnswer ? .destinationPort : .sourcePort: 40_000,
        ]
    }

    /// A packet without addresses: an opening SYN, a datagram, an echo request.
    init(
        hook: Chain.Point, from input: String?, to output: String?, _ family: AddressFamily,
        _ ipProtocol: IPProtocol, mark: UInt32
    ) {
        self.hook = hook
        names = [:]
        names[.inputName] = input
        names[.outputName] = output
        values = [
            .networkProtocol: family == .ipv4 ? 2 : 10, .transportProtocol: UInt128(ipProtocol.rawValue),
            .mark: UInt128(mark), .firstByte: family == .ipv4 ? 0x45 : 0x60, .hopLimit: 63, .routingHeader: 0,
            .tcpFlags: 0x02,
            .connectionState: 8, .connectionDirection: 0, .icmpType(family): family == .ipv4 ? 8 : 128,
            .sourcePort: 40_000, .destinationPort: 443,
        ]
    }
}
