package import Evidence
import GRDB
package import Sessions

/// What another system told as a row, and the tokens that were heard.
enum SignalRow {
    static func put(_ fact: SignalFact, into database: Database) throws {
        let subject = fact.key.subject
        try database.run(
            """
            INSERT OR REPLACE INTO signal
                (issuer, kind, users, devices, against, happened_at, received_at, token, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                RowText.key(fact.key.issuer), fact.key.kind.rawValue, try names(subject.users),
                try names(subject.devices), fact.isAgainst, fact.happenedAt.nanosecondsSince1970,
                fact.receivedAt.nanosecondsSince1970, RowText.key(fact.token), RowText.plain(fact.reason),
            ])
    }

    static func remember(
        _ token: ReceivedSignal.Token, until: Instant, at now: Instant, in database: Database
    ) throws {
        try database.run("DELETE FROM signal_token WHERE until <= ?", [now.nanosecondsSince1970])
        try database.run(
            "INSERT OR REPLACE INTO signal_token (issuer, token, until) VALUES (?, ?, ?)",
            [RowText.key(token.issuer), RowText.key(token.id), until.nanosecondsSince1970])
    }

    private static func names(_ names: [String]) throws -> String { try RowText.json(names.map(RowText.key)) }

    static func record(_ row: StoredRow) throws -> SignalFact {
        let kind = try row.parsed("kind", SignalKind.init(rawValue:))
        guard let users: [String] = try row.json("users"), let devices: [String] = try row.json("devices")
        else { throw row.damage("users") }
        let key = SignalFact.Key(
            issuer: try row.value("issuer"), kind: kind,
            subject: SignalSubject(users: users, devices: devices))
        return SignalFact(
            key: key, isAgainst: try row.value("against"), happenedAt: try row.requiredInstant("happened_at"),
            receivedAt: try row.requiredInstant("received_at"), token: try row.value("token"),
            reason: try row.value("reason"))
    }
}

extension Store {
    /// The last word of each issuer on each kind and subject.
    package func signals() throws(StoreError) -> [SignalFact] {
        try rows("signal", "ORDER BY happened_at, issuer, kind, users, devices", [], SignalRow.record)
    }

    /// Tokens that count no second time, with the instant from which on they need not be known.
    package func heardTokens() throws(StoreError) -> [ReceivedSignal.Token: Instant] {
        let tokens = try rows("signal_token", "") { row in
            let token = ReceivedSignal.Token(issuer: try row.value("issuer"), id: try row.value("token"))
            return (token, try row.requiredInstant("until"))
        }
        return Dictionary(tokens, uniquingKeysWith: { max($0, $1) })
    }
}
