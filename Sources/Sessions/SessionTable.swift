import NetworkTypes

/// Which sessions there are, as a pure state machine: an event goes in, what follows from it comes out.
///
/// It knows what VPN servers really do: hand an evicted client's address to the next one in a single burst, say
/// farewell late or not at all, forget to mention that a client roamed. What it guarantees: at any moment at most one
/// session is open for an address, and a session is open only between an admitted login (or a confirmed restoration)
/// and the first sign that it is gone.
package struct SessionTable: Sendable {
    private var entries: [SessionID: Entry] = [:]
    /// Which sessions have a common name on a source: nearly always one.
    private var bearers: [Name: [SessionID]] = [:]
    /// Which open session holds an address. The tunnel is part of the key: two servers may use the same pool.
    private var holders: [Holding: SessionID] = [:]
    /// Clients that were reported as strangers and are still listed. Once is enough: throwing a client out takes the
    /// server some seconds, and asking again would begin them anew.
    private var strangers: Set<SessionID> = []

    package init() {}

    private struct Entry {
        var session: Session
        var phase: Phase
    }

    private enum Phase: Equatable {
        /// Admitted, not yet established: no addresses.
        case admitted
        case open
        /// Its common name logs in again: nothing is open for it until the newcomer is through or has failed.
        indirect case displaced(by: SessionID)
        /// Known from before a restart; the server has not confirmed it yet. Open on its old lease.
        case unconfirmed
    }

    private struct Name: Hashable {
        var source: String
        var commonName: String

        init(_ session: Session) {
            source = session.id.source
            commonName = session.commonName
        }
    }

    fileprivate struct Holding: Hashable {
        var tunnel: String
        var address: IPAddress
    }

    /// Sessions that may send: open, or unconfirmed after a restart. By id.
    package var open: [Session] {
        entries.values.filter { $0.phase == .open || $0.phase == .unconfirmed }.map(\.session)
            .sorted { $0.id < $1.id }
    }

    package subscript(id: SessionID) -> Session? { entries[id]?.session }

    package func isOpen(_ id: SessionID) -> Bool {
        entries[id]?.phase == .open || entries[id]?.phase == .unconfirmed
    }

    // MARK: Events

    package mutating func apply(_ event: SessionEvent) -> [SessionChange] {
        switch event {
        case .login(let login): return asked(login)
        case .established(let session): return established(session)
        case .ended(let id, let usage): return close(id, .ended(usage))
        case .snapshot(let source, let process, let reports): return reconcile(source, process, reports)
        case .detached: return []
        case .problem(_, let problem):
            guard let id = problem.client else { return [] }
            return close(id, .contradiction(problem.message)) + [.stranger(id, problem.message)]
        }
    }

    /// The login was let in: until it is established or has ended, whoever it displaces is shut.
    package mutating func admit(_ login: Login) -> [SessionChange] {
        let id = login.session.id
        guard login.kind == .initial else { return [] }
        let superseded = namesakes(of: login.session).filter { entries[$0.id]?.phase == .admitted }
        var changes = superseded.flatMap { close($0.id, .superseded) }
        for rival in namesakes(of: login.session) where isOpen(rival.id) {
            entries[rival.id]?.phase = .displaced(by: id)
            release(rival)
            changes.append(.withdrawn(rival, by: id))
        }
        put(login.session, .admitted)
        strangers.remove(id)
        return changes
    }

    /// Sessions known from before a restart, on what is left of their leases.
    package mutating func restore(_ sessions: some Sequence<Session>) {
        for session in sessions where entries[session.id] == nil && conflicts(session).isEmpty {
            put(session, .unconfirmed)
            claim(session)
        }
    }

    // MARK: Logins

    private mutating func asked(_ login: Login) -> [SessionChange] {
        switch login.kind {
        case .initial:
            // A server that counts its clients anew has forgotten the one that had this number.
            let stale = close(login.session.id, .contradiction("its number was given to another client"))
            return stale + [.asked(login, rival: namesakes(of: login.session).first { isOpen($0.id) })]
        case .renewal:
            guard let known = entries[login.session.id]?.session else {
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
        (bearers[Name(session)] ?? []).filter { $0 != session.id }.sorted()
            .compactMap { entries[$0]?.session }
    }

    /// Adds a session, or puts it in place of the one of its id, which has the same name.
    private mutating func put(_ session: Session, _ phase: Phase) {
        if let old = entries.updateValue(Entry(session: session, phase: phase), forKey: session.id) {
            drop(old.session)
        }
        bearers[Name(session), default: []].append(session.id)
    }

    private mutating func drop(_ session: Session) {
        let name = Name(session)
        bearers[name]?.removeAll { $0 == session.id }
        if bearers[name]?.isEmpty ?? false { bearers[name] = nil }
    }

    private mutating func established(_ session: Session) -> [SessionChange] {
        let id = session.id
        guard let entry = entries[id], entry.phase == .admitted || entry.phase == .open else {
            return close(id, .contradiction("established without an admitted login"))
                + [.stranger(id, "established without an admitted login")]
        }
        if let difference = entry.session.identityDifference(from: session) {
            return close(id, .contradiction(difference)) + [.stranger(id, difference)]
        }
        let rivals = conflicts(session)
        guard rivals.isEmpty else { return contested(session, rivals) }
        if entry.phase == .open { release(entry.session) }
        put(session, .open)
        claim(session)
        return [.opened(session)]
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
        guard let entry = entries.removeValue(forKey: id) else { return [] }
        drop(entry.session)
        release(entry.session)
        let closed = SessionChange.closed(entry.session, reason)
        guard entry.phase == .admitted else { return [closed] }
        return [closed] + readmit(displacedBy: entry.session)
    }

    /// A newcomer gave up before it was established: the one it displaced is still in, as the server sees it.
    private mutating func readmit(displacedBy newcomer: Session) -> [SessionChange] {
        let waiting = namesakes(of: newcomer).filter { entries[$0.id]?.phase == .displaced(by: newcomer.id) }
        return waiting.compactMap { session in
            guard conflicts(session).isEmpty else { return nil }
            entries[session.id]?.phase = .open
            claim(session)
            return .opened(session)
        }
    }

    // MARK: Snapshots

    private mutating func reconcile(
        _ source: String, _ process: Int32, _ reports: [SessionReport]
    ) -> [SessionChange] {
        let reported = Dictionary(reports.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let known = entries.keys.filter { $0.source == source }.sorted()
        var changes = known.filter { reported[$0] == nil || $0.serverProcess != process }
            .flatMap { close($0, .vanished) }
        strangers = strangers.filter { $0.source != source || reported[$0] != nil }
        for report in reports { changes += reconcile(report) }
        return changes
    }

    private mutating func reconcile(_ report: SessionReport) -> [SessionChange] {
        guard var entry = entries[report.id] else {
            // A handshake that is still under way has no name yet; it will ask when it has one.
            if report.commonName == "UNDEF" || report.commonName.isEmpty { return [] }
            guard strangers.insert(report.id).inserted else { return [] }
            return [.stranger(report.id, "not admitted by us")]
        }
        guard entry.phase == .open || entry.phase == .unconfirmed else { return [] }
        if let difference = entry.session.difference(from: report) {
            return close(report.id, .contradiction(difference)) + [.stranger(report.id, difference)]
        }
        let wasConfirmed = entry.phase == .open
        let moved = report.outer != nil && report.outer?.address != entry.session.outer?.address
        if let outer = report.outer { entry.session.outer = outer }
        entry.phase = .open
        entries[report.id] = entry
        if !wasConfirmed { return [.opened(entry.session)] }
        return moved ? [.roamed(entry.session)] : []
    }

    // MARK: Addresses

    private func conflicts(_ session: Session) -> [SessionID] {
        Set(session.holdings.compactMap { holders[$0] }).subtracting([session.id]).sorted()
    }

    private mutating func claim(_ session: Session) {
        for holding in session.holdings { holders[holding] = session.id }
    }

    private mutating func release(_ session: Session) {
        for holding in session.holdings where holders[holding] == session.id { holders[holding] = nil }
    }
}

extension Session {
    fileprivate var holdings: [SessionTable.Holding] {
        addresses.map { SessionTable.Holding(tunnel: tunnel, address: $0) }
    }
}
