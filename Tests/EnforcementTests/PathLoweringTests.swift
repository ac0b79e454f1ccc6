import FlowSpace
import NetworkTypes
import RulesetCompiler
import Sessions
import TestSupport
import Testing

@testable import Enforcement
@testable import PacketPath

/// A lowering that can be asked inside an expectation.
final class Lowered {
    private var lowering: PathLowering

    init(slotCount: Int) throws { lowering = try PathLowering(slotCount: slotCount) }

    func apply(_ changes: [PathChange], at now: Instant) -> [SessionID] { lowering.apply(changes, at: now) }
    func origin(of event: PathEvent) -> PathLowering.Origin { lowering.origin(of: event) }
    func value(_ key: SessionKey) -> SessionValue? { lowering.value(key) }
    func slot(of id: SessionID) -> SessionSlot? { lowering.slot(of: id) }
    func scope(of space: FlowSpace) -> UInt32? { lowering.scope(of: space) }
    var count: Int { lowering.count }
}

@Suite struct PathLoweringTests {
    static let now = World.start

    static func id(_ client: UInt64) -> SessionID {
        SessionID(source: "office", serverProcess: 1, client: client)
    }

    static func key(_ host: UInt32, isIPv6: Bool = false, interface: UInt32 = 7) -> SessionKey {
        let address =
            isIPv6 ? IPAddress(ipv6: 0xfd08 << 112 + UInt128(host)) : IPAddress(ipv4: 0x0a08_0000 + host)
        return SessionKey(interfaceIndex: interface, address: address)
    }

    static func space(_ port: UInt16) -> FlowSpace {
        FlowSpace([
            FlowBox(
                addresses: AddressRange(IPAddress(ipv4: 0x0a0a_0014)), protocols: 6...6, ports: port...port)
        ])
    }

    /// All keys are of one interface.
    static func put(_ client: UInt64, _ keys: [SessionKey], _ port: UInt16) -> PathChange {
        let keys = SessionKeys(interfaceIndex: keys[0].interfaceIndex, addresses: keys.map(\.address))
        return .put(id(client), keys, space(port))
    }

    /// An event of the session that has this address now, as a worker would make it.
    static func event(_ lowering: Lowered, _ key: SessionKey) -> PathEvent? {
        lowering.value(key).map { PathEvent(kind: .refused, reason: 7, session: $0, tick: 0) }
    }

    static func spoofed(_ key: SessionKey) -> PathEvent {
        var event = PathEvent(kind: .spoofed, reason: 1, session: SessionValue(word: 0), tick: 0)
        event.isIPv6 = key.address.family == .ipv6
        event.sourceHigh = UInt64(truncatingIfNeeded: key.address.bits >> 64)
        event.sourceLow = UInt64(truncatingIfNeeded: key.address.bits)
        event.detail = UInt64(key.interfaceIndex)
        return event
    }

    @Test(arguments: [false, true]) func eventsAreGivenToTheirSession(isIPv6: Bool) throws {
        let lowering = try Lowered(slotCount: 4)
        let key = Self.key(2, isIPv6: isIPv6)
        #expect(lowering.apply([Self.put(1, [key], 443)], at: Self.now).isEmpty)
        let event = try #require(Self.event(lowering, key))
        #expect(lowering.origin(of: event) == .session(Self.id(1), changedAt: Self.now))
        #expect(lowering.origin(of: Self.spoofed(key)) == .nobody)

        _ = lowering.apply([.remove(Self.id(1))], at: Self.now + .seconds(5))
        #expect(lowering.value(key) == nil)
        #expect(lowering.origin(of: event) == .gone(Self.id(1)), "an event from before the cut")
        #expect(lowering.origin(of: Self.spoofed(key)) == .gone(Self.id(1)), "its client goes on sending")
        _ = lowering.apply([.remove(Self.id(9))], at: Self.now + .seconds(36))
        #expect(lowering.origin(of: Self.spoofed(key)) == .nobody, "but not for ever")
    }

    @Test func renewalsChangeNothingAndOtherScopesDo() throws {
        let lowering = try Lowered(slotCount: 4)
        let put = { (port: UInt16) in Self.put(1, [Self.key(2)], port) }
        _ = lowering.apply([put(443)], at: Self.now)
        let first = lowering.value(Self.key(2))
        _ = lowering.apply([put(443)], at: Self.now + .seconds(20))
        #expect(lowering.value(Self.key(2)) == first)
        let event = try #require(Self.event(lowering, Self.key(2)))
        #expect(lowering.origin(of: event) == .session(Self.id(1), changedAt: Self.now))

        let later = Self.now + .seconds(40)
        _ = lowering.apply([put(80)], at: later)
        let second = try #require(lowering.value(Self.key(2)))
        #expect(second.scope != first?.scope && second.slot == first?.slot)
        #expect(lowering.origin(of: event) == .session(Self.id(1), changedAt: later))
    }

    /// The newcomer is put before the old session's end is heard, or after: it keeps its address either way.
    @Test(arguments: [true, false]) func anAddressPassesToItsNewSession(newcomerFirst: Bool) throws {
        let lowering = try Lowered(slotCount: 4)
        _ = lowering.apply([Self.put(1, [Self.key(2)], 443)], at: Self.now)
        let changes: [PathChange] = [Self.put(2, [Self.key(2)], 443), .remove(Self.id(1))]
        _ = lowering.apply(newcomerFirst ? changes : changes.reversed(), at: Self.now)
        let event = try #require(Self.event(lowering, Self.key(2)))
        #expect(lowering.origin(of: event) == .session(Self.id(2), changedAt: Self.now))
        #expect(lowering.origin(of: Self.spoofed(Self.key(2))) == .nobody)
    }

    @Test func moreSessionsThanSlotsAreKnownAllTheSame() throws {
        let lowering = try Lowered(slotCount: 1)
        for client in 1...3 as ClosedRange<UInt64> {
            _ = lowering.apply(
                [Self.put(client, [Self.key(UInt32(client))], 443)], at: Self.now)
        }
        #expect(lowering.count == 3)
        #expect(lowering.slot(of: Self.id(1)) != nil && lowering.slot(of: Self.id(2)) == nil)
        let event = try #require(Self.event(lowering, Self.key(2)))
        #expect(lowering.origin(of: event) == .nobody, "nobody is blamed for another's packets")
    }

    /// Against dictionaries: who has an address, and with which scope.
    @Test(arguments: UInt64(1)...20) func agreesWithDictionaries(seed: UInt64) throws {
        var random = Seeded(seed)
        let lowering = try Lowered(slotCount: 64)
        var sessions: [UInt64: (keys: [SessionKey], port: UInt16)] = [:]
        for step in 0..<2_000 {
            let client = UInt64.random(in: 1...20, using: &random)
            // Addresses of its own, so that the model needs no rules for disputes.
            let keys = (0..<Int.random(in: 1...3, using: &random)).map {
                Self.key(UInt32(client) * 8 + UInt32($0), isIPv6: $0 == 1)
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                sessions[client] = nil
                _ = lowering.apply([.remove(Self.id(client))], at: Self.now + .seconds(step))
            } else {
                let port = UInt16.random(in: 1...5, using: &random)
                sessions[client] = (keys, port)
                _ = lowering.apply(
                    [Self.put(client, keys, port)], at: Self.now + .seconds(step))
            }
            #expect(lowering.count == sessions.values.reduce(0) { $0 + $1.keys.count }, "seed \(seed)")
            for (client, known) in sessions {
                let values = known.keys.map { lowering.value($0) }
                #expect(Set(values).count == 1 && values[0] != nil, "seed \(seed), step \(step)")
                #expect(values[0]?.scope == lowering.scope(of: Self.space(known.port)))
                #expect(values[0]?.slot == lowering.slot(of: Self.id(client))?.number)
            }
        }
    }
}
