import FlowSpace
import NetworkTypes
import RulesetCompiler
import Sessions
import TestSupport
import Testing

@testable import FakeKernel
@testable import PacketPath

/// The judge against the ruleset itself, run by the kernel of the tests: neither is made from the other.
@Suite struct JudgeAgainstRulesetTests {
    private static let now = Instant(secondsSince1970: 1_700_000_000)
    private static let numbers: [UInt8] = [1, 6, 17, 6, 17, 47, 50, 58]

    /// 24,000 packets: every field that a rule reads is drawn at random, most of them from what makes a
    /// difference.
    @Test(arguments: UInt64(1)...40)
    func agreesOnRandomPackets(seed: UInt64) throws {
        var random = Seeded(seed)
        let space = FlowSpace(Self.boxes(&random))
        let image = ScopeImage(
            space.boxes.map { ScopeBox($0.addresses, protocols: $0.protocols, ports: $0.ports) })
        let table = try Self.table(space)
        var permitted = 0
        for _ in 0..<600 {
            let packet = Self.packet(&random)
            let permits = table.permits(Self.kernelPacket(packet), at: Self.now)
            let verdict = image.verdict(on: packet)
            permitted += permits ? 1 : 0
            #expect((verdict == .permitted) == permits, "seed \(seed): \(verdict), \(packet)")
        }
        #expect(permitted > 0, "seed \(seed): nothing would be compared but refusals")
    }

    private static func base(_ isIPv6: Bool) -> UInt128 { isIPv6 ? 0xfd10 << 112 : 0x0a0a_0000 }

    private static func address(_ isIPv6: Bool, _ host: UInt128) -> IPAddress {
        isIPv6 ? IPAddress(ipv6: base(true) + host) : IPAddress(ipv4: UInt32(base(false) + host))
    }

    private static func boxes(_ random: inout Seeded) -> [FlowBox] {
        (0..<Int.random(in: 8...16, using: &random)).compactMap { _ in
            let isIPv6 = Bool.random(using: &random)
            let host = UInt128.random(in: 10...14, using: &random)
            let number = numbers.randomElement(using: &random) ?? 6
            let port = UInt16.random(in: 1...6, using: &random)
            let last = host + UInt128.random(in: 0...1, using: &random)
            guard let range = AddressRange(first: address(isIPv6, host), last: address(isIPv6, last)) else {
                return nil
            }
            return FlowBox(
                addresses: range, protocols: number...number,
                ports: Bool.random(using: &random) ? .allPorts : port...(port + 1))
        }
    }

    private static func table(_ space: FlowSpace) throws -> KernelTable {
        let number = try #require(ScopeNumber(rawValue: 1))
        var ruleset = Ruleset(layout: RulesetLayout(tunnels: ["tun0"]))
        ruleset.scopes[number] = space
        for isIPv6 in [false, true] {
            let key = SessionKey(interfaceIndex: 7, address: address(isIPv6, 2))
            ruleset.sessions[key] = Ruleset.Element(
                scope: number,
                expires: Instant(nanosecondsSince1970: now.nanosecondsSince1970 + 3_600_000_000_000))
        }
        var table = KernelTable()
        for operation in Transaction(replacing: ruleset, at: now).operations {
            switch operation {
            case .addTable, .addOwnedTable, .deleteTable: break
            default: try table.apply(operation, at: now)
            }
        }
        return table
    }

    private static func packet(_ random: inout Seeded) -> JudgedPacket {
        let isIPv6 = Bool.random(using: &random)
        let way: JudgedPacket.Way = Bool.random(using: &random) ? .outward : .toward
        let near = base(isIPv6) + 2
        let far = base(isIPv6) + UInt128.random(in: 10...15, using: &random)
        var packet = JudgedPacket(
            way: way, isIPv6: isIPv6, ipProtocol: numbers.randomElement(using: &random) ?? 6,
            source: way == .outward ? near : far, destination: way == .outward ? far : near)
        packet.sourcePort = UInt16.random(in: 0...8, using: &random)
        packet.destinationPort = UInt16.random(in: 0...8, using: &random)
        packet.tcpFlags = UInt8.random(in: 0...63, using: &random)
        packet.flow = Bool.random(using: &random) ? .answered : .unsolicited
        packet.icmpType =
            ([0, 8, 128, 129, 1, 2, 3, 4, 11, 12] as [UInt8]).randomElement(using: &random) ?? 0
        if Int.random(in: 0..<8, using: &random) == 0 {
            packet.facts.insert(isIPv6 ? .routingHeader : .options)
        }
        if Int.random(in: 0..<16, using: &random) == 0 { packet.facts.insert(.betweenTunnels) }
        packet.facts.insert(.quotes)
        let firsts: [UInt8] = isIPv6 ? [0x60, 0x61, 0x6f, 0x60, 0x45] : [0x45, 0x45, 0x45, 0x46, 0x60]
        packet.quoted.firstByte = firsts.randomElement(using: &random) ?? 0x45
        packet.quoted.ipProtocol = numbers.randomElement(using: &random) ?? 6
        packet.quoted.source = way == .outward ? far : near
        packet.quoted.destination = way == .outward ? near : far
        packet.quoted.sourcePort = UInt16.random(in: 0...8, using: &random)
        packet.quoted.destinationPort = UInt16.random(in: 0...8, using: &random)
        // The type of a quoted echo is the upper byte of what is the source port of others.
        if packet.quoted.ipProtocol == (isIPv6 ? 58 : 1), Bool.random(using: &random) {
            let types: [UInt16] = [0, 8, 128, 129]
            packet.quoted.sourcePort |= (types.randomElement(using: &random) ?? 0) << 8
        }
        packet.quoted.icmpType = UInt8(packet.quoted.sourcePort >> 8)
        return packet
    }

    private static func kernelPacket(_ packet: JudgedPacket) -> KernelPacket {
        let family: AddressFamily = packet.isIPv6 ? .ipv6 : .ipv4
        let isOutward = packet.way == .outward
        let otherEnd = packet.facts.contains(.betweenTunnels) && isOutward ? "tun0" : "lan"
        let bits = packet.isIPv6 ? 128 : 32
        let (protocolAt, sourceAt, portsAt) = packet.isIPv6 ? (112, 128, 384) : (136, 160, 224)
        var values: [Field: UInt128] = [
            isOutward ? .inputInterface : .outputInterface: 7, .source(family): packet.source,
            .destination(family): packet.destination, .networkProtocol: packet.isIPv6 ? 10 : 2,
            .transportProtocol: UInt128(packet.ipProtocol), .mark: 0,
            .firstByte: packet.isIPv6 ? 0x60 : packet.facts.contains(.options) ? 0x46 : 0x45, .hopLimit: 63,
            .routingHeader: packet.facts.contains(.routingHeader) ? 1 : 0,
            .tcpFlags: UInt128(packet.tcpFlags), .icmpType(family): UInt128(packet.icmpType),
            .connectionState: 2, .connectionDirection: packet.flow == .answered ? 1 : 0,
            .sourcePort: UInt128(packet.sourcePort), .destinationPort: UInt128(packet.destinationPort),
        ]
        let quoted = packet.quoted
        values[.transportBits(offset: 64, length: 8)] = UInt128(quoted.firstByte)
        values[.transportBits(offset: protocolAt, length: 8)] = UInt128(quoted.ipProtocol)
        values[.transportBits(offset: portsAt, length: 8)] = UInt128(quoted.icmpType)
        values[.transportBits(offset: sourceAt, length: bits)] = quoted.source
        values[.transportBits(offset: sourceAt + bits, length: bits)] = quoted.destination
        values[.transportBits(offset: portsAt, length: 16)] = UInt128(quoted.sourcePort)
        values[.transportBits(offset: portsAt + 16, length: 16)] = UInt128(quoted.destinationPort)
        return KernelPacket(
            hook: .forward, values: values,
            names: [.inputName: isOutward ? "tun0" : "lan", .outputName: isOutward ? otherEnd : "tun0"])
    }
}
