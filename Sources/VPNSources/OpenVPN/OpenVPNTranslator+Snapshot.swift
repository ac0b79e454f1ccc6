import NetworkTypes
import Sessions

extension OpenVPNTranslator {
    /// Where the wanted fields are in a row. OpenVPN adds columns from one version to the next, so they go by name.
    private struct Columns {
        var count: Int
        var commonName, outer, ipv4, ipv6, since, userName, client: Int

        /// Nil unless every name is there once.
        init?(_ names: [String]) {
            func place(_ name: String) -> Int? {
                let places = names.indices.filter { names[$0] == name }
                return places.count == 1 ? places[0] : nil
            }
            guard let commonName = place("Common Name"), let outer = place("Real Address"),
                let ipv4 = place("Virtual Address"), let ipv6 = place("Virtual IPv6 Address"),
                let since = place("Connected Since (time_t)"), let userName = place("Username"),
                let client = place("Client ID")
            else { return nil }
            count = names.count
            (self.commonName, self.outer, self.ipv4, self.ipv6) = (commonName, outer, ipv4, ipv6)
            (self.since, self.userName, self.client) = (since, userName, client)
        }
    }

    /// The list of clients as an event. A row that cannot be read leaves the list, which takes from that client alone,
    /// and is a problem; a list without its header is no list at all, since it would take from everybody.
    func snapshot(_ table: StatusTable, _ line: Int) -> Output {
        guard let serverProcess else {
            return problem(line, "a list of clients before the server's process id")
        }
        guard let columns = table.columns.flatMap(Columns.init) else {
            return problem(line, "a list of clients whose header lacks a needed column")
        }
        var output = Output()
        var reports: [SessionReport] = []
        let repeated = Self.repeated(table.rows, columns)
        for row in table.rows {
            do throws(Contradiction) {
                reports.append(try report(row, columns, serverProcess, repeated))
            } catch {
                let client = row.fields.count == columns.count ? Self.client(row, columns) : nil
                output.events += problem(row.line, "client's row: \(error.reason)", client: client).events
            }
        }
        output.events.insert(.snapshot(source: source, serverProcess: serverProcess, reports), at: 0)
        return output
    }

    private static func client(_ row: StatusTable.Row, _ columns: Columns) -> UInt64? {
        row.fields[columns.client][...].number()
    }

    /// Clients with more than one row: neither can be believed.
    private static func repeated(_ rows: [StatusTable.Row], _ columns: Columns) -> Set<UInt64> {
        var seen: Set<UInt64> = []
        var repeated: Set<UInt64> = []
        for row in rows where row.fields.count == columns.count {
            guard let client = client(row, columns) else { continue }
            if !seen.insert(client).inserted { repeated.insert(client) }
        }
        return repeated
    }

    private func report(
        _ row: StatusTable.Row, _ columns: Columns, _ serverProcess: Int32, _ repeated: Set<UInt64>
    ) throws(Contradiction) -> SessionReport {
        guard row.fields.count == columns.count else {
            throw Contradiction(reason: "\(row.fields.count) fields, and the header has \(columns.count)")
        }
        guard let client = Self.client(row, columns) else { throw Contradiction(reason: "no client number") }
        guard !repeated.contains(client) else { throw Contradiction(reason: "the client has two rows") }
        guard let since = row.fields[columns.since][...].number(as: UInt32.self) else {
            throw Contradiction(reason: "the start is no number")
        }
        return SessionReport(
            id: SessionID(source: source, serverProcess: serverProcess, client: client),
            commonName: Self.name(row.fields[columns.commonName]),
            userName: Self.name(row.fields[columns.userName]),
            outer: try Self.outer(row.fields[columns.outer]),
            addresses: [
                try Self.address(row.fields[columns.ipv4], .ipv4),
                try Self.address(row.fields[columns.ipv6], .ipv6),
            ].compactMap(\.self),
            startedAt: Instant(secondsSince1970: Int64(since)))
    }

    /// OpenVPN prints `UNDEF` for a name that it does not have (`tls_common_name`, `tls_username`).
    private static func name(_ text: String) -> String { text == "UNDEF" ? "" : text }

    private static func address(_ text: String, _ family: AddressFamily) throws(Contradiction) -> IPAddress? {
        if text.isEmpty { return nil }
        guard let address = IPAddress(text), address.family == family else {
            throw Contradiction(reason: "'\(text.excerpt())' is no \(family) address")
        }
        return address
    }

    /// `198.51.100.10:45394`, or an IPv6 address bare (OpenVPN 2.6 prints no port) or as `[address]:port`.
    private static func outer(_ text: String) throws(Contradiction) -> Endpoint? {
        if text.isEmpty || text == "UNDEF" { return nil }
        if let address = IPAddress(text) { return Endpoint(address: address) }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Substring(text.utf8[text.utf8.index(after: colon)...]).number(as: UInt16.self),
            let address = bracketed(text[..<colon])
        else { throw Contradiction(reason: "'\(text.excerpt())' is no outer address") }
        return Endpoint(address: address, port: port)
    }

    /// An IPv4 address bare or an IPv6 address in brackets: only so does the last colon begin a port.
    private static func bracketed(_ text: Substring) -> IPAddress? {
        let isBracketed = text.utf8.first == UInt8(ascii: "[") && text.utf8.last == UInt8(ascii: "]")
        let address = IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text))
        return address?.family == (isBracketed ? .ipv6 : .ipv4) ? address : nil
    }
}
