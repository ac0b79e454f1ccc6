import FlowSpace
import NetworkTypes

/// Draws packets that aim at what is in force: at what a session may reach, and one beside it.
struct RandomTrial {
    private let meaning: Meaning
    private let sessions: [(place: Meaning.Address, boxes: [FlowBox])]
    private var flows: [Meaning.Flow]
    /// The packet that is being drawn aims at what passes; else at what is beside it, too.
    private var isExact = false

    init(_ meaning: Meaning) {
        self.meaning = meaning
        flows = []
        // Sorted, so that a seed gives the same packets everywhere.
        sessions = meaning.sessions.keys
            .sorted { ($0.tunnel, $0.address) < ($1.tunnel, $1.address) }
            .compactMap { place in
                guard let number = meaning.sessions[place], number != RandomPolicy.sentinelScope,
                    let scope = meaning.scopes[number]
                else { return nil }
                return (place, scope.boxes.filter { $0.addresses.family == place.address.family })
            }
    }

    /// Datagrams that were let through, to be answered.
    mutating func remember(_ trial: Trial) {
        if flows.count > 64 { flows.removeFirst(32) }
        flows.append(
            Meaning.Flow(near: trial.near, far: trial.far, nearPort: trial.nearPort, farPort: trial.farPort))
    }

    mutating func next(_ draw: inout Draw) -> Trial {
        if !flows.isEmpty, draw.oneIn(16) { return answer(&draw) }
        let way: Trial.Way = draw.oneIn(2) ? .outward : .toward
        let family: AddressFamily = draw.oneIn(2) ? .ipv4 : .ipv6
        var trial = Trial(
            family: family, way: way, tunnel: draw.below(2), near: Ground.near(family, 0, 2),
            far: Ground.server(family, 0), ipProtocol: 6)
        isExact = draw.oneIn(2)
        let aimed = near(&draw, &trial)
        let box = aimed.isEmpty || !isExact && draw.oneIn(8) ? nil : draw.pick(aimed)
        far(&draw, &trial, box)
        service(&draw, &trial, box, aimed)
        place(&trial)
        shape(&draw, &trial)
        return trial
    }

    /// To a datagram that went before; perhaps with one field changed.
    private func answer(_ draw: inout Draw) -> Trial {
        let flow = flows[draw.below(flows.count)]
        var trial = Trial(
            family: flow.near.family, way: .toward, tunnel: Ground.tunnel(to: flow.near) ?? 0,
            near: flow.near,
            far: flow.far, ipProtocol: 17, nearPort: flow.nearPort, farPort: flow.farPort, length: 16)
        switch draw.below(8) {
        case 0: trial.nearPort &+= 1
        case 1: trial.farPort &+= 1
        case 2: trial.ipProtocol = 6
        default: break
        }
        place(&trial)
        shape(&draw, &trial)
        return trial
    }

    // MARK: Ends

    /// The address on the tunnel's side; returns what its session may reach.
    private func near(_ draw: inout Draw, _ trial: inout Trial) -> [FlowBox] {
        if !sessions.isEmpty, isExact || !draw.oneIn(6) {
            let session = draw.pick(sessions)
            let isHome = Ground.tunnel(to: session.place.address) == session.place.tunnel
            trial.family = session.place.address.family
            trial.near = session.place.address
            trial.tunnel = session.place.tunnel
            // Toward an address packets go where it is routed, whoever else has it elsewhere.
            if trial.way == .toward, !isHome { trial.tunnel = 1 - trial.tunnel }
            // Out of the other tunnel.
            if trial.way == .outward, !isExact, draw.oneIn(16) { trial.tunnel = 1 - trial.tunnel }
            return session.boxes
        }
        trial.near = Ground.near(trial.family, trial.tunnel, 2 + draw.below(30))
        if trial.way == .outward {
            switch draw.below(4) {
            case 0: trial.near = Ground.server(trial.family, draw.below(48))
            case 1: trial.near = Ground.own(trial.family, draw.below(3))
            default: break
            }
        }
        return sessions.isEmpty
            ? [] : draw.pick(sessions).boxes.filter { $0.addresses.family == trial.family }
    }

    private func far(_ draw: inout Draw, _ trial: inout Trial, _ box: FlowBox?) {
        guard let box else { return trial.far = anywhere(&draw, trial.family) }
        let range = box.addresses
        switch isExact ? 2 + draw.below(4) : draw.below(8) {
        case 0: trial.far = range.first.previous ?? range.first
        case 1: trial.far = range.last.next ?? range.last
        case 2...4: trial.far = range.first
        case 5: trial.far = range.last
        default: trial.far = anywhere(&draw, trial.family)
        }
        if !Ground.isRouted(trial.far) { trial.far = anywhere(&draw, trial.family) }
    }

    private func anywhere(_ draw: inout Draw, _ family: AddressFamily) -> IPAddress {
        switch draw.below(16) {
        case 0: Ground.outside(family, draw.below(256))
        case 1: Ground.own(family, draw.below(3))
        case 2: Ground.near(family, draw.below(2), 2 + draw.below(30))
        default: Ground.server(family, draw.below(64))
        }
    }

    /// What follows from where the far end is.
    private func place(_ trial: inout Trial) {
        trial.isOfGateway = Ground.isOwn(trial.far)
        trial.isBetweenTunnels = !trial.isOfGateway && Ground.tunnel(to: trial.far) != nil
    }

    // MARK: Protocols

    private func service(
        _ draw: inout Draw, _ trial: inout Trial, _ box: FlowBox?, _ aimed: [FlowBox]
    ) {
        (trial.ipProtocol, trial.farPort) = destination(&draw, trial.family, box)
        // Few ports of its own, so that flows come again.
        trial.nearPort = draw.oneIn(4) ? draw.port() : UInt16(40_000 + draw.below(4))
        switch trial.ipProtocol {
        case 6:
            let usual: [UInt8] = [0x02, 0x12, 0x10, 0x18, 0x04, 0x14, 0x11, 0x01, 0x00, 0x03, 0x06]
            let right: [UInt8] = trial.way == .outward ? [0x02, 0x10] : [0x12, 0x10, 0x04, 0x11]
            trial.tcpFlags =
                isExact ? draw.pick(right) : draw.oneIn(3) ? draw.byte() & 0x3f : draw.pick(usual)
            trial.length = 28
        case 17: trial.length = 16
        case trial.ownICMP: icmp(&draw, &trial, aimed)
        default: trial.length = 12
        }
    }

    private func destination(_ draw: inout Draw, _ family: AddressFamily, _ box: FlowBox?) -> (UInt8, UInt16)
    {
        guard let box, isExact || !draw.oneIn(12) else {
            let numbers: [UInt8] = [6, 6, 17, 17, 1, 58, 47, 132, draw.byte()]
            return (usable(draw.pick(numbers), family), draw.pick(RandomScope.ports))
        }
        var number = box.protocols.lowerBound
        switch isExact ? 3 * draw.below(2) : draw.below(8) {
        case 0: number = box.protocols.upperBound
        case 1: number = number &- 1
        case 2: number = box.protocols.upperBound &+ 1
        case 3...4 where box.protocols.count > 1:
            let likely: [UInt8] = [6, 17, family == .ipv4 ? 1 : 58]
            number = draw.pick(likely)
        default: break
        }
        var port = box.ports.lowerBound
        switch isExact ? 7 * draw.below(2) : draw.below(8) {
        case 0: port = box.ports.upperBound
        case 1: port = port &- 1
        case 2: port = box.ports.upperBound &+ 1
        case 3: port = draw.port()
        default: break
        }
        return (usable(number, family), port)
    }

    /// IPv6 has headers where IPv4 has protocols: those are drawn as headers.
    private func usable(_ number: UInt8, _ family: AddressFamily) -> UInt8 {
        guard family == .ipv6 else { return number }
        return [0, 43, 44, 51, 60].contains(number) ? 47 : number
    }

    private func icmp(_ draw: inout Draw, _ trial: inout Trial, _ aimed: [FlowBox]) {
        let isIPv4 = trial.family == .ipv4
        let (request, reply): (UInt8, UInt8) = isIPv4 ? (8, 0) : (128, 129)
        trial.length = 16
        let right = (trial.way == .outward ? 0 : 5) + 7 * draw.below(2)
        switch isExact ? right : draw.below(16) {
        case 0...4: trial.icmpType = request
        case 5...9: trial.icmpType = reply
        case 10: trial.icmpType = draw.byte()
        case 11:
            let neighbours: [UInt8] = [133, 134, 135, 136, 137, 5]
            trial.icmpType = draw.pick(neighbours)
            trial.hopLimit = draw.oneIn(2) ? 255 : 254
        default:
            let errors: [UInt8] = isIPv4 ? isExact ? [3, 11, 12] : [3, 11, 12, 4, 5] : [1, 2, 3, 4]
            trial.icmpType = draw.pick(errors)
        }
        if trial.isICMPError { quote(&draw, &trial, aimed) }
    }

    /// About a packet the other way, whole to its ports or cut.
    private func quote(_ draw: inout Draw, _ trial: inout Trial, _ aimed: [FlowBox]) {
        let box = aimed.isEmpty ? nil : draw.pick(aimed)
        var inner = trial
        far(&draw, &inner, box)
        let (number, port) = destination(&draw, trial.family, box)
        let isIPv4 = trial.family == .ipv4
        var quoted = Trial.Quotation(
            firstByte: isIPv4 ? 0x45 : 0x60 | draw.byte() & 15, ipProtocol: number,
            source: trial.way == .outward ? inner.far : trial.near,
            destination: trial.way == .outward ? trial.near : inner.far)
        quoted.first = trial.way == .outward ? port : 40_000
        quoted.second = trial.way == .outward ? 40_000 : port
        if number == trial.ownICMP {
            let types: [UInt16] = [0, 8, 128, 129]
            let right: UInt16 = trial.way == .outward ? (isIPv4 ? 0 : 129) : isIPv4 ? 8 : 128
            quoted.first = (isExact ? right : draw.pick(types)) << 8
        }
        if !isExact, draw.oneIn(16) {
            let firsts: [UInt8] = [0x46, 0x4f, 0x55, 0x44, 0x60, 0x45, 0x70, 0x00]
            quoted.firstByte = draw.pick(firsts)
        }
        let header = isIPv4 ? 20 : 40
        quoted.length = !isExact && draw.oneIn(6) ? draw.below(header + 8) : header + 8
        trial.quotation = quoted
        trial.length = 8 + quoted.length
    }

    // MARK: Shapes

    private func shape(_ draw: inout Draw, _ trial: inout Trial) {
        switch draw.below(24) {
        case 0 where trial.family == .ipv4: trial.options = draw.pick(Trial.Options.allCases)
        case 0...1 where trial.family == .ipv6: trial.chain = draw.pick(Trial.Chain.allCases)
        case 2: trial.length = draw.below(min(trial.length, 24))
        case 3...4: cut(&draw, &trial)
        default: break
        }
        // A source route toward a session is stopped by the kernel itself, whatever the rules are.
        if trial.way == .toward, trial.options == .sourceRoute { trial.options = .noOperation }
        if trial.hopLimit == 64, draw.oneIn(8) { trial.hopLimit = draw.oneIn(2) ? 2 : 255 }
    }

    private func cut(_ draw: inout Draw, _ trial: inout Trial) {
        // What the gateway sends it does not send in pieces: its kernel cuts behind the rules.
        if trial.isOfGateway, trial.way == .toward { return }
        if trial.family == .ipv6, draw.oneIn(6) { return trial.cuts.isAtomic = true }
        if trial.quotation != nil {
            let header = trial.family == .ipv4 ? 20 : 40
            trial.quotation?.length = header + 8
            trial.length = 8 + header + 8
        }
        trial.length = max(trial.length, 32) + draw.below(40)
        if trial.family == .ipv6, draw.oneIn(6) { trial.cuts.hasOptionsInside = true }
        if draw.oneIn(8) {
            // Not behind an authentication header: the kernel cuts again before that, and what comes out is another
            // packet.
            let chains: [Trial.Chain] = [.destination, .routing, .hopByHop]
            trial.chain = draw.pick(chains)
        }
        if draw.oneIn(12) { trial.options = .noOperation }
        if trial.family == .ipv4 { trial.chain = .none } else { trial.options = .none }
        let whole = TrialWriter.cutLength(trial)
        trial.cuts.first = 8 * (1 + draw.below((whole - 1) / 8))
        if draw.oneIn(3), whole - trial.cuts.first > 8 {
            trial.cuts.second = trial.cuts.first + 8 * (1 + draw.below((whole - trial.cuts.first - 1) / 8))
        }
        trial.cuts.isReversed = draw.oneIn(3)
        if draw.oneIn(24) { trial.cuts.leftOut = draw.below(trial.cuts.count) }
    }
}
