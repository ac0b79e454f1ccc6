import NetworkTypes

/// Which sessions there are, as a pure state machine: an event goes in, what follows from it comes out.
///
/// It knows what VPN servers really do: hand an evicted client's address to the next one in a single burst, say
/// farewell late or not at all, forget to mention that a client roamed. What it guarantees: at any moment at most one
/// session is open for an address, and a session is open only between an admitted login (or a confirmed restoration)
/// and the first sign that it is gone.
package struct SessionTable: Sendable {
    private var entries = SlotTable<Entry>()
    private var byID = SlotIndex()
    /// By source and common name: nearly always one.
    private var byName = SlotIndex()
    /// By what an open session holds.
    private var byHolding = SlotIndex()
    private var commons = SessionCommons()
    /// Clients that were reported as strangers and are still listed. Once is enough: throwing a client out takes the
    /// server some seconds, and asking again would begin them anew.
    private var strangers: Set<SessionID> = []
    /// Clients that were kept out and are still listed. Each is told why when it asks for its settings, about a second
    /// later, and goes by itself: thrown out before that it would come straight back, and its person never hear it.
    private var refused: Set<SessionID> = []

    package init() {}

    private struct Entry {
        var session: Session
        var phase: Phase
        var isOpen: Bool { phase.isOpen }
    }

    private enum Phase: Equatable {
        /// Admitted, not yet established: no addresses.
        case admitted
        case open
        /// Its common name logs in again: nothing is open for it until the newcomer is through or has failed.
        indirect case displaced(by: SessionID)
        /// Known from before a restart; the server has not confirmed it yet. Open on its old lease.
        case unconfirmed

        var isOpen: Bool { self == .open || self == .unconfirmed }
    }

    private struct Name: Hashable {
        var source: String
        var commonName: String

        init(_ session: Session) {
            source = session.id.source
            commonName = session.commonName
        }
    }

    /// An inner address of a tunnel: two servers may use the same pool.
    fileprivate struct Holding: Hashable {
        var tunnel: String
        var address: IPAddress
    }

    /// Sessions that may send: open, or unconfirmed after a restart. By id.
    package var open: [Session] {
        entries.all.filter(\.isOpen).map(\.session).sorted { $0.id < $1.id }
    }

    package subscript(id: SessionID) -> Session? { entry(id)?.session }

    package func isOpen(_ id: SessionID) -> Bool { entry(id)?.isOpen ?? false }

    // MARK: Events

    package mutating func apply(_ event: SessionEvent) -> [SessionChange] {
        switch event {
        case .login(let login): return asked(login)
        case .established(let session): return established(session)
        case .ended(let id, let usage):
            refused.remove(id)
            return close(id, .ended(usage))
        case .snapshot(let source, let process, let reports): return reconcile(source, process, reports)
        case .detached(let source, _):
            // Whether the refusals arrived is not known; whoever still waits for an answer then must be thrown out.
            refused = refused.filter { $0.source != source }
            return []
        case .problem(_, let problem):
            guard let id = problem.client else { return [] }
            return close(id, .contradiction(problem.message)) + [.stranger(id, problem.message)]
        }
    }

    /// The login was let in: until it is established or has ended, whoever it displaces is shut.
    package mutating func admit(_ login: Login) -> [SessionChange] {
        let id = login.session.id
        guard login.kind == .initial else { return [] }
        let superseded = namesakes(of: login.session).filter { entry($0.id)?.phase == .admitted }
        var changes = superseded.flatMap { close($0.id, .superseded) }
        for rival in namesakes(of: login.session) where isOpen(rival.id) {
            release(rival)
            set(rival.id, .displaced(by: id))
            changes.append(.withdrawn(rival, by: id))
        }
        put(login.session, .admitted)
        strangers.remove(id)
        return changes
    }

    /// The login was not let in.
    package mutating func refuse(_ login: Login) {
        if login.kind == .initial { refused.insert(login.session.id) }
    }

    /// Sessions known from before a restart, on what is left of their leases.
    package mutating func restore(_ sessions: some Sequence<Session>) {
        for session in sessions where entry(session.id) == nil && conflicts(session).isEmpty {
            claim(put(session, .unconfirmed))
        }
    }

    // MARK: Logins

    private mutating func asked(_ login: Login) -> [SessionChange] {
        switch login.kind {
        case .initial:
            refused.remove(login.session.id)
            // A server that counts its clients anew has forgotten the one that had this number.
            let stale = close(login.session.id, .contradiction("its number was given to another client"))
            return stale + [.asked(login, rival: namesakes(of: login.session).first { isOpen($0.id) })]
        case .renewal:
            guard let known = self[login.session.id] else {
                return [.stranger(login.session.id, "renews a session that is not known")]
            }
            if let difference = known.identityDifference(from: login.session) {
                return [.impostor(login, known, difference)]
            }
            return [.asked(login, rival: nil)]
        }
    }

    /// Sessions with the same common name on the same source. The server (OpenVPN without `duplicate-cn`) throws them
    /// out when the newcomer is established, and the newcomer inherits the address.
    private func namesakes(of session: Session) -> [Session] {
        let name = Name(session)
        return byName.all(SlotIndex.hash(name)) { Name(entries[$0].session) == name }
            .map { entries[$0].session }.filter { $0.id != session.id }.sorted { $0.id < $1.id }
    }

    private mutating func established(_ session: Session) -> [SessionChange] {
        let id = session.id
        guard let entry = entry(id), entry.phase == .admitted || entry.phase == .open else {
            return close(id, .contradiction("established without an admitted login"))
                + [.stranger(id, "established without an admitted login")]
        }
        if let difference = entry.session.identityDifference(from: session) {
            return close(id, .contradiction(difference)) + [.stranger(id, difference)]
        }
        let rivals = conflicts(session)
        guard rivals.isEmpty else { return contested(session, rivals) }
        let opened = put(session, .open)
        claim(opened)
        return [.opened(opened)]
    }

    /// Two live sessions say that they hold one address: the server routes it to one of them, and we cannot know
    /// which. Neither is open from here on.
    private mutating func contested(_ session: Session, _ rivals: [SessionID]) -> [SessionChange] {
        let reason = "address of a live session"
        let closed = ([session.id] + rivals).flatMap { close($0, .contradiction(reason)) }
        return closed + ([session.id] + rivals).map { .stranger($0, reason) }
    }

    // MARK: Ends

    private mutating func close(_ id: SessionID, _ reason: SessionEnd) -> [SessionChange] {
        guard let entry = entry(id) else { return [] }
        release(entry.session)
        remove(id)
        let closed = SessionChange.closed(entry.session, reason)
        guard entry.phase == .admitted else { return [closed] }
        return [closed] + readmit(displacedBy: entry.session)
    }

    /// A newcomer gave up before it was established: the one it displaced is still in, as the server sees it.
    private mutating func readmit(displacedBy newcomer: Session) -> [SessionChange] {
        let waiting = namesakes(of: newcomer).filter { entry($0.id)?.phase == .displaced(by: newcomer.id) }
        return waiting.compactMap { session in
            guard conflicts(session).isEmpty else { return nil }
            set(session.id, .open)
            claim(session)
            return .opened(session)
        }
    }

    // MARK: Snapshots

    private mutating func reconcile(
        _ source: String, _ process: Int32, _ reports: [SessionReport]
    ) -> [SessionChange] {
        let reported = Dictionary(reports.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let known = entries.all.map(\.session.id).filter { $0.source == source }.sorted()
        var changes = known.filter { reported[$0] == nil || $0.serverProcess != process }
            .flatMap { close($0, .vanished) }
        strangers = strangers.filter { $0.source != source || reported[$0] != nil }
        refused = refused.filter { $0.source != source || reported[$0] != nil }
        for report in reports { changes += reconcile(report) }
        return changes
    }

    private mutating func reconcile(_ report: SessionReport) -> [SessionChange] {
        guard let slot = slot(report.id) else {
            // A handshake that is still under way has no name yet; it will ask when it has one.
            if report.commonName == "UNDEF" || report.commonName.isEmpty { return [] }
            if refused.contains(report.id), report.addresses.isEmpty { return [] }
            guard strangers.insert(report.id).inserted else { return [] }
            return [.stranger(report.id, "not admitted by us")]
        }
        let entry = entries[slot]
        guard entry.isOpen else { return [] }
        if let difference = entry.session.difference(from: report) {
            return close(report.id, .contradiction(difference)) + [.stranger(report.id, difference)]
        }
        let wasConfirmed = entry.phase == .open
        let moved = report.outer != nil && report.outer?.address != entry.session.outer?.address
        if let outer = report.outer, outer != entry.session.outer { entries[slot].session.outer = outer }
        entries[slot].phase = .open
        if !wasConfirmed { return [.opened(entries[slot].session)] }
        return moved ? [.roamed(entries[slot].session)] : []
    }

    // MARK: Addresses

    private func holder(of holding: Holding) -> Int? {
        byHolding.first(SlotIndex.hash(holding)) { slot in
            let session = entries[slot].session
            return session.tunnel == holding.tunnel && session.addresses.contains(holding.address)
        }
    }

    private func conflicts(_ session: Session) -> [SessionID] {
        Set(session.holdings.compactMap(holder).map { entries[$0].session.id }).subtracting([session.id])
            .sorted()
    }

    /// To be called with what is in the table.
    private mutating func claim(_ session: Session) {
        guard let slot = slot(session.id) else { return }
        for holding in session.holdings { byHolding.insert(slot, SlotIndex.hash(holding)) }
    }

    private mutating func release(_ session: Session) {
        guard let slot = slot(session.id) else { return }
        for holding in session.holdings { byHolding.remove(slot, SlotIndex.hash(holding)) }
    }

    // MARK: Entries

    private func slot(_ id: SessionID) -> Int? {
        byID.first(SlotIndex.hash(id)) { entries[$0].session.id == id }
    }

    private func entry(_ id: SessionID) -> Entry? { slot(id).map { entries[$0] } }

    private mutating func set(_ id: SessionID, _ phase: Phase) {
        if let slot = slot(id) { entries[slot].phase = phase }
    }

    /// Adds a session, or puts it in place of the one of its id. Answers it as it is kept; it holds no address yet.
    @discardableResult private mutating func put(_ session: Session, _ phase: Phase) -> Session {
        if let old = self[session.id] {
            release(old)
            remove(session.id)
        }
        let kept = commons.sharing(session)
        let slot = entries.insert(Entry(session: kept, phase: phase))
        byID.insert(slot, SlotIndex.hash(session.id))
        byName.insert(slot, SlotIndex.hash(Name(session)))
        return kept
    }

    private mutating func remove(_ id: SessionID) {
        guard let slot = slot(id) else { return }
        let session = entries.remove(at: slot).session
        byID.remove(slot, SlotIndex.hash(id))
        byName.remove(slot, SlotIndex.hash(Name(session)))
    }
}

extension Session {
    fileprivate var holdings: [SessionTable.Holding] {
        addresses.map { SessionTable.Holding(tunnel: tunnel, address: $0) }
    }
}
