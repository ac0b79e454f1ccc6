import NetworkTypes
import Sessions

extension PolicyCompiler {
    /// Reads a file of the sessions of a recording: `sessions:`, each with `name:`, `addresses:`, `session:` as tests
    /// have it, and `from:` and `until:` where the addresses were another's before or after. Names are checked
    /// against a policy that is compiled already.
    ///
    /// The list is nil if and only if there is an error. No address is two sessions' at one instant.
    package static func recordedSessions(
        _ file: PackFile, in policy: Policy
    ) -> (sessions: [RecordedSession]?, diagnostics: [Diagnostic]) {
        let log = DiagnosticLog()
        let reader = RecordedSessionReader(names: PackNames(policy), log: log)
        let source = SourceText(path: file.path, text: file.text)
        let sessions = DocumentReader.read(source, log: log).map(reader.read) ?? []
        return (log.hasErrors ? nil : sessions, log.diagnostics.sortedByPlace())
    }
}

/// Reads the sessions of a recording.
struct RecordedSessionReader {
    let names: PackNames
    let log: DiagnosticLog

    /// A session, with the places that its checks need.
    private struct Draft {
        var session: RecordedSession
        var name: Located<String>
        var addresses: [Located<IPAddress>]
    }

    /// One address of a session, for as long as it was the session's.
    private struct Stay {
        var draft: Draft
        var address: Located<IPAddress>
        var from: Instant { draft.session.from ?? Instant(nanosecondsSince1970: .min) }
        var until: Instant { draft.session.until ?? Instant(nanosecondsSince1970: .max) }
    }

    func read(_ root: DocumentNode) -> [RecordedSession] {
        guard let file = MappingReader(root, "a file of sessions", keys: ["sessions"], log: log),
            let list = file.requiredNode("sessions")
        else { return [] }
        let drafts = log.items(list).compactMap(draft)
        checkNames(drafts)
        checkAddresses(drafts)
        return drafts.map(\.session)
    }

    private func draft(_ node: DocumentNode) -> Draft? {
        let keys = ["name", "addresses", "session", "from", "until"]
        guard let mapping = MappingReader(node, "a recorded session", keys: keys, log: log) else {
            return nil
        }
        let name = mapping.require("name", .freeName)
        let addresses = mapping.requireList("addresses", .address, ifEmpty: "name one, or drop the session")
        let session = mapping.requiredNode("session").flatMap(SessionReader(names: names, log: log).read)
        let from = mapping.read("from", .timestamp())
        let until = mapping.read("until", .timestamp())
        if let from, let until, until.value <= from.value {
            log.add(
                .wrongValue(expected: "a time after 'from'", found: quoted(until.value.description)),
                at: until.range)
        }
        guard let name, let session else { return nil }
        return Draft(
            session: RecordedSession(
                name: name.value, addresses: addresses.map(\.value), session: session, from: from?.value,
                until: until?.value), name: name, addresses: addresses)
    }

    private func checkNames(_ drafts: [Draft]) {
        var first: [String: SourceLocation] = [:]
        for draft in drafts {
            let (name, range) = (draft.name.value, draft.name.range)
            // What reports write where there is no session.
            if name == "-" { log.add(.reservedName("session", name), at: range) }
            if let place = first[name] {
                let note = Diagnostic.Note("first defined at \(place)", at: place)
                log.add(.duplicateName("session", name), at: range, notes: [note])
            } else {
                first[name] = range.start
            }
        }
    }

    /// An address may pass from one session to the next, and is nobody's or one's at any instant.
    private func checkAddresses(_ drafts: [Draft]) {
        let stays = drafts.flatMap { draft in draft.addresses.map { Stay(draft: draft, address: $0) } }
            .sorted { ($0.address.value, $0.from) < ($1.address.value, $1.from) }
        var longest: Stay?
        for stay in stays {
            if let holder = longest, holder.address.value == stay.address.value {
                if stay.from < holder.until { report(stay, heldBy: holder) }
                if stay.until <= holder.until { continue }
            }
            longest = stay
        }
    }

    private func report(_ stay: Stay, heldBy holder: Stay) {
        // The place to change is the later one in the file.
        let (later, earlier) =
            stay.address.range < holder.address.range ? (holder, stay) : (stay, holder)
        let place = earlier.address.range.start
        let note = Diagnostic.Note("\(quoted(earlier.draft.name.value)) has it, at \(place)", at: place)
        log.add(
            .wrongValue(
                expected: "an address that no other session has at the same time",
                found: quoted(later.address.value.description)), at: later.address.range, notes: [note])
    }
}

extension TextForm where Value == IPAddress {
    static var address: Self {
        Self("an address such as 10.8.0.2 or \"fd08:8::1002\"", .pattern("^\(TextSchema.address)$")) {
            IPAddress($0)
        }
    }
}
