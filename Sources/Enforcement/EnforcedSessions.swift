import Evidence
import Sessions

/// Every session that is known, live or cut, with when to look at it next: found by its id, its device and its person.
///
/// What is said of one session costs about 230 bytes here, all in all, beside the session itself.
struct EnforcedSessions: Sendable {
    private var table = SlotTable<EnforcedSession>()
    private var byID = SlotIndex()
    /// Those who have a name: where a VPN server asks for none, all the others would be one another's namesakes, and be
    /// gone through at every login.
    private var byUser = SlotIndex()
    private var byLeaf = SlotIndex()
    /// By slot.
    private var deadlines = DeadlineQueue<Instant>()

    subscript(id: SessionID) -> EnforcedSession? { slot(of: id).map { table[$0] } }

    /// A session must not get another user or certificate here: that makes it another session.
    subscript(slot: Int) -> EnforcedSession {
        _read { yield table[slot] }
        _modify { yield &table[slot] }
    }

    /// A slot is good until its session is removed.
    var slots: some Sequence<Int> { table.slots }
    var all: some Sequence<EnforcedSession> { table.all }
    var count: Int { table.count }

    func slot(of id: SessionID) -> Int? {
        byID.first(SlotIndex.hash(id)) { table[$0].session.id == id }
    }

    // MARK: Coming and going

    /// Adds a session, or puts it in place of the one that had its id.
    mutating func add(_ known: EnforcedSession) {
        remove(known.session.id)
        let slot = table.insert(known)
        let session = known.session
        byID.insert(slot, SlotIndex.hash(session.id))
        if !session.userName.isEmpty { byUser.insert(slot, SlotIndex.hash(session.userName)) }
        if let leaf = session.certificates?.leaf.digest { byLeaf.insert(slot, SlotIndex.hash(leaf)) }
    }

    mutating func remove(_ id: SessionID) {
        guard let slot = slot(of: id) else { return }
        let session = table.remove(at: slot).session
        byID.remove(slot, SlotIndex.hash(id))
        if !session.userName.isEmpty { byUser.remove(slot, SlotIndex.hash(session.userName)) }
        if let leaf = session.certificates?.leaf.digest { byLeaf.remove(slot, SlotIndex.hash(leaf)) }
        deadlines.set(nil, for: slot)
    }

    // MARK: Whose

    /// In the order of their ids.
    func sessions(ofUser name: String) -> [SessionID] {
        guard !name.isEmpty else {
            return all.filter { $0.session.userName.isEmpty }.map(\.session.id).sorted()
        }
        return sorted(byUser.all(SlotIndex.hash(name)) { table[$0].session.userName == name })
    }

    func sessions(ofLeaf digest: CertificateDigest) -> [SessionID] {
        sorted(byLeaf.all(SlotIndex.hash(digest)) { table[$0].session.certificates?.leaf.digest == digest })
    }

    private func sorted(_ slots: [Int]) -> [SessionID] { slots.map { table[$0].session.id }.sorted() }

    // MARK: When to look again

    /// The earliest deadline.
    var nextDeadline: Instant? { deadlines.next }

    func deadline(of slot: Int) -> Instant? { deadlines[slot] }

    mutating func setDeadline(_ instant: Instant?, of slot: Int) { deadlines.set(instant, for: slot) }

    /// Removes the deadlines that have come, and returns whose they were, earliest first.
    mutating func popDue(at now: Instant) -> [SessionID] {
        deadlines.popDue(at: now).map { table[$0].session.id }
    }
}
