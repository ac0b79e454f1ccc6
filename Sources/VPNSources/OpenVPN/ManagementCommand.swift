package import Sessions

/// One option for a client, in the server's own words: `route 10.77.0.0 255.255.255.0`, `dhcp-option DNS 10.10.0.53`.
///
/// It reaches the client as it is here, where OpenVPN's lexer reads it once more: quotes and backslashes that the client
/// is to see need their own escapes.
package struct PushOption: Sendable, Hashable {
    /// The line `push "..."` ready for the wire.
    let line: String

    package enum Mistake: Error, Sendable, Hashable {
        case empty
        /// A control character: a line end would start a line of the attacker's own, and OpenVPN drops the others.
        case controlCharacter
        /// OpenVPN refuses it ("illegal comma"): the client splits what is pushed at commas.
        case comma
        /// OpenVPN cuts a configuration line at 255 bytes (`OPTION_LINE_SIZE`), within a quotation if need be.
        case tooLong
    }

    package init(_ text: String) throws(Mistake) {
        guard !text.isEmpty else { throw .empty }
        guard !text.unicodeScalars.contains(where: \.isControl) else { throw .controlCharacter }
        guard !text.utf8.contains(UInt8(ascii: ",")) else { throw .comma }
        line = "push " + ManagementCommand.quoted(text)
        guard line.utf8.count < 255 else { throw .tooLong }
    }
}

/// A command to OpenVPN's management interface, and its bytes.
///
/// Whatever text goes in, one command comes out: control characters are gone, quotes and backslashes are escaped for
/// OpenVPN's lexer (`parse_line` in options.c), and no line is longer than what `man_read` surely takes whole. Its
/// buffer is 1024 bytes and is *emptied* when it overflows while up to 256 bytes of a next read are added.
package enum ManagementCommand: Sendable {
    case version
    case process
    case status
    case holdRelease
    case stateOn
    /// Seconds between reports for each client; 0 stops them.
    case byteCount(Int)
    /// Lets the client in. Without options `client-auth-nt` is sent.
    case admit(client: UInt64, key: UInt64, push: [PushOption])
    /// Keeps the client out; `log` is for the server's log, `tell` is shown to the person.
    case deny(client: UInt64, key: UInt64, log: String, tell: String)
    case kill(client: UInt64, DisconnectMode)
    /// Answers the prompt for the management password.
    case password(Secret)

    /// Bytes of a text that is sent, in UTF-8, before and after escaping. A parameter is cut off by OpenVPN at 255
    /// (`OPTION_PARM_SIZE`); two texts of 320 and the rest of the line stay below 768.
    static let maximumTextBytes = 200
    static let maximumEscapedBytes = 320

    /// What goes over the wire, line ends included.
    package var bytes: [UInt8] {
        if case .password(let secret) = self { return secret.withBytes { $0 + [UInt8(ascii: "\n")] } }
        return lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
    }

    private var lines: [String] {
        switch self {
        case .version: ["version"]
        case .process: ["pid"]
        case .status: ["status 3"]
        case .holdRelease: ["hold release"]
        case .stateOn: ["state on"]
        case .byteCount(let seconds): ["bytecount \(max(0, seconds))"]
        case .admit(let client, let key, let push): Self.admission(client, key, push)
        case .deny(let client, let key, let log, let tell):
            ["client-deny \(client) \(key) \(Self.quotedText(log)) \(Self.quotedText(Self.shown(tell)))"]
        case .kill(let client, .restart): ["client-kill \(client)"]
        case .kill(let client, .halt): ["client-kill \(client) HALT"]
        case .password: []
        }
    }

    private static func admission(_ client: UInt64, _ key: UInt64, _ push: [PushOption]) -> [String] {
        guard !push.isEmpty else { return ["client-auth-nt \(client) \(key)"] }
        return ["client-auth \(client) \(key)"] + push.map(\.line) + ["END"]
    }

    /// A client reads these beginnings as orders, not as words (`receive_auth_failed` in push.c; OpenVPN 3 knows
    /// SESSION): a message for a person must not make its program try again or ask for an answer.
    private static func shown(_ text: String) -> String {
        ["TEMP", "CRV1:", "SESSION:"].contains { text.utf8.starts(with: $0.utf8) } ? "(" + text + ")" : text
    }

    private static func quotedText(_ text: String) -> String {
        var kept = ""
        var size = 0
        var escapedSize = 0
        for character in text {
            let clean = String(
                String.UnicodeScalarView(character.unicodeScalars.map { $0.isControl ? " " : $0 }))
            size += clean.utf8.count
            escapedSize += clean.utf8.reduce(0) { $0 + (needsEscape($1) ? 2 : 1) }
            guard size <= maximumTextBytes, escapedSize <= maximumEscapedBytes else { break }
            kept += clean
        }
        return quoted(kept)
    }

    /// Within double quotes OpenVPN's lexer gives a meaning to `"` and `\` only; `'`, `#` and `;` are plain there.
    static func quoted(_ text: String) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            if needsEscape(byte) { result.append(UInt8(ascii: "\\")) }
            result.append(byte)
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
