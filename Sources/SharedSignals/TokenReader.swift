package import Evidence
package import Sessions

/// What tokens of one transmitter must be like.
package struct Transmitter: Sendable {
    /// By which it is called here.
    package var name: String
    package var issuer: String
    package var audience: String
    /// Mail domains whose people are known here by what stands before the `@`; lower case.
    package var domains: Set<String>
    /// How old a token may be. As long is its `jti` remembered.
    package var maximumAge: Duration
    /// How far its clock may be ahead of this one's.
    package var skew: Duration

    package init(
        name: String, issuer: String, audience: String, domains: Set<String> = [],
        maximumAge: Duration = .seconds(24 * 3600), skew: Duration = .seconds(60)
    ) {
        self.name = name
        self.issuer = issuer
        self.audience = audience
        self.domains = Set(domains.map { $0.lowercased() })
        self.maximumAge = maximumAge
        self.skew = skew
    }
}

/// Reads security event tokens (RFC 8417) of one transmitter. Nothing but the header is read before the signature is good.
package struct TokenReader: Sendable {
    package let transmitter: Transmitter
    private let keys: KeySet

    package init(_ transmitter: Transmitter, keys: KeySet) {
        self.transmitter = transmitter
        self.keys = keys
    }

    /// Events in one token. The Shared Signals Framework has one; RFC 8417 allows several that say the same event.
    private static let eventLimit = 16

    /// What a token says. Throws the first thing that is wrong with it; then nothing of it counts.
    package func read(_ bytes: [UInt8], at now: Instant) throws(TokenProblem) -> ReceivedSignal {
        let token = try CompactToken(bytes)
        try checkSignature(of: token)
        return try Self.signal(of: token.claims, from: transmitter, at: now)
    }

    /// What the claims of a token say whose signature is good.
    package static func signal(
        of bytes: [UInt8], from transmitter: Transmitter, at now: Instant
    ) throws(TokenProblem) -> ReceivedSignal {
        guard let claims = JSONObject.read(bytes) else { throw .badClaims }
        guard claims.text("iss") == transmitter.issuer else { throw .wrongIssuer }
        guard isMeant(claims, for: transmitter.audience) else { throw .wrongAudience }
        guard let id = claims.text("jti"), PlainText.isName(id) else { throw .noTokenID }
        guard let issuedAt = claims.instant("iat") else { throw .noIssueTime }
        guard issuedAt - now <= transmitter.skew else { throw .fromTheFuture }
        guard now - issuedAt <= transmitter.maximumAge else { throw .tooOld }
        guard let events = claims.object("events")?.entries, !events.isEmpty else { throw .noEvents }
        guard events.count <= Self.eventLimit else { throw .tooManyEvents }
        var signal = ReceivedSignal(
            token: .init(issuer: transmitter.issuer, id: id),
            until: issuedAt + transmitter.maximumAge + .seconds(1), transmitter: transmitter.name, facts: [])
        for (type, value) in events {
            guard let event = JSONObject(tape: claims.tape, node: value) else { throw .badEvent }
            switch try EventReader.read(type, event) {
            case .note(let words): signal.notes.append(words)
            case .fact(let kind, let isAgainst):
                guard let happenedAt = try time(of: event, claims) else { throw .badEvent }
                let subjects = EventReader.subjects(try subject(of: event, claims, transmitter), of: kind)
                if subjects.isEmpty {
                    signal.notes.append("\(kind.rawValue) of nobody that can be found here")
                }
                for subject in subjects {
                    signal.facts.append(
                        SignalFact(
                            key: .init(issuer: transmitter.issuer, kind: kind, subject: subject),
                            isAgainst: isAgainst, happenedAt: happenedAt, receivedAt: now, token: id,
                            reason: EventReader.reason(event)))
                }
            }
        }
        return signal
    }

    private func checkSignature(of token: CompactToken) throws(TokenProblem) {
        guard let header = JSONObject.read(token.header) else { throw .badHeader }
        // RFC 8725 section 3.11: a token of another use must not pass for an event.
        var type = header.text("typ")?.lowercased() ?? ""
        if type.hasPrefix("application/") { type = String(type.dropFirst("application/".count)) }
        guard type == "secevent+jwt" else { throw .notAnEvent }
        guard !header.has("crit"), !header.has("b64") else { throw .criticalHeader }
        guard let algorithm = header.text("alg"), Self.algorithms.contains(algorithm) else {
            throw .refusedAlgorithm
        }
        let key = header.text("kid")
        guard key != nil || !header.has("kid") else { throw .badHeader }
        try keys.check(token, algorithm: algorithm, key: key)
    }

    private static let algorithms = ["ES256", "ES384", "EdDSA", "RS256", "PS256"]

    private static func isMeant(_ claims: JSONObject, for audience: String) -> Bool {
        if let one = claims.text("aud") { return one == audience }
        return claims.items("aud")?.contains { claims.text($0) == audience } ?? false
    }

    /// When it happened: as the event says, as the token says of its events, or else when it was issued.
    private static func time(of event: JSONObject, _ claims: JSONObject) throws(TokenProblem) -> Instant? {
        if event.has("event_timestamp") { return event.instant("event_timestamp") }
        if claims.has("toe") { return claims.instant("toe") }
        return claims.instant("iat")
    }

    /// In the token (SSF 1.0) or in the event (drafts of CAEP and RISC). Where both are, they must say the same.
    private static func subject(
        of event: JSONObject, _ claims: JSONObject, _ transmitter: Transmitter
    ) throws(TokenProblem) -> NamedSubject {
        let places = [(claims, "sub_id"), (event, "subject")].filter { $0.0.has($0.1) }
        var found: NamedSubject?
        for (holder, key) in places {
            guard let object = holder.object(key) else { throw .badSubject }
            let subject = try SubjectReader.read(object, domains: transmitter.domains)
            guard found == nil || found == subject else { throw .twoSubjects }
            found = subject
        }
        guard let found else { throw .noSubject }
        return found
    }
}
