package import Sessions

/// The last word of every transmitter on everybody, and the tokens that were heard.
///
/// What a signal takes away only a later one gives back that is of the same issuer, kind and subject. Where two are of
/// the same time, the one that takes away counts, in whatever order they come.
package struct SignalMemory: Sendable {
    private var facts: [SignalFact.Key: SignalFact]
    private var byUser: [String: Set<SignalFact.Key>] = [:]
    private var byDevice: [String: Set<SignalFact.Key>] = [:]
    /// With the instant from which on it would be refused for its age.
    private var heard: [ReceivedSignal.Token: Instant]
    private var swept: Instant?

    /// Subjects and tokens that are kept at most: an issuer that is believed still cannot fill the memory.
    package static let limit = 262_144

    package init(facts: [SignalFact] = [], heard: [ReceivedSignal.Token: Instant] = [:]) {
        self.facts = [:]
        self.heard = heard
        for fact in facts { put(fact, for: fact.key) }
    }

    package var isEmpty: Bool { facts.isEmpty }
    package var isFull: Bool { facts.count >= Self.limit || heard.count >= Self.limit }
    package subscript(key: SignalFact.Key) -> SignalFact? { facts[key] }

    /// In the order of what happened.
    package var all: [SignalFact] {
        facts.values.sorted { ($0.happenedAt, $0.token) < ($1.happenedAt, $1.token) }
    }

    // MARK: Tokens

    package func hasHeard(_ token: ReceivedSignal.Token) -> Bool { heard[token] != nil }

    package mutating func hear(_ token: ReceivedSignal.Token, until: Instant) { heard[token] = until }

    /// As if it had never come: for one that could not be written down, and will come again.
    package mutating func forget(_ token: ReceivedSignal.Token) { heard[token] = nil }

    /// Lets go of tokens that are refused for their age by now; looks once a minute, since it looks at all of them.
    package mutating func forgetTokens(before now: Instant) {
        if let swept, (Duration.zero..<Self.sweep).contains(now - swept) { return }
        swept = now
        heard = heard.filter { $0.value > now }
    }

    private static let sweep: Duration = .seconds(60)

    // MARK: Facts

    /// Whether a fact says something new: not older than what is known, nor the same. That something is given back which
    /// nobody took is kept too: an older word against it can still be on its way.
    package func isNews(_ fact: SignalFact) -> Bool {
        guard let known = facts[fact.key] else { return true }
        if known.token == fact.token { return true }
        if fact.happenedAt == known.happenedAt { return fact.isAgainst && !known.isAgainst }
        return fact.happenedAt > known.happenedAt
    }

    /// Puts a fact in place of what is known of its key; nil for nothing.
    package mutating func put(_ fact: SignalFact?, for key: SignalFact.Key) {
        facts[key] = fact
        // By the person where there is one: fewer share a name of a person than use a shared device.
        for user in key.subject.users { Self.note(key, user, fact != nil, &byUser) }
        guard key.subject.users.isEmpty else { return }
        for device in key.subject.devices { Self.note(key, device, fact != nil, &byDevice) }
    }

    private static func note(
        _ key: SignalFact.Key, _ name: String, _ isThere: Bool, _ index: inout [String: Set<SignalFact.Key>]
    ) {
        if isThere {
            index[name, default: []].insert(key)
        } else {
            index[name]?.remove(key)
            if index[name]?.isEmpty ?? false { index[name] = nil }
        }
    }

    /// What stands against somebody with a device. Names are folded.
    package func standing(users: [String], devices: [String]) -> [SignalFact] {
        var keys: Set<SignalFact.Key> = []
        for user in users { keys.formUnion(byUser[user] ?? []) }
        for device in devices { keys.formUnion(byDevice[device] ?? []) }
        return keys.compactMap { facts[$0] }
            .filter { $0.isAgainst && $0.key.subject.matches(users: users, devices: devices) }
            .sorted { ($0.happenedAt, $0.token) < ($1.happenedAt, $1.token) }
    }
}
