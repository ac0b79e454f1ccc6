import GRDB
import NetworkTypes
import Sessions

/// A session as a row. The client's number is unsigned and SQLite's integers are not: its bits are stored.
enum SessionRow {
    static func insert(_ stored: StoredSession, into database: Database) throws {
        let session = stored.session
        let outer = session.outer
        try database.run(
            """
            INSERT OR REPLACE INTO session (
                source, server_process, client, tunnel, interface, common_name, user_name, certificates,
                outer_address, outer_port, addresses, started_at, claims, mfa_verified_at,
                certificate_report, tenants_verified_at
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                RowText.key(session.id.source), session.id.serverProcess,
                Int64(bitPattern: session.id.client), RowText.plain(session.tunnel), stored.interfaceIndex,
                RowText.plain(session.commonName), RowText.plain(session.userName),
                try session.certificates.map(RowText.json), outer?.address.description, outer?.port,
                try RowText.json(session.addresses.map(\.description)),
                session.startedAt.nanosecondsSince1970, try RowText.json(session.claims),
                stored.mfaVerifiedAt?.nanosecondsSince1970, try stored.certificateReport.map(RowText.json),
                try tenantsText(stored.tenantVerifiedAt),
            ])
    }

    static func delete(_ id: SessionID, from database: Database) throws {
        try database.run(
            "DELETE FROM session WHERE source = ? AND server_process = ? AND client = ?",
            [RowText.key(id.source), id.serverProcess, Int64(bitPattern: id.client)])
    }

    static func session(_ row: StoredRow) throws -> StoredSession {
        let client: Int64 = try row.value("client")
        let session = Session(
            id: SessionID(
                source: try row.value("source"), serverProcess: try row.value("server_process"),
                client: UInt64(bitPattern: client)),
            tunnel: try row.value("tunnel"), commonName: try row.value("common_name"),
            userName: try row.value("user_name"), certificates: try row.json("certificates"),
            outer: try outer(row), addresses: try addresses(row),
            startedAt: try row.requiredInstant("started_at"),
            claims: try row.json("claims") ?? [:])
        return StoredSession(
            session: session, mfaVerifiedAt: try row.instant("mfa_verified_at"),
            tenantVerifiedAt: try tenants(row), certificateReport: try row.json("certificate_report"),
            interfaceIndex: try row.value("interface"))
    }

    /// Nanoseconds since 1970, by tenant; nil for none.
    private static func tenantsText(_ tenants: [String: Instant]) throws -> String? {
        tenants.isEmpty ? nil : try RowText.json(tenants.mapValues(\.nanosecondsSince1970))
    }

    private static func tenants(_ row: StoredRow) throws -> [String: Instant] {
        let times: [String: Int64] = try row.json("tenants_verified_at") ?? [:]
        return times.mapValues(Instant.init(nanosecondsSince1970:))
    }

    private static func outer(_ row: StoredRow) throws -> Endpoint? {
        guard let text: String = try row.optional("outer_address") else { return nil }
        guard let address = IPAddress(text) else { throw row.damage("outer_address") }
        return Endpoint(address: address, port: try row.optional("outer_port"))
    }

    private static func addresses(_ row: StoredRow) throws -> [IPAddress] {
        let texts: [String] = try row.json("addresses") ?? []
        return try texts.map { text in
            guard let address = IPAddress(text) else { throw row.damage("addresses") }
            return address
        }
    }
}
