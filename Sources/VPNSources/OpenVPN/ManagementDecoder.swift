import Sessions

/// Turns lines of OpenVPN's management interface (version 5, OpenVPN 2.5 and 2.6) into messages.
///
/// Pure, and total: any line gives messages or problems, never a trap. What is not known is ignored and counted, since
/// newer servers say more. A block is handed on when its END has come and not before; a block that is cut, too big or
/// says something twice is handed on as spoiled, so that a client which asked to come in still gets an answer.
package struct ManagementDecoder: Sendable {
    private struct Block: Sendable {
        var header: ClientHeader
        var variables = ClientVariables()
        var spoiled: String?
    }

    private enum Reply: Sendable {
        case none
        case version([String])
        case status(StatusTable)
    }

    /// More rows than sessions that one server can have; what comes after is dropped with a problem.
    package static let maximumRows = 1 << 20
    /// A `version` reply has two lines.
    private static let maximumVersionLines = 16

    /// Lines that no message came of because nobody here knows them.
    package private(set) var ignoredCount = 0
    private var block: Block?
    /// Variables are coming whose header was not understood: reported once, then passed over up to their END.
    private var isDiscarding = false
    private var reply = Reply.none

    package init() {}

    package mutating func decode(_ line: ManagementLine) -> [ManagementMessage] {
        let contents =
            switch line.content {
            case .text(let text): decode(text[...], line.number)
            case .unreadable(let reason): unreadable(reason)
            }
        return contents.map { ManagementMessage(line: line.number, content: $0) }
    }

    /// Call when the connection has ended after `line` lines: what is still open is spoiled.
    package mutating func finish(line: Int) -> [ManagementMessage] {
        var contents = cutBlock("the connection ended before the block's END")
        contents += cutReply("the connection ended before the reply's END")
        self = ManagementDecoder()
        return contents.map { ManagementMessage(line: line, content: $0) }
    }

    private mutating func decode(_ text: Substring, _ line: Int) -> [ManagementMessage.Content] {
        if let rest = text.dropping(prefix: ">CLIENT:ENV,") { return variable(rest) }
        if let rest = text.dropping(prefix: ">CLIENT:") { return client(rest) }
        if let rest = text.dropping(prefix: ">") { return notification(rest) }
        return replyLine(text, line)
    }

    private mutating func unreadable(_ reason: String) -> [ManagementMessage.Content] {
        // Inside a block the line may have been any variable, so the block cannot be used. Inside a status reply it
        // was one row: that client is then missing from the list, which takes from it and from nobody else.
        guard block != nil else { return [.problem(reason)] }
        spoil(reason)
        return []
    }

    private mutating func ignore() -> [ManagementMessage.Content] {
        ignoredCount += 1
        return []
    }
}

// MARK: Client blocks

extension ManagementDecoder {
    private mutating func client(_ text: Substring) -> [ManagementMessage.Content] {
        let cut = cutBlock("another notice came before the block's END")
        isDiscarding = false
        let fields = text.fields(",")
        if fields[0] == "ADDRESS" { return cut + [Self.address(fields)] }
        guard let kind = ClientHeader.Kind(rawValue: String(fields[0])) else {
            isDiscarding = true
            return cut + ignore()
        }
        guard let header = Self.header(kind, fields) else {
            isDiscarding = true
            return cut + [.problem(">CLIENT:\(kind.rawValue) with other fields than a client and its key")]
        }
        block = Block(header: header)
        return cut
    }

    private static func header(_ kind: ClientHeader.Kind, _ fields: [Substring]) -> ClientHeader? {
        guard fields.count >= 2, let client = fields[1].number(as: UInt64.self) else { return nil }
        switch kind {
        case .established, .disconnect:
            guard fields.count == 2 else { return nil }
            return ClientHeader(kind: kind, client: client)
        case .connect, .renewal:
            guard fields.count == 3, let key = fields[2].number(as: UInt32.self) else { return nil }
            return ClientHeader(kind: kind, client: client, key: UInt64(key))
        case .challengeResponse:
            guard fields.count == 4, let key = fields[2].number(as: UInt32.self) else { return nil }
            return ClientHeader(
                kind: kind, client: client, key: UInt64(key), response: Secret(fields[3].utf8))
        }
    }

    private static func address(_ fields: [Substring]) -> ManagementMessage.Content {
        guard fields.count == 4, let client = fields[1].number(as: UInt64.self),
            ["0", "1"].contains(fields[3])
        else { return .problem(">CLIENT:ADDRESS with other fields than client, address and 0 or 1") }
        return .address(client: client, text: String(fields[2]), isPrimary: fields[3] == "1")
    }

    private mutating func variable(_ text: Substring) -> [ManagementMessage.Content] {
        let isEnd = text == "END"
        guard block != nil else {
            defer { isDiscarding = !isEnd }
            return isDiscarding ? [] : [.problem("a client's variables without a notice before them")]
        }
        if isEnd { return endBlock() }
        // A spoiled block takes no more memory.
        if block?.spoiled == nil, let mistake = block?.variables.add(text) { spoil(mistake) }
        return []
    }

    private mutating func spoil(_ reason: String) {
        guard block?.spoiled == nil else { return }
        block?.spoiled = reason
        block?.variables = ClientVariables()
    }

    private mutating func endBlock() -> [ManagementMessage.Content] {
        guard let ended = block else { return [] }
        block = nil
        if let reason = ended.spoiled { return [.spoiled(ended.header, reason: reason)] }
        return [.client(ended.header, ended.variables)]
    }

    private mutating func cutBlock(_ reason: String) -> [ManagementMessage.Content] {
        guard let cut = block else { return [] }
        block = nil
        return [.spoiled(cut.header, reason: cut.spoiled ?? reason)]
    }
}

// MARK: Other notifications

extension ManagementDecoder {
    private mutating func notification(_ text: Substring) -> [ManagementMessage.Content] {
        let parts = text.fields(":", limit: 2)
        guard parts.count == 2 else { return ignore() }
        let rest = String(parts[1])
        switch parts[0] {
        case "BYTECOUNT_CLI": return [Self.byteCount(parts[1])]
        case "NOTIFY": return [.notify(rest)]
        case "INFO": return [.info(rest)]
        case "STATE": return [.state(rest)]
        case "HOLD": return [.hold]
        case "LOG": return [.log]
        default: return ignore()
        }
    }

    private static func byteCount(_ text: Substring) -> ManagementMessage.Content {
        let numbers = text.fields(",").map { $0.number(as: UInt64.self) }
        guard numbers.count == 3, let client = numbers[0], let received = numbers[1], let sent = numbers[2]
        else { return .problem(">BYTECOUNT_CLI with other fields than three numbers") }
        return .byteCount(client: client, fromClient: received, toClient: sent)
    }
}

// MARK: Replies

extension ManagementDecoder {
    private mutating func replyLine(_ text: Substring, _ line: Int) -> [ManagementMessage.Content] {
        if text == ManagementLineReader.passwordPrompt { return [.passwordPrompt] }
        if let rest = text.dropping(prefix: "SUCCESS: ") { return cutReply() + [Self.success(rest)] }
        if let rest = text.dropping(prefix: "ERROR: ") { return cutReply() + [.failure(String(rest))] }
        if text.dropping(prefix: "TITLE\t") != nil {
            defer { reply = .status(StatusTable(columns: nil, rows: [])) }
            return cutReply()
        }
        if text.dropping(prefix: "OpenVPN Version: ") != nil {
            defer { reply = .version([String(text)]) }
            return cutReply()
        }
        if text == "END" { return endReply() }
        return replyBody(text, line)
    }

    private static func success(_ text: Substring) -> ManagementMessage.Content {
        guard let digits = text.dropping(prefix: "pid=") else { return .success(String(text)) }
        guard let process = digits.number(as: UInt32.self).flatMap(Int32.init(exactly:)), process > 0 else {
            return .problem("a process id that is no number")
        }
        return .process(process)
    }

    private mutating func replyBody(_ text: Substring, _ line: Int) -> [ManagementMessage.Content] {
        switch reply {
        case .none:
            return ignore()
        case .version(let lines):
            guard lines.count < Self.maximumVersionLines else { return cutReply() + ignore() }
            reply = .version(lines + [String(text)])
            return []
        case .status(var table):
            // The table must be held in one place while a row is added: a second owner would copy all rows each time.
            reply = .none
            let contents = Self.statusLine(text, line, &table)
            reply = .status(table)
            return contents
        }
    }

    private static func statusLine(
        _ text: Substring, _ line: Int, _ table: inout StatusTable
    ) -> [ManagementMessage.Content] {
        let fields = text.fields("\t").map(String.init)
        if fields[0] == "HEADER", fields.count > 2, fields[1] == "CLIENT_LIST" {
            guard table.columns == nil else { return [.problem("the list of clients has two headers")] }
            table.columns = Array(fields[2...])
        } else if fields[0] == "CLIENT_LIST" {
            guard table.rows.count < maximumRows else {
                return [.problem("more than \(maximumRows) clients")]
            }
            table.rows.append(StatusTable.Row(line: line, fields: Array(fields[1...])))
        }
        // ROUTING_TABLE and GLOBAL_STATS say nothing that the clients' rows and the events do not.
        return []
    }

    private mutating func endReply() -> [ManagementMessage.Content] {
        defer { reply = .none }
        switch reply {
        case .none: return ignore()
        case .version(let lines): return [.version(lines)]
        case .status(let table): return [.status(table)]
        }
    }

    private mutating func cutReply(
        _ reason: String = "another reply came before the reply's END"
    ) -> [ManagementMessage.Content] {
        defer { reply = .none }
        switch reply {
        case .none: return []
        case .version, .status: return [.problem(reason)]
        }
    }
}
