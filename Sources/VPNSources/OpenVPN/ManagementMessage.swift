package import Sessions

/// The first line of a `>CLIENT` block.
package struct ClientHeader: Sendable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case connect = "CONNECT"
        case renewal = "REAUTH"
        case established = "ESTABLISHED"
        case disconnect = "DISCONNECT"
        case challengeResponse = "CR_RESPONSE"
    }

    package var kind: Kind
    /// OpenVPN's CID.
    package var client: UInt64
    /// OpenVPN's KID: which question is asked. Nil for the kinds that ask nothing.
    package var key: UInt64?
    /// What was typed at a challenge, base64 as the client sent it.
    package var response: Secret?
}

/// What `status 3` printed: the rows of its list of clients, by the names in its header.
package struct StatusTable: Sendable {
    package struct Row: Sendable {
        package var line: Int
        /// As many as there are columns, or the row is bad.
        package var fields: [String]
    }

    /// Names of the fields of a row, in order; nil when the header was missing.
    package var columns: [String]?
    package var rows: [Row]
}

/// One thing that the management interface said, with the number of the line that completed it.
package struct ManagementMessage: Sendable {
    package enum Content: Sendable {
        /// A block that came whole.
        case client(ClientHeader, ClientVariables)
        /// A block that must not be used: cut, too big, ambiguous. The header itself was sound.
        case spoiled(ClientHeader, reason: String)
        /// `text` is an address, or a subnet when it is not primary.
        case address(client: UInt64, text: String, isPrimary: Bool)
        case byteCount(client: UInt64, fromClient: UInt64, toClient: UInt64)
        case notify(String)
        case info(String)
        case state(String)
        /// The server waits for `hold release`.
        case hold
        case log
        /// The management password is asked for.
        case passwordPrompt
        case success(String)
        case failure(String)
        /// The reply to `pid`.
        case process(Int32)
        /// The reply to `version`.
        case version([String])
        /// The reply to `status 3`.
        case status(StatusTable)
        /// Something that is no message; no client can be named.
        case problem(String)
    }

    package var line: Int
    package var content: Content
}
