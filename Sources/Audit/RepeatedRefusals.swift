package import Sessions

/// Sums up logins that are refused again and again, so that a client that asks all day fills no disk.
///
/// The first refusal of a client for a reason is recorded as it is. Those that follow within a window, for the same reason,
/// are counted, and the window's end is one record that says how many they were, and from when to when. Where there were
/// any, the next window begins there: a client that goes on asking has one record a window. None goes unrecorded, but for
/// the counts of open windows where the process dies.
///
/// Memory is bounded, whatever names clients invent: a client that is refused under ever new names or for ever new reasons
/// has one more window for all of those, and what comes while there are as many windows as there may be is recorded one by
/// one, so that nobody hides behind others.
package struct RepeatedRefusals: Sendable {
    package struct Limits: Sendable {
        package var window: Duration = .seconds(600)
        /// Open at once, of all clients together. Each takes about 1.5 KiB.
        package var windows = 8192
        /// Open at once of one client, beside that for all others of its names and reasons.
        package var ofOneClient = 8

        package init() {}
    }

    private let limits: Limits
    private var clients: [Client: [Reason: Window]] = [:]
    private var count = 0
    /// No window ends before.
    private var nextEnd: Instant?

    /// Whose login it was, by what is hardest to invent: the certificate, or else where it came from.
    private enum Client: Hashable, Comparable {
        case certificate(String)
        case address(String)
        case name(String)
    }

    private enum Reason: Hashable {
        case same(AuditHash)
        case others
    }

    private struct Window {
        var began: Instant
        var repeats: Repeats?

        mutating func note(_ entry: AuditEntry) {
            var last = entry
            last.evidence = []
            repeats = Repeats(
                entry: last, since: repeats?.since ?? entry.at, latest: entry.at,
                count: (repeats?.count ?? 0) + 1)
        }
    }

    private struct Repeats {
        /// The last of them.
        let entry: AuditEntry
        let since: Instant
        let latest: Instant
        let count: UInt64
    }

    package init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Takes what happened, and gives what is to be recorded for it now: the same, but for repeats of refusals, and sums
    /// that are due by then.
    ///
    /// Cost: a hash of about 600 bytes for each refusal, nothing for others.
    package mutating func take(_ entries: [AuditEntry]) -> [AuditEntry] {
        // Most bursts have none.
        guard entries.contains(where: { $0.kind == .refused }) else { return entries }
        var recorded: [AuditEntry] = []
        for entry in entries {
            if entry.kind != .refused || !counts(entry, &recorded) { recorded.append(entry) }
        }
        return recorded
    }

    /// Sums of the windows that are over, those of the earliest repeats first. Cost: next to nothing before the first is,
    /// and a look at each then.
    package mutating func tick(at now: Instant) -> [AuditEntry] {
        guard let nextEnd, now >= nextEnd || now < nextEnd - limits.window else { return [] }
        var sums: [(client: Client, sum: AuditEntry)] = []
        var next: Instant?
        for (client, windows) in clients {
            var left = windows
            for reason in windows.keys {
                if let sum = Self.end(&left[reason], reason, after: limits.window, at: now) {
                    sums.append((client, sum))
                }
                if let began = left[reason]?.began { next = min(next ?? began, began) }
            }
            count -= windows.count - left.count
            clients[client] = left.isEmpty ? nil : left
        }
        self.nextEnd = next.map { $0 + limits.window }
        return sums.sorted { Self.precede($0, $1) }.map(\.sum)
    }

    /// Sums of all windows, whether they are over or not: for the end of the daemon.
    package mutating func close(at now: Instant) -> [AuditEntry] {
        let sums = clients.flatMap { client, windows in
            windows.compactMap { reason, window in
                window.repeats.map { (client: client, sum: Self.sum($0, reason, at: now)) }
            }
        }
        self = Self(limits)
        return sums.sorted { Self.precede($0, $1) }.map(\.sum)
    }

    private static func precede(_ one: (client: Client, sum: AuditEntry), _ other: (Client, AuditEntry))
        -> Bool
    {
        (one.sum[.since] ?? "", one.client) < (other.1[.since] ?? "", other.0)
    }

    // MARK: Windows

    /// Whether it is a repeat, which was counted. Otherwise it is to be recorded, and has begun a window if there was room.
    private mutating func counts(_ entry: AuditEntry, _ recorded: inout [AuditEntry]) -> Bool {
        let client = Self.client(of: entry)
        var reason = Reason.same(Self.reason(of: entry))
        let windows = clients[client]
        if windows?[reason] == nil, let windows {
            let own = windows.count - (windows[.others] == nil ? 0 : 1)
            if own >= limits.ofOneClient { reason = .others }
        }
        guard windows?[reason] != nil || count < limits.windows else { return false }
        let before = windows?.count ?? 0
        var window = windows?[reason]
        if let sum = Self.end(&window, reason, after: limits.window, at: entry.at) { recorded.append(sum) }
        let isRepeat = window != nil
        window?.note(entry)
        let open = window ?? Window(began: entry.at)
        clients[client, default: [:]][reason] = open
        nextEnd = min(nextEnd ?? open.began + limits.window, open.began + limits.window)
        count += (clients[client]?.count ?? 0) - before
        return isRepeat
    }

    /// Ends a window that is over: it is gone where nothing was counted in it, and begins anew with a sum where something was.
    private static func end(
        _ window: inout Window?, _ reason: Reason, after duration: Duration, at now: Instant
    ) -> AuditEntry? {
        guard let open = window else { return nil }
        // A clock that was put back would keep it open for as long.
        if now < open.began { window?.began = now }
        guard now - open.began >= duration else { return nil }
        window = open.repeats == nil ? nil : Window(began: now)
        return open.repeats.map { sum($0, reason, at: now) }
    }

    /// What the last of them said, without its evidence, which the first one has.
    private static func sum(_ repeats: Repeats, _ reason: Reason, at now: Instant) -> AuditEntry {
        var sum = AuditEntry(.refusedAgain, at: now)
        for value in repeats.entry.values where reason != .others || ofTheClient.contains(value.field) {
            sum.append(value.field, value.content)
        }
        if reason == .others { sum[.why] = "under other names, or for other reasons" }
        sum[number: .count] = repeats.count
        sum[.since] = repeats.since.auditText
        sum[.latest] = repeats.latest.auditText
        return sum
    }

    // MARK: What is the same

    private static func client(of entry: AuditEntry) -> Client {
        if let certificate = entry[.certificate] { return .certificate(certificate) }
        if let outer = entry[.outer] { return .address(OuterText.host(of: outer)) }
        return .name(entry[.commonName] ?? "")
    }

    /// What is said of a client that was refused under several names.
    private static let ofTheClient: Set<AuditField> = [
        .session, .server, .commonName, .certificate, .outer,
    ]

    /// Fields by which the second of two refusals that are the same differs from the first.
    private static let passing: Set<AuditField> = [.session, .server, .outer, .addresses, .until, .why]

    /// All that it says, but for numbers that each try has anew: the client's, the port, and how long it is to wait.
    private static func reason(of entry: AuditEntry) -> AuditHash {
        var same = AuditEntry(entry.kind, at: Instant(secondsSince1970: 0))
        for value in entry.values where !passing.contains(value.field) {
            same.append(value.field, value.content)
        }
        same[.session] = entry[.session].map { String($0.prefix { $0 != "/" }) }
        same[.outer] = entry[.outer].map(OuterText.host)
        same[.why] = entry[.why].map { why in
            String(
                decoding: why.utf8.filter { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) },
                as: UTF8.self)
        }
        var line: [UInt8] = []
        LineWriter.write(same, number: 0, previous: nil, to: &line)
        return AuditHash(of: line[...])
    }
}

/// Outer addresses as records have them.
enum OuterText {
    /// `198.51.100.7:40000` and `[2001:db8::7]:40000` without their ports.
    static func host(of text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }
}
