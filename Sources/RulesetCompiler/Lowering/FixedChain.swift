import NetworkTypes

/// The chains that do not depend on scopes, and their rules.
///
/// Two hooks of a packet's way decide: whatever comes from a tunnel is judged by `outward`, whatever goes to one by
/// `toward`, whether it is forwarded or the gateway's own. Both end in `refuse`. Nothing is remembered from one packet
/// to the next but in `toward_udp`.
struct FixedChain {
    let layout: RulesetLayout

    static let refuse = "refuse"
    private static let outward = "outward"
    private static let outwardICMP = "outward_icmp"
    private static let outwardError = "outward_error"
    private static let toward = "toward"
    private static let towardTCP = "toward_tcp"
    private static let towardUDP = "toward_udp"
    private static let towardICMP = "toward_icmp"
    private static let towardError = "toward_error"
    private static let untracked = "untracked"
    private static let fromTunnel = "from_tunnel"
    private static let toGateway = "to_gateway"
    private static let fromGateway = "from_gateway"

    /// The rules of the chains without a hook, in the order of the chains. `refuse` is first: the rest leads there.
    private var regular: [(name: String, rules: [[Statement]])] {
        [
            (Self.refuse, refusal), (Self.outwardICMP, outwardICMP),
            (Self.outwardError, quotation(.outError, echo: (ipv4: 0, ipv6: 129))),
        ]
            + AddressFamily.allCases.map { (Self.outward($0), outward($0)) }
            + [
                (Self.outward, outward), (Self.towardICMP, towardICMP),
                (Self.towardError, quotation(.backError, echo: (ipv4: 8, ipv6: 128))),
                (Self.towardTCP, towardTCP), (Self.towardUDP, towardUDP),
            ]
            + AddressFamily.allCases.map { (Self.toward($0), toward($0)) }
            + [
                (Self.toward, toward), (Self.fromTunnel, fromTunnel),
                (Self.untracked, untracked),
                (Self.toGateway, neighbourDiscovery + [[.goto(Self.outward)]]),
                (Self.fromGateway, fromGateway),
            ]
    }

    private var hooked: [(chain: Chain, rules: [[Statement]])] {
        [
            (base("prerouting", .prerouting, .raw), untrackedIn),
            (base("output_raw", .output, .raw), perTunnel(.outputName, [.goto(Self.untracked)])),
            (
                base("forward", .forward, .filter),
                perTunnel(.inputName, [.goto(Self.fromTunnel)]) + perTunnel(.outputName, [.goto(Self.toward)])
            ),
            (base("input", .input, .filter), perTunnel(.inputName, [.goto(Self.toGateway)])),
            (base("output", .output, .filter), perTunnel(.outputName, [.goto(Self.fromGateway)])),
        ]
    }

    var operations: [Operation] {
        let chains = regular.map { (chain: Chain($0.name), rules: $0.rules) } + hooked
        return sets + chains.map { .addChain($0.chain) }
            + chains.flatMap { entry in
                entry.rules.map { .addRule(Rule(chain: entry.chain.name, $0)) }
            }
    }

    private func base(_ name: String, _ point: Chain.Point, _ priority: Chain.Priority) -> Chain {
        Chain(name, hook: Chain.Hook(point: point, priority: priority))
    }

    private func perTunnel(_ field: Field, _ statements: [Statement]) -> [[Statement]] {
        layout.tunnels.map { [.matchName(field, $0)] + statements }
    }
}

// MARK: From a tunnel

extension FixedChain {
    /// One client does not reach another, whatever its scope says of the other's address.
    private var fromTunnel: [[Statement]] {
        perTunnel(.outputName, [.goto(Self.refuse)]) + [[.goto(Self.outward)]]
    }

    private func outward(_ family: AddressFamily) -> [[Statement]] {
        [
            [.setMark([.inputInterface, .source(family)], map: SessionMap.name(family))],
            [.match(transport(family)), .goto(Self.outwardICMP)],
            [.verdictMap(.mark, map: ScopeObjects.Way.out.map)],
            [.goto(Self.refuse)],
        ]
    }

    /// Each packet sees the rules of its family alone: every step costs it some nanoseconds.
    ///
    /// Source routes are refused (RFC 791 section 3.1, RFC 8200 section 4.4): the address that is judged is then not where
    /// the packet ends. IPv4 options are refused whole, with a first byte that is another: honest clients send none.
    private var outward: [[Statement]] {
        [
            [.writeMark(0)],
            [.match(.firstByte, 0x45), .goto(Self.outward(.ipv4))],
            [.match(.routingHeader, 1), .goto(Self.refuse)],
            [.match(.family(.ipv6)), .goto(Self.outward(.ipv6))],
            [.goto(Self.refuse)],
        ]
    }

    private var outwardICMP: [[Statement]] {
        zip(AddressFamily.allCases, [8, 128]).map { family, request in
            [.match(.icmpType(family), request), .verdictMap(.mark, map: ScopeObjects.Way.out.map)]
        } + errors([.goto(Self.outwardError)]) + [[.goto(Self.refuse)]]
    }
}

// MARK: Toward a tunnel

extension FixedChain {
    private var toward: [[Statement]] {
        [[.writeMark(0)]]
            + AddressFamily.allCases.map { [.match(.family($0)), .goto(Self.toward($0))] } + [
                [.goto(Self.refuse)]
            ]
    }

    private func toward(_ family: AddressFamily) -> [[Statement]] {
        [
            [.setMark([.outputInterface, .destination(family)], map: SessionMap.name(family))],
            [.match(.transport(.tcp)), .goto(Self.towardTCP)],
            [.match(.transport(.udp)), .goto(Self.towardUDP)],
            [.match(transport(family)), .goto(Self.towardICMP)],
            [.verdictMap(.mark, map: ScopeObjects.Way.back.map)],
            [.goto(Self.refuse)],
        ]
    }

    /// No opening of connections: neither SYN without ACK, nor what is neither an answer nor an end.
    ///
    /// The flags must be there to be read. The kernel judges a first fragment of IPv6 that ends before them alone
    /// (`ipv6frag_thdr_truncated` in net/ipv6/netfilter/nf_conntrack_reasm.c), and a host could put it together with
    /// the rest of another datagram that is permitted, an echo reply say, to a SYN.
    private var towardTCP: [[Statement]] {
        [
            [.match(.tcpFlags, mask: TCP.syn | TCP.ack, .equal, TCP.syn), .goto(Self.refuse)],
            [
                .match(.tcpFlags, mask: TCP.ack | TCP.rst, .notEqual, 0),
                .verdictMap(.mark, map: ScopeObjects.Way.back.map),
            ],
            [.goto(Self.refuse)],
        ]
    }

    /// A datagram says not whether it answers: conntrack does. Established and in the reply direction, so that a flow
    /// that the server began before we were here counts for nothing; and the scope is asked as for every packet.
    private var towardUDP: [[Statement]] {
        [
            [
                .match(.connectionState, mask: Conntrack.established, .notEqual, 0),
                .match(.connectionDirection, Conntrack.reply),
                .verdictMap(.mark, map: ScopeObjects.Way.back.map),
            ],
            [.goto(Self.refuse)],
        ]
    }

    private var towardICMP: [[Statement]] {
        zip(AddressFamily.allCases, [0, 129]).map { family, reply in
            [.match(.icmpType(family), reply), .verdictMap(.mark, map: ScopeObjects.Way.back.map)]
        } + errors([.goto(Self.towardError)]) + [[.goto(Self.refuse)]]
    }

    /// What the gateway's own kernel says passes: the resets and errors that `refuse` answers with, neighbour
    /// discovery. What its programs say is judged as a server's answer is.
    private var fromGateway: [[Statement]] {
        [[.match(.tcpFlags, mask: TCP.rst, .notEqual, 0)] + Self.passWithoutSession]
            + errors(Self.passWithoutSession) + neighbourDiscovery + [[.goto(Self.toward)]]
    }
}

// MARK: Parts

extension FixedChain {
    private enum TCP {
        static let syn: UInt64 = 0x02
        static let rst: UInt64 = 0x04
        static let ack: UInt64 = 0x10
    }

    private enum Conntrack {
        /// NF_CT_STATE_BIT(IP_CT_ESTABLISHED) of linux/netfilter/nf_conntrack_common.h.
        static let established: UInt64 = 2
        static let reply: UInt64 = 1
    }

    private static func outward(_ family: AddressFamily) -> String { "\(outward)_\(family.suffix)" }
    private static func toward(_ family: AddressFamily) -> String { "\(toward)_\(family.suffix)" }

    private func transport(_ family: AddressFamily) -> Field.Condition { .transport(family.echo) }

    /// The types of ICMP that speak of another packet (RFC 792; RFC 4443 section 3), each followed by `statements`.
    /// Path-MTU discovery lives on 3 and 2. Redirects are no errors and never pass.
    private func errors(_ statements: [Statement]) -> [[Statement]] {
        let types: [(AddressFamily, [UInt64])] = [(.ipv4, [3, 11, 12]), (.ipv6, [1, 2, 3, 4])]
        return types.flatMap { family, numbers in
            numbers.map { [.match(.icmpType(family), $0)] + statements }
        }
    }

    /// An ICMP error passes when the packet that it quotes is one that the scope permits in the other direction.
    /// `echo` are the types that a quoted packet may have if it is ICMP itself.
    ///
    /// Whoever sends an error writes the quotation too, so this is no proof of anything; it keeps errors to the flows
    /// that are permitted, where the endpoint's own check of its sockets (RFC 5927 section 4.1) does the rest.
    private func quotation(_ way: ScopeObjects.Way, echo: (ipv4: UInt64, ipv6: UInt64)) -> [[Statement]] {
        AddressFamily.allCases.flatMap { family -> [[Statement]] in
            let quoted = Quoted(family)
            let here = Statement.match(.family(family))
            let version = quoted.version
            return [
                [
                    here, .match(version.field, mask: version.mask, .notEqual, version.value),
                    .goto(Self.refuse),
                ],
                [
                    here, .match(quoted.ipProtocol, UInt64(family.echo.rawValue)),
                    .match(quoted.icmpType, .notEqual, family == .ipv4 ? echo.ipv4 : echo.ipv6),
                    .goto(Self.refuse),
                ],
            ]
        } + [[.verdictMap(.mark, map: way.map)], [.goto(Self.refuse)]]
    }

    /// Solicitations and advertisements on the link itself: no router has touched a hop limit of 255 (RFC 4861
    /// section 7.1).
    private var neighbourDiscovery: [[Statement]] {
        [135, 136].map { [.match(.icmpType(.ipv6), $0), .match(.hopLimit, 255)] + Self.passWithoutSession }
    }

    /// The guard behind passes nothing without our tag.
    private static let passWithoutSession: [Statement] = [.writeMark(PacketMark.noSession), .accept]

    private var untracked: [[Statement]] {
        [[.match(.transportProtocol, .notEqual, UInt64(IPProtocol.udp.rawValue)), .notrack]]
    }

    /// Only UDP is tracked. What goes to a tunnel is known by its route, which is asked here once more: a route look-up
    /// costs a fraction of a conntrack entry, and what comes from a tunnel is spared it. Sessions can not be masqueraded
    /// therefore: they are routed.
    private var untrackedIn: [[Statement]] {
        let leadsToOneOfThem: [[Statement]] =
            tunnelNames == nil
            ? layout.tunnels.map { [.matchName(.routeName, $0)] }
            : [[.lookup([.routeName], set: Self.tunnels)]]
        return perTunnel(.inputName, [.goto(Self.untracked)]) + [[.match(.transport(.udp)), .accept]]
            + leadsToOneOfThem.map { $0 + [.notrack, .accept] }
    }

    private static let tunnels = "tunnels"

    /// The set of all tunnels, so that the route is asked for once and not for each of them: with IPv6 that is half of
    /// what an answer costs. Nil where it would spare nothing, or would not do: a set has no beginnings of names.
    private var tunnelNames: (definition: SetDefinition, elements: [SetElement])? {
        let names = Set(layout.tunnels)
        guard names.count > 1, !names.contains(where: { $0.hasSuffix("*") }) else { return nil }
        let definition = SetDefinition(Self.tunnels, key: [.routeName], size: UInt32(names.count))
        return (definition, names.sorted().map { SetElement([.interfaceName($0)]) })
    }

    private var sets: [Operation] {
        guard let (definition, elements) = tunnelNames else { return [] }
        return [.addSet(definition)] + Operation.addition(of: elements, to: definition.name)
    }

    /// Answers fast, so that people see an error and not a hang.
    private var refusal: [[Statement]] {
        let log: [[Statement]] =
            layout.refusalLogGroup.map { group in
                [
                    [
                        .limit(perSecond: 50, burst: 20),
                        .log(group: group, snapLength: 128, prefix: "gatehouse refused "),
                    ]
                ]
            } ?? []
        return [[.counter]] + log
            + [[.match(.transport(.tcp)), .rejectWithReset], [.rejectAsProhibited]]
    }
}

extension Statement {
    static func match(_ condition: Field.Condition) -> Statement {
        .match(condition.field, condition.value)
    }
}
