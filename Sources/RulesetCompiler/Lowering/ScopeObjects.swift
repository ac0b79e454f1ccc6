import FlowSpace
import NetworkTypes

/// The sets and chains of one scope, and the names of them.
///
/// - `sN_flow_4`, `sN_flow_6`: exact (address, protocol, port), in a sized hash.
/// - `sN_range_4`, `sN_range_6`: everything else, in a set of intervals, built once and dropped whole. A protocol
///   without ports is all ports there: the two bytes where a port would be are read and match anything.
/// - `sN_quoted_4`, `sN_quoted_6`: the whole scope once more, in the type that the packet inside an ICMP error is read
///   with; `nft` does not let raw bits be looked up in a set of addresses.
///
/// Of a scope that was given another meaning while sessions have it, names begin with `sNeE_`: the new objects are made
/// beside the old ones, under the number of the edition (``RulesetChange/redefineScope(_:_:edition:)``).
///
/// All six are there even when empty, so that a scope can be taken away without knowing what it was; only sets with
/// elements have rules that read them.
struct ScopeObjects {
    let number: ScopeNumber
    private let prefix: String
    private let lowered: [LoweredFamily]

    init(_ number: ScopeNumber, edition: UInt32, _ space: FlowSpace) {
        self.number = number
        let prefix = "s\(number.rawValue)" + (edition == 0 ? "" : "e\(edition)")
        self.prefix = prefix
        let boxes = space.boxes
        lowered = AddressFamily.allCases.map { LoweredFamily(prefix, $0, boxes.filter(of: $0)) }
    }

    /// The four ways that packets of a session are judged, each a verdict map and in each scope a chain.
    enum Way: String, CaseIterable {
        case out, back
        case outError = "out_error"
        case backError = "back_error"

        var map: String { rawValue }

        fileprivate func chain(_ prefix: String) -> String { "\(prefix)_\(rawValue)" }
    }

    /// Everything but the elements that lead to it, so that nothing is judged by half a scope.
    var operations: [Operation] {
        Way.allCases.map { .addChain(Chain($0.chain(prefix))) } + lowered.flatMap(\.sets)
            + Way.allCases.flatMap { way in rules(way).map(Operation.addRule) }
    }

    private func rules(_ way: Way) -> [Rule] {
        let chain = way.chain(prefix)
        return lowered.flatMap { $0.permits(way) }.map { Rule(chain: chain, $0) }
            + [Rule(chain: chain, [.goto(FixedChain.refuse)])]
    }

    /// The elements that lead to the scope, one in each verdict map.
    var entries: [(map: String, element: SetElement)] {
        Way.allCases.map { way in
            (way.map, SetElement([.mark(number.mark)], data: .jump(way.chain(prefix))))
        }
    }

    var entering: [Operation] { entries.map { .addElements(set: $0.map, [$0.element]) } }
    var leaving: [Operation] { entries.map { .deleteElements(set: $0.map, [$0.element]) } }

    /// Takes everything away that nothing leads to any more: what is read last.
    var removal: [Operation] {
        Way.allCases.map { Operation.deleteChain($0.chain(prefix)) }
            + lowered.flatMap(\.names).map(Operation.deleteSet)
    }
}

/// One family's half of a scope.
private struct LoweredFamily {
    let family: AddressFamily
    let flowName: String
    let rangeName: String
    let quotedName: String
    var flows: [SetElement] = []
    var ranges: [SetElement] = []
    var quoted: [SetElement] = []

    init(_ prefix: String, _ family: AddressFamily, _ boxes: [FlowBox]) {
        self.family = family
        let suffix = family.suffix
        flowName = "\(prefix)_flow_\(suffix)"
        rangeName = "\(prefix)_range_\(suffix)"
        quotedName = "\(prefix)_quoted_\(suffix)"
        for box in boxes {
            for protocols in box.protocols.removing(family.foreignEcho) { add(box, protocols) }
        }
    }

    private mutating func add(_ box: FlowBox, _ protocols: ClosedRange<UInt8>) {
        let first: [KeyPart] = [
            .address(box.addresses.first), .ipProtocol(protocols.lowerBound), .port(box.ports.lowerBound),
        ]
        let last: [KeyPart] = [
            .address(box.addresses.last), .ipProtocol(protocols.upperBound), .port(box.ports.upperBound),
        ]
        quoted.append(SetElement(first, to: last))
        if first == last, IPProtocol(rawValue: protocols.lowerBound).hasPorts {
            flows.append(SetElement(first))
        } else {
            ranges.append(SetElement(first, to: last))
        }
    }

    private var key: [DataType] { [.address(family), .ipProtocol, .port] }

    var names: [String] { [flowName, rangeName, quotedName] }

    var sets: [Operation] {
        filled(SetDefinition(flowName, key: key, size: UInt32(clamping: max(1, flows.count))), flows)
            + filled(SetDefinition(rangeName, key: key, hasIntervals: true), ranges)
            + filled(
                SetDefinition(
                    quotedName, key: Quoted(family).destination.map(\.dataType), hasIntervals: true),
                quoted)
    }

    private func filled(_ definition: SetDefinition, _ elements: [SetElement]) -> [Operation] {
        [.addSet(definition)] + Operation.addition(of: elements, to: definition.name)
    }

    /// The rules that permit, for one way; what they do not permit, nothing does.
    func permits(_ way: ScopeObjects.Way) -> [[Statement]] {
        let there: [Field] = [.destination(family), .transportProtocol, .destinationPort]
        let back: [Field] = [.source(family), .transportProtocol, .sourcePort]
        switch way {
        case .out: return lookups(there)
        case .back: return lookups(back)
        case .outError: return quotedLookup(Quoted(family).source)
        case .backError: return quotedLookup(Quoted(family).destination)
        }
    }

    private func lookups(_ fields: [Field]) -> [[Statement]] {
        var rules: [[Statement]] = []
        if !flows.isEmpty { rules.append([.lookup(fields, set: flowName), .accept]) }
        if !ranges.isEmpty { rules.append([.lookup(fields, set: rangeName), .accept]) }
        return rules
    }

    private func quotedLookup(_ fields: [Field]) -> [[Statement]] {
        guard !quoted.isEmpty else { return [] }
        let condition = Field.Condition.family(family)
        return [[.match(condition.field, condition.value), .lookup(fields, set: quotedName), .accept]]
    }
}

extension AddressFamily {
    /// How names of objects end.
    var suffix: String { self == .ipv4 ? "4" : "6" }

    var echo: IPProtocol { self == .ipv4 ? .icmp : .icmpv6 }

    /// The other family's ICMP: a number that means nothing here, and is never let through.
    var foreignEcho: IPProtocol { self == .ipv4 ? .icmpv6 : .icmp }
}

extension [FlowBox] {
    fileprivate func filter(of family: AddressFamily) -> [FlowBox] {
        filter { $0.addresses.family == family }
    }
}

extension ClosedRange<UInt8> {
    /// What is left on both sides of one number.
    fileprivate func removing(_ number: IPProtocol) -> [ClosedRange<UInt8>] {
        let hole = number.rawValue
        guard contains(hole) else { return [self] }
        var parts: [ClosedRange<UInt8>] = []
        if lowerBound < hole { parts.append(lowerBound...(hole - 1)) }
        if hole < upperBound { parts.append((hole + 1)...upperBound) }
        return parts
    }
}

extension Operation {
    /// The most elements of one message: the list that holds them has a 16-bit length, and a range of IPv6 addresses
    /// with protocol and port takes 72 bytes of it.
    package static let elementsPerMessage = 500

    /// In as many messages as it takes.
    static func addition(of elements: [SetElement], to set: String) -> [Operation] {
        chunked(elements).map { .addElements(set: set, $0) }
    }

    static func destruction(of elements: [SetElement], in set: String) -> [Operation] {
        chunked(elements).map { .destroyElements(set: set, $0) }
    }

    private static func chunked(_ elements: [SetElement]) -> [[SetElement]] {
        stride(from: 0, to: elements.count, by: elementsPerMessage).map {
            Array(elements[$0..<min($0 + elementsPerMessage, elements.count)])
        }
    }
}
