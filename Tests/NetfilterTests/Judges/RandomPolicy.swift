import Enforcement
import FlowSpace
import NetworkTypes
import RulesetCompiler
import RulesetSamples
import Sessions

/// Scopes and sessions that change at random, and what follows for each judge: for the rules' meaning the state itself,
/// for the kernel wishes that become a transaction, for the packet path changes of sessions.
struct RandomPolicy {
    struct Holder {
        var tunnel: Int
        var addresses: [IPAddress]
        var scope: UInt32
    }

    struct Step {
        var kernel: [RulesetChange] = []
        /// The sessions to be put; those to be removed are first.
        var put: [UInt64] = []
        var removed: [UInt64] = []
    }

    private(set) var meaning = Meaning()
    private(set) var holders: [UInt64: Holder] = [:]
    /// Sorted, so that a seed gives the same draws everywhere.
    private(set) var ids: [UInt64] = []
    private var nextID: UInt64 = 1
    /// How often scopes that are there were redefined.
    private var editions: [UInt32: UInt32] = [:]
    let tunnels: [UInt32]

    /// The session of the packets that say that all before them have been dealt with: always in force.
    static let sentinel: UInt64 = 0
    static let sentinelScope: UInt32 = 1_000_000
    static let sentinelHost = 254
    static let sentinelServer = Ground.server(.ipv4, 0xfd)

    /// Longer than any run.
    static let expires = Samples.now + .seconds(30 * 86_400)

    init(tunnels: [UInt32]) {
        self.tunnels = tunnels
        let box = FlowBox(addresses: AddressRange(Self.sentinelServer), protocols: 6...6, ports: 1...1)
        meaning.scopes[Self.sentinelScope] = Meaning.Scope(boxes: [box], space: FlowSpace(box))
        for tunnel in 0...1 {
            let address = Ground.near(.ipv4, tunnel, Self.sentinelHost)
            meaning.sessions[Meaning.Address(tunnel: tunnel, address: address)] = Self.sentinelScope
        }
    }

    func key(_ tunnel: Int, _ address: IPAddress) -> SessionKey {
        SessionKey(interfaceIndex: tunnels[tunnel], address: address)
    }

    /// Everything that is in force, anew.
    func ruleset() throws -> Ruleset {
        var ruleset = Ruleset(layout: Samples.layout)
        for (number, scope) in meaning.scopes { ruleset.scopes[try Samples.scope(number)] = scope.space }
        for (place, number) in meaning.sessions {
            ruleset.sessions[key(place.tunnel, place.address)] = Ruleset.Element(
                scope: try Samples.scope(number), expires: Self.expires)
        }
        for (number, edition) in editions { ruleset.editions[try Samples.scope(number)] = edition }
        return ruleset
    }

    mutating func forgetFlows() { meaning.flows = [] }
    mutating func note(_ trial: Trial) { meaning.note(trial) }

    // MARK: Changing

    mutating func step(_ draw: inout Draw) throws -> Step {
        var step = Step()
        for _ in 0..<(1 + draw.below(5)) {
            switch draw.below(10) {
            case 0...2: try add(&draw, &step)
            case 3 where ids.count > 6: try remove(draw.pick(ids), &step)
            case 4...5: try move(&draw, &step)
            case 6...7: try redefine(&draw, &step)
            case 8: try inherit(&draw, &step)
            default: try renew(&draw, &step)
            }
        }
        while ids.count > 24 { try remove(draw.pick(ids), &step) }
        // Scopes that nobody has any more.
        let used = Set(meaning.sessions.values)
        for number in meaning.scopes.keys.sorted() where !used.contains(number) {
            meaning.scopes[number] = nil
            step.kernel.append(
                .removeScope(try Samples.scope(number), edition: editions.removeValue(forKey: number) ?? 0))
        }
        return step
    }

    private mutating func put(_ id: UInt64, _ holder: Holder, _ step: inout Step) throws {
        if holders.updateValue(holder, forKey: id) == nil { ids.append(id) }
        let element = Ruleset.Element(scope: try Samples.scope(holder.scope), expires: Self.expires)
        for address in holder.addresses {
            meaning.sessions[Meaning.Address(tunnel: holder.tunnel, address: address)] = holder.scope
            step.kernel.append(.put(key(holder.tunnel, address), element))
        }
        step.put.append(id)
    }

    private mutating func remove(_ id: UInt64, _ step: inout Step) throws {
        guard let holder = holders.removeValue(forKey: id) else { return }
        ids.removeAll { $0 == id }
        for address in holder.addresses {
            meaning.sessions[Meaning.Address(tunnel: holder.tunnel, address: address)] = nil
            step.kernel.append(.remove(key(holder.tunnel, address)))
        }
        step.put.removeAll { $0 == id }
        step.removed.append(id)
    }

    /// A session of one family or both, with a scope of its own or one that others have.
    private mutating func add(_ draw: inout Draw, _ step: inout Step) throws {
        let tunnel = draw.below(2)
        // Sometimes an address that belongs on the other tunnel.
        let home = draw.oneIn(6) ? 1 - tunnel : tunnel
        let host = 2 + draw.below(16)
        let kind = draw.below(4)
        let families = kind == 0 ? [.ipv4] : kind == 1 ? [.ipv6] : AddressFamily.allCases
        let addresses = families.map { Ground.near($0, home, host) }
            .filter { meaning.sessions[Meaning.Address(tunnel: tunnel, address: $0)] == nil }
        guard !addresses.isEmpty else { return }
        let scope = try someScope(&draw, &step)
        try put(nextID, Holder(tunnel: tunnel, addresses: addresses, scope: scope), &step)
        nextID += 1
    }

    private mutating func move(_ draw: inout Draw, _ step: inout Step) throws {
        guard !ids.isEmpty else { return }
        let id = draw.pick(ids)
        guard var holder = holders[id] else { return }
        holder.scope = try someScope(&draw, &step)
        try put(id, holder, &step)
    }

    private mutating func renew(_ draw: inout Draw, _ step: inout Step) throws {
        guard !ids.isEmpty else { return }
        let id = draw.pick(ids)
        if let holder = holders[id] { try put(id, holder, &step) }
    }

    /// An address goes from one session to another within one transaction.
    private mutating func inherit(_ draw: inout Draw, _ step: inout Step) throws {
        guard !ids.isEmpty else { return }
        let id = draw.pick(ids)
        guard var holder = holders[id] else { return }
        try remove(id, &step)
        holder.scope = try someScope(&draw, &step)
        try put(nextID, holder, &step)
        nextID += 1
    }

    private mutating func someScope(_ draw: inout Draw, _ step: inout Step) throws -> UInt32 {
        let known = meaning.scopes.keys.filter { $0 != Self.sentinelScope }.sorted()
        if !known.isEmpty, !draw.oneIn(3) { return draw.pick(known) }
        // Few numbers, so that one that was given up soon comes again; and one that needs all its bits.
        var number = draw.oneIn(8) ? 16_000_000 : UInt32(1 + draw.below(24))
        while meaning.scopes[number] != nil { number += 1 }
        let scope = RandomScope.draw(&draw)
        meaning.scopes[number] = scope
        step.kernel.append(.addScope(try Samples.scope(number), scope.space))
        return number
    }

    /// All sessions that have the scope have another one from now on, under the same number.
    private mutating func redefine(_ draw: inout Draw, _ step: inout Step) throws {
        let known = meaning.scopes.keys.filter { $0 != Self.sentinelScope }.sorted()
        guard !known.isEmpty else { return }
        let number = draw.pick(known)
        var scope = RandomScope.draw(&draw)
        if draw.oneIn(2), let old = meaning.scopes[number], old.boxes.count > 1 {
            // Nearly the same: one box less, one more.
            scope.boxes = Array(old.boxes.dropFirst()) + [scope.boxes[0]]
            scope.space = FlowSpace(scope.boxes)
        }
        meaning.scopes[number] = scope
        let edition = (editions[number] ?? 0) + 1
        editions[number] = edition
        step.kernel.append(.redefineScope(try Samples.scope(number), scope.space, edition: edition))
        step.put += ids.filter { holders[$0]?.scope == number }
    }
}

/// Scopes whose edges lie close together.
enum RandomScope {
    static let ports: [UInt16] = [0, 1, 22, 53, 80, 443, 3128, 32_767, 32_768, 65_534, 65_535]
    static let portless: [UInt8] = [47, 50, 132, 4, 41, 51, 0, 2, 89, 255, 136, 33]

    static func draw(_ draw: inout Draw) -> Meaning.Scope {
        let count = draw.oneIn(12) ? 40 + draw.below(80) : 1 + draw.below(14)
        let boxes = (0..<count).map { _ in box(&draw) }
        return Meaning.Scope(boxes: boxes, space: FlowSpace(boxes))
    }

    private static func box(_ draw: inout Draw) -> FlowBox {
        let family: AddressFamily = draw.oneIn(2) ? .ipv4 : .ipv6
        let (protocols, ports) = services(&draw, family)
        return FlowBox(addresses: addresses(&draw, family), protocols: protocols, ports: ports)
    }

    private static func range(_ first: IPAddress, _ last: IPAddress) -> AddressRange {
        AddressRange(first: first, last: last) ?? AddressRange(first)
    }

    private static func addresses(_ draw: inout Draw, _ family: AddressFamily) -> AddressRange {
        let host = draw.below(48)
        switch draw.below(16) {
        case 0...6: return AddressRange(Ground.server(family, host))
        case 7...9: return range(Ground.server(family, host), Ground.server(family, host + draw.below(12)))
        case 10:
            let size = 1 << (1 + draw.below(6))
            let first = host & ~(size - 1)
            return range(Ground.server(family, first), Ground.server(family, first + size - 1))
        case 11:
            return range(Ground.outside(family, host), Ground.outside(family, host + draw.below(255 - host)))
        case 12: return AddressRange(Ground.own(family, draw.below(3)))
        case 13: return AddressRange(Ground.near(family, draw.below(2), 2 + draw.below(18)))
        case 14:
            // The organisation's whole network, with tunnels and gateway in it.
            return family == .ipv4
                ? range(IPAddress(ipv4: 0x0a00_0000), IPAddress(ipv4: 0x0aff_ffff))
                : range(IPAddress(ipv6: 0xfd << 120), IPAddress(ipv6: 0xfe << 120 - 1))
        default: return draw.oneIn(3) ? .all(family) : AddressRange(Ground.server(family, host))
        }
    }

    private static func services(_ draw: inout Draw, _ family: AddressFamily)
        -> (ClosedRange<UInt8>, ClosedRange<UInt16>)
    {
        let port = draw.oneIn(4) ? draw.port() : draw.pick(ports)
        let echo: UInt8 = family == .ipv4 ? 1 : 58
        let last = UInt16(min(65_535, Int(port) + (draw.oneIn(3) ? draw.below(30_000) : draw.below(4))))
        switch draw.below(16) {
        case 0...3: return (6...6, port...port)
        case 4...6: return (17...17, port...port)
        case 7...8: return (6...6, port...last)
        case 9: return (17...17, port...last)
        case 10: return (draw.oneIn(2) ? 6...6 : 17...17, .allPorts)
        case 11...12: return (echo...echo, .allPorts)
        case 13:
            let number = draw.pick(portless)
            return (number...number, .allPorts)
        case 14:
            let first = draw.byte()
            return (
                first...UInt8(min(255, Int(first) + draw.below(60))), draw.oneIn(2) ? .allPorts : port...last
            )
        default: return (0...255, draw.oneIn(2) ? .allPorts : port...last)
        }
    }
}
