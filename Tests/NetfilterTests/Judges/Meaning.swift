import FlowSpace
import NetworkTypes
import RulesetCompiler

/// What is in force, said as plainly as can be: which session has which addresses, and what its scope holds.
///
/// The first of the three judges. It knows nothing of chains, sets, images or bytes: it answers from a trial's fields,
/// in the words of the threat model.
struct Meaning {
    struct Scope {
        /// As they were drawn, overlapping; the flow-space is made of them, and both must hold the same.
        var boxes: [FlowBox]
        var space: FlowSpace
    }

    struct Address: Hashable {
        var tunnel: Int
        var address: IPAddress
    }

    /// A datagram's ends, as the session that opened the flow would say them.
    struct Flow: Hashable {
        var near: IPAddress
        var far: IPAddress
        var nearPort: UInt16
        var farPort: UInt16
    }

    /// What is seen of a packet, or of one fragment, by somebody who sees this alone and keeps no flows.
    enum Sight: Equatable {
        case permitted, refused
        /// The kernel knows more: how the datagram begins, or who asked for it.
        case open
        /// Its headers end before what is judged, or there are too many of them.
        case undecoded
    }

    var scopes: [UInt32: Scope] = [:]
    var sessions: [Address: UInt32] = [:]
    /// Datagrams that sessions have sent and that were let through.
    var flows: Set<Flow> = []

    func scope(_ trial: Trial) -> Scope? {
        sessions[Address(tunnel: trial.tunnel, address: trial.near)].flatMap { scopes[$0] }
    }

    /// The other family's ICMP is in no scope.
    static func holds(
        _ scope: Scope, _ family: AddressFamily, _ far: IPAddress, _ number: UInt8, _ port: UInt16
    )
        -> Bool
    {
        if number == (family == .ipv4 ? 58 : 1) { return false }
        return scope.space.contains(
            Destination(address: far, ipProtocol: IPProtocol(rawValue: number), port: port))
    }

    /// Whether the packet reaches its other end; all of its fragments, when it is in fragments.
    func passes(_ trial: Trial) -> Bool {
        // What is never whole is never judged, and goes nowhere.
        if trial.cuts.leftOut >= 0 || trial.isCutInHeaders { return false }
        if trial.isOfGateway, isGatewaysOwn(trial) { return true }
        guard let scope = scope(trial) else { return false }
        // The headers lead to no protocol.
        if trial.chain == .broken { return false }
        if trial.way == .outward {
            if trial.isBetweenTunnels { return false }
            // What moves a packet's end.
            if trial.options != .none || trial.chain.hasRouting { return false }
        }
        // A field that is not there matches nothing: going out the second port is read, coming in the first.
        guard trial.judgedLength >= (trial.way == .outward ? 4 : 2) else { return false }
        if trial.judgedProtocol == trial.ownICMP { return passesICMP(trial, scope) }
        guard Self.holds(scope, trial.family, trial.far, trial.judgedProtocol, trial.farPort) else {
            return false
        }
        guard trial.way == .toward else { return true }
        switch trial.judgedProtocol {
        case 6: return Self.answers(trial)
        case 17: return isAsked(trial)
        default: return true
        }
    }

    /// Bytes of what was cut that come out at the other end; -1 when no packet does.
    func arriving(_ trial: Trial) -> Int {
        if passes(trial) { return TrialWriter.cutLength(trial) }
        guard trial.isCutInHeaders, trial.cuts.leftOut != 0 else { return -1 }
        // The kernel does not wait for the rest of a first fragment that ends inside its headers: it is judged alone,
        // by what is there.
        var first = trial
        first.cuts = Trial.Cuts()
        first.length = trial.cuts.first - (trial.cuts.hasOptionsInside ? 8 : 0)
        return passes(first) ? trial.cuts.first : -1
    }

    /// Between the gateway and a tunnel without any scope: neighbours on the link itself, and what its kernel says.
    private func isGatewaysOwn(_ trial: Trial) -> Bool {
        if trial.chain == .broken || trial.length < 1 { return false }
        if trial.judgedProtocol == 58, trial.family == .ipv6, trial.hopLimit == 255,
            trial.icmpType == 135 || trial.icmpType == 136
        {
            return true
        }
        guard trial.way == .toward else { return false }
        return trial.isICMPError
            || trial.judgedProtocol == 6 && trial.length >= 14 && trial.tcpFlags & 0x04 != 0
    }

    /// TCP toward a session has ACK or RST, and is not the first of a connection.
    private static func answers(_ trial: Trial) -> Bool {
        if trial.length < 14 { return false }
        let (syn, rst, ack) = (trial.tcpFlags & 0x02, trial.tcpFlags & 0x04, trial.tcpFlags & 0x10)
        return (ack != 0 || rst != 0) && !(syn != 0 && ack == 0)
    }

    func isAsked(_ trial: Trial) -> Bool {
        trial.length >= 8
            && flows.contains(
                Flow(near: trial.near, far: trial.far, nearPort: trial.nearPort, farPort: trial.farPort))
    }

    /// A request out, a reply in, and errors about what could have gone the other way.
    private func passesICMP(_ trial: Trial, _ scope: Scope) -> Bool {
        if trial.isICMPError { return quotesPermitted(trial, scope) }
        let (request, reply): (UInt8, UInt8) = trial.family == .ipv4 ? (8, 0) : (128, 129)
        guard trial.icmpType == (trial.way == .outward ? request : reply) else { return false }
        return Self.holds(scope, trial.family, trial.far, trial.ipProtocol, 0)
    }

    private func quotesPermitted(_ trial: Trial, _ scope: Scope) -> Bool {
        guard let quoted = trial.quotation else { return false }
        let (isIPv4, isOutward) = (trial.family == .ipv4, trial.way == .outward)
        let there = min(quoted.length, trial.length - 8) - (isIPv4 ? 20 : 40)
        guard isIPv4 ? quoted.firstByte == 0x45 : quoted.firstByte >> 4 == 6 else { return false }
        // Going out it speaks of an answer, and its source is asked for; coming in of what the session sent.
        guard there >= (isOutward ? 2 : 4) else { return false }
        if quoted.ipProtocol == trial.ownICMP {
            let type = UInt8(quoted.first >> 8)
            let wanted: UInt8 = isIPv4 ? (isOutward ? 0 : 8) : (isOutward ? 129 : 128)
            guard type == wanted else { return false }
        }
        return isOutward
            ? Self.holds(scope, trial.family, quoted.source, quoted.ipProtocol, quoted.first)
            : Self.holds(scope, trial.family, quoted.destination, quoted.ipProtocol, quoted.second)
    }

    /// To be told of every packet that was let through, in order.
    mutating func note(_ trial: Trial) {
        if trial.way == .outward, trial.judgedProtocol == 17, trial.length >= 8 { noteFlow(trial) }
    }

    mutating func noteFlow(_ trial: Trial) {
        flows.insert(Flow(near: trial.near, far: trial.far, nearPort: trial.nearPort, farPort: trial.farPort))
    }
}

// MARK: What one packet alone tells

extension Meaning {
    /// What the packet path says of a piece. Agreement means: of a packet that has all that decides, the kernel's
    /// verdict; a packet that passes has no piece that is refused; and what is refused by a piece that lacks the ports
    /// no port would have helped.
    func sight(_ trial: Trial, piece: Int) -> Sight {
        if piece > 0 { return sightOfLater(trial, piece) }
        // What of the transport is in this piece.
        let inside = trial.cuts.hasOptionsInside ? 8 : 0
        let there = trial.cuts.isWhole ? trial.length : min(trial.length, trial.cuts.first - inside)
        if let short = sightOfShort(trial, there) { return short }
        if trial.isOfGateway, isGatewaysOwn(trial) { return .permitted }
        guard let scope = scope(trial) else { return .refused }
        if !trial.cuts.isWhole, there < 4, trial.chain != .authentication {
            return sightWithoutPorts(trial, scope, trial.ipProtocol)
        }
        if !trial.cuts.isWhole, trial.isICMPError, !isMoved(trial) {
            // The quotation is read from one piece or not at all.
            let needed = 8 + (trial.family == .ipv4 ? 20 : 40) + (trial.way == .outward ? 2 : 4)
            if min(there, 8 + (trial.quotation?.length ?? 0)) < needed { return .open }
        }
        if trial.judgedProtocol == 17, trial.way == .toward {
            return Self.holds(scope, trial.family, trial.far, 17, trial.farPort) ? .open : .refused
        }
        var whole = trial
        whole.cuts = Trial.Cuts()
        return passes(whole) ? .permitted : .refused
    }

    /// Whether it is refused for what moves its end, or for where it goes, before anything else is looked at.
    private func isMoved(_ trial: Trial) -> Bool {
        trial.way == .outward
            && (trial.isBetweenTunnels && !trial.isOfGateway || trial.options != .none
                || trial.chain.hasRouting)
    }

    private func sightOfShort(_ trial: Trial, _ there: Int) -> Sight? {
        if trial.chain == .nine || trial.chain == .broken { return .undecoded }
        switch trial.judgedProtocol {
        case 6: return there < 20 ? .undecoded : nil
        case 17, trial.ownICMP: return there < 8 ? .undecoded : nil
        default: return nil
        }
    }

    /// A later fragment has no ports: it is refused when every port would be.
    private func sightOfLater(_ trial: Trial, _ piece: Int) -> Sight {
        if trial.chain == .nine || trial.chain == .broken { return .undecoded }
        let number = trial.cuts.hasOptionsInside ? 60 : trial.judgedProtocol
        // It would write over the flags of the first (RFC 1858).
        if number == 6, piece == 1, trial.cuts.first == 8 { return .undecoded }
        guard let scope = scope(trial) else { return .refused }
        return sightWithoutPorts(trial, scope, number)
    }

    private func sightWithoutPorts(_ trial: Trial, _ scope: Scope, _ number: UInt8) -> Sight {
        if trial.isBetweenTunnels, trial.way == .outward { return .refused }
        if number == trial.ownICMP || number == 60 && trial.family == .ipv6 || trial.isOfGateway {
            return .open
        }
        let held = Self.portsHeld(scope, trial.family, trial.far, number)
        if held == .none { return .refused }
        if held == .some { return .open }
        return trial.way == .toward && (number == 6 || number == 17) ? .open : .permitted
    }

    private enum Share { case none, some, every }

    /// Asked at both sides of every edge.
    private static func portsHeld(_ scope: Scope, _ family: AddressFamily, _ far: IPAddress, _ number: UInt8)
        -> Share
    {
        var (isHeld, isRefused) = (false, false)
        let boxes = scope.boxes.filter { $0.addresses.contains(far) && $0.protocols.contains(number) }
        var edges: [UInt16] = [0, .max]
        for box in boxes { edges += [box.ports.lowerBound, box.ports.upperBound] }
        for port in edges {
            for near in [port, port &- 1, port &+ 1] {
                if holds(scope, family, far, number, near) { isHeld = true } else { isRefused = true }
            }
        }
        return !isHeld ? .none : isRefused ? .some : .every
    }
}
