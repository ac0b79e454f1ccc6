import FlowSpace
import NetworkTypes
import PacketPath
import RulesetCompiler
import Sessions

/// What follows from decisions for the packet path, in the order in which it is to be done.
enum PathChange: Sendable, Hashable {
    /// The session has these addresses and may reach this; whatever was known of it before is gone.
    case put(SessionID, SessionKeys, FlowSpace)
    case remove(SessionID)
}

/// Keeps the packet path's image in step with what is decided: the second lowering of a decision, beside the
/// ruleset, and derived from the same decisions rather than from it. So each can find the other wrong.
///
/// Changes come here once the kernel has acknowledged them. What a worker sees is therefore late by some
/// microseconds, and packets that were on their way are judged by newer rules than the kernel's: whoever holds the
/// two against each other asks ``origin(of:)`` when the session changed last.
struct PathLowering: ~Copyable {
    private var image: PathImage
    private var sessions = SlotTable<Entry>()
    private var byID = SlotIndex()
    private var scopes: [FlowSpace: ScopeUse] = [:]
    private var nextScope: UInt32 = 1
    /// By slot: the last session that had it.
    private var owners: ContiguousArray<Owner?> = []
    /// Sessions for which there was no slot. They cannot be told apart by events.
    private var unslotted: Set<SessionID> = []
    /// Addresses of sessions that are gone, for as long as their packets may still come.
    private var gone: [SessionKey: Owner] = [:]

    private struct Entry {
        let id: SessionID
        var keys: SessionKeys
        var space: FlowSpace
        var slot: SessionSlot
    }

    private struct ScopeUse {
        var number: UInt32
        var sessions: Int
    }

    struct Owner: Hashable {
        var id: SessionID
        var slot: SessionSlot
        var changedAt: Instant
    }

    /// Whose packet an event is about.
    enum Origin: Hashable {
        /// A session; `changedAt` is when what it may reach last changed.
        case session(SessionID, changedAt: Instant)
        /// A session that ended, or was cut, moments ago.
        case gone(SessionID)
        case nobody
    }

    /// How long packets of a session that is gone are told from spoofed ones: until its client has noticed.
    static let memory: Duration = .seconds(30)

    init(slotCount: Int) throws(SessionIndexError) {
        var random = SystemRandomNumberGenerator()
        image = try PathImage(key: (random.next(), random.next()), slotCount: slotCount)
    }

    var readers: PathReaders { image.readers }
    var slotCount: Int { image.slotCount }

    /// Addresses that the packet path knows.
    var count: Int { image.count }

    /// The organisation's own networks: only refusals in them make a scan.
    mutating func setInside(_ networks: [IPPrefix]) {
        guard !networks.isEmpty else { return image.removeScope(SessionValue.inside) }
        image.setScope(
            SessionValue.inside,
            ScopeImage(networks.map { ScopeBox($0.range, protocols: 0...255) }))
    }

    // MARK: Changing

    /// Carries out changes; returns the sessions that there was no memory for.
    mutating func apply(_ changes: [PathChange], at now: Instant) -> [SessionID] {
        var failed: [SessionID] = []
        for change in changes {
            switch change {
            case .put(let id, let keys, let space):
                do throws(SessionIndexError) {
                    try put(id, keys, space, at: now)
                } catch {
                    remove(id, at: now)
                    failed.append(id)
                }
            case .remove(let id): remove(id, at: now)
            }
        }
        gone = gone.filter { $0.value.changedAt + Self.memory > now }
        image.reclaim()
        return failed
    }

    private mutating func put(
        _ id: SessionID, _ keys: SessionKeys, _ space: FlowSpace, at now: Instant
    ) throws(SessionIndexError) {
        let old = entry(id)
        // Renewals change nothing, and are nearly all there is.
        if let old, old.keys == keys, old.space == space { return }
        let scope = retain(space)
        let slot = old?.slot ?? image.takeSlot()
        keep(Entry(id: id, keys: keys, space: space, slot: slot))
        if slot.number == SessionValue.noSlot {
            unslotted.insert(id)
        } else {
            own(Owner(id: id, slot: slot, changedAt: now))
        }
        let value = SessionValue(scope: scope, slot: slot)
        for key in old?.keys.all ?? [] where !keys.contains(key) { forget(key, id, slot, at: now) }
        if let old { release(old.space) }
        for key in keys.all {
            try image.put(key, value)
            gone[key] = nil
        }
    }

    private mutating func remove(_ id: SessionID, at now: Instant) {
        guard let place = place(id) else { return }
        let old = sessions.remove(at: place)
        byID.remove(place, SlotIndex.hash(id))
        unslotted.remove(id)
        for key in old.keys.all { forget(key, id, old.slot, at: now) }
        if var owner = owner(old.slot.number) {
            owner.changedAt = now
            own(owner)
        }
        release(old.space)
        image.giveBack(old.slot)
    }

    /// Takes an address away, unless another session has it by now.
    private mutating func forget(_ key: SessionKey, _ id: SessionID, _ slot: SessionSlot, at now: Instant) {
        guard let value = image.find(key), value.isOf(slot) else { return }
        image.remove(key)
        gone[key] = Owner(id: id, slot: slot, changedAt: now)
    }

    // MARK: Who is known

    private func place(_ id: SessionID) -> Int? { byID.first(SlotIndex.hash(id)) { sessions[$0].id == id } }

    private func entry(_ id: SessionID) -> Entry? { place(id).map { sessions[$0] } }

    private mutating func keep(_ entry: Entry) {
        if let place = place(entry.id) {
            sessions[place] = entry
        } else {
            byID.insert(sessions.insert(entry), SlotIndex.hash(entry.id))
        }
    }

    private func owner(_ number: UInt32) -> Owner? { number < owners.count ? owners[Int(number)] : nil }

    private mutating func own(_ owner: Owner) {
        let missing = Int(owner.slot.number) + 1 - owners.count
        if missing > 0 { owners.append(contentsOf: repeatElement(nil, count: missing)) }
        owners[Int(owner.slot.number)] = owner
    }

    // MARK: Scopes

    private mutating func retain(_ space: FlowSpace) -> UInt32 {
        if let known = scopes[space] {
            scopes[space]?.sessions += 1
            return known.number
        }
        let number = freeNumber()
        scopes[space] = ScopeUse(number: number, sessions: 1)
        image.setScope(
            number,
            ScopeImage(
                space.boxes.map { ScopeBox($0.addresses, protocols: $0.protocols, ports: $0.ports) }))
        return number
    }

    private mutating func release(_ space: FlowSpace) {
        guard let use = scopes[space] else { return }
        scopes[space]?.sessions -= 1
        guard use.sessions == 1 else { return }
        scopes[space] = nil
        image.removeScope(use.number)
    }

    /// Numbers go round, so that one that has just been given up is not soon another scope's.
    private mutating func freeNumber() -> UInt32 {
        let taken = Set(scopes.values.map(\.number))
        while true {
            let number = nextScope
            nextScope = number == SessionValue.greatestScope ? 1 : number + 1
            if !taken.contains(number) { return number }
        }
    }

    // MARK: Asking

    /// The session's slot among the counters; nil when the packet path does not know it, or had no slot left.
    func slot(of id: SessionID) -> SessionSlot? {
        guard let slot = entry(id)?.slot, slot.number != SessionValue.noSlot else { return nil }
        return slot
    }

    /// Sessions that `isUsed` says are used, by their slots; those without one are not known to be idle, and are among
    /// them. Costs a step in an array for each slot, and no look-up but for those that are used.
    func used(_ isUsed: (SessionSlot) -> Instant?, orElse now: Instant) -> [(id: SessionID, at: Instant)] {
        var all = unslotted.map { (id: $0, at: now) }
        for case let owner? in owners {
            guard let at = isUsed(owner.slot), entry(owner.id)?.slot == owner.slot else { continue }
            all.append((owner.id, at))
        }
        return all
    }

    /// The session of an event, whether it still is or has ended; nil when it is nobody's.
    func session(of event: PathEvent) -> SessionID? {
        switch origin(of: event) {
        case .session(let id, _), .gone(let id): id
        case .nobody: nil
        }
    }

    /// The session of a value that a worker found, whether it still is or has just ended.
    func session(of value: SessionValue) -> SessionID? {
        guard let owner = owner(value.slot), value.isOf(owner.slot) else { return nil }
        return owner.id
    }

    /// What workers find at an address.
    func value(_ key: SessionKey) -> SessionValue? { image.find(key) }

    /// The number of a scope that a session has.
    func scope(of space: FlowSpace) -> UInt32? { scopes[space]?.number }

    func origin(of event: PathEvent) -> Origin {
        if event.kind == .spoofed {
            guard let key = event.sourceKey, let owner = gone[key] else { return .nobody }
            return .gone(owner.id)
        }
        guard let owner = owner(event.session.slot), event.session.isOf(owner.slot) else { return .nobody }
        return entry(owner.id)?.slot == owner.slot
            ? .session(owner.id, changedAt: owner.changedAt) : .gone(owner.id)
    }
}

extension SessionValue {
    /// Whether this is the value of a session that has this slot.
    fileprivate func isOf(_ other: SessionSlot) -> Bool {
        slot == other.number && generation == UInt64(other.generation)
    }
}

extension PathEvent {
    /// The source as a key of the index; nil when the tunnel is not known.
    fileprivate var sourceKey: SessionKey? {
        guard let interface = UInt32(exactly: detail), interface != 0 else { return nil }
        return SessionKey(interfaceIndex: interface, address: source)
    }
}

extension PathImage {
    fileprivate mutating func put(_ key: SessionKey, _ value: SessionValue) throws(SessionIndexError) {
        switch key.address.family {
        case .ipv4: try put(key.ipv4, value)
        case .ipv6: try put(key.ipv6, value)
        }
    }

    fileprivate mutating func remove(_ key: SessionKey) {
        switch key.address.family {
        case .ipv4: remove(key.ipv4)
        case .ipv6: remove(key.ipv6)
        }
    }

    fileprivate func find(_ key: SessionKey) -> SessionValue? {
        switch key.address.family {
        case .ipv4: find(key.ipv4)
        case .ipv6: find(key.ipv6)
        }
    }
}

extension SessionKey {
    fileprivate var ipv4: IPv4SessionKey {
        IPv4SessionKey(interface: interfaceIndex, address: UInt32(truncatingIfNeeded: address.bits))
    }

    fileprivate var ipv6: IPv6SessionKey {
        IPv6SessionKey(
            interface: interfaceIndex, high: UInt64(truncatingIfNeeded: address.bits >> 64),
            low: UInt64(truncatingIfNeeded: address.bits))
    }
}
