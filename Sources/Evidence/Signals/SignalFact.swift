package import Sessions

/// What another system can tell of a person or a device while sessions live (CAEP 1.0, RISC 1.0).
package enum SignalKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Sessions that began until then are over: their people log in anew.
    case sessionRevoked = "session-revoked"
    /// A password, a key or a second factor of the person is another: what was proved until then counts no more.
    case credentialChange = "credential-change"
    /// The person is known less surely than before: what was proved until then counts no more.
    case assuranceLevel = "assurance-level-change"
    /// The device is not as its owner wants it: nothing counts that was reported of its state.
    case deviceCompliance = "device-compliance-change"
    /// The person's account is disabled.
    case accountDisabled = "account-disabled"
}

/// Whom a signal is about: names, as texts without regard to case. Of two lists that are both given both must fit.
package struct SignalSubject: Sendable, Hashable {
    /// Names of one person; empty for anybody.
    package let users: [String]
    /// Names of one device; empty for any.
    package let devices: [String]

    package init(users: some Sequence<String> = [], devices: some Sequence<String> = []) {
        self.users = Set(users.map(Self.folded)).sorted()
        self.devices = Set(devices.map(Self.folded)).sorted()
    }

    /// Whether it names nobody at all.
    package var isEmpty: Bool { users.isEmpty && devices.isEmpty }

    package func matches(users named: some Collection<String>, devices known: some Collection<String>) -> Bool
    {
        guard !isEmpty else { return false }
        return (users.isEmpty || named.contains { users.contains($0) })
            && (devices.isEmpty || known.contains { devices.contains($0) })
    }

    /// How names are compared. Two people whose names differ in case only are both meant: closed when in doubt.
    package static func folded(_ name: String) -> String { name.lowercased() }
}

/// What a transmitter says is so of a subject since some time: the last word of its kind.
package struct SignalFact: Sendable, Hashable {
    /// Everything that there is one last word of.
    package struct Key: Sendable, Hashable {
        package var issuer: String
        package var kind: SignalKind
        package var subject: SignalSubject

        package init(issuer: String, kind: SignalKind, subject: SignalSubject) {
            self.issuer = issuer
            self.kind = kind
            self.subject = subject
        }
    }

    package var key: Key
    /// Whether it takes something away; otherwise it gives back what an earlier one took, and nothing more.
    package var isAgainst: Bool
    /// When it happened, as the transmitter says; never later than ``receivedAt``.
    package var happenedAt: Instant
    package var receivedAt: Instant
    /// The token that said so, by its `jti`.
    package var token: String
    /// In the transmitter's words for administrators; empty when there are none.
    package var reason: String

    package init(
        key: Key, isAgainst: Bool, happenedAt: Instant, receivedAt: Instant, token: String,
        reason: String = ""
    ) {
        self.key = key
        self.isAgainst = isAgainst
        self.happenedAt = min(happenedAt, receivedAt)
        self.receivedAt = receivedAt
        self.token = token
        self.reason = reason
    }
}

extension SignalFact {
    /// What is so, for administrators.
    package var words: String {
        switch (key.kind, isAgainst) {
        case (.sessionRevoked, _): "sessions revoked"
        case (.credentialChange, _): "credentials changed"
        case (.assuranceLevel, true): "assurance lowered"
        case (.assuranceLevel, false): "assurance raised"
        case (.deviceCompliance, true): "not compliant"
        case (.deviceCompliance, false): "compliant"
        case (.accountDisabled, true): "account disabled"
        case (.accountDisabled, false): "account enabled"
        }
    }

    /// Whether a session that it is about may reach nothing at all.
    package var endsSessions: Bool {
        isAgainst && (key.kind == .sessionRevoked || key.kind == .accountDisabled)
    }
}

/// One security event token, checked: what it says, and until when it must be known, so that it counts once.
package struct ReceivedSignal: Sendable, Hashable {
    package struct Token: Sendable, Hashable {
        package var issuer: String
        /// The `jti`: unique for its issuer (RFC 8417 section 2.2).
        package var id: String

        package init(issuer: String, id: String) {
            self.issuer = issuer
            self.id = id
        }
    }

    package var token: Token
    /// From then on the token is refused for its age.
    package var until: Instant
    /// The transmitter's name in the configuration.
    package var transmitter: String
    /// In the order of the token.
    package var facts: [SignalFact]
    /// Events without effect here, in words.
    package var notes: [String]

    package init(
        token: Token, until: Instant, transmitter: String, facts: [SignalFact], notes: [String] = []
    ) {
        self.token = token
        self.until = until
        self.transmitter = transmitter
        self.facts = facts
        self.notes = notes
    }
}
