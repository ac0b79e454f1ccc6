import Sessions
import TestSupport
import Testing

@testable import VPNSources

/// OpenVPN's lexer (`parse_line` in options.c of 2.6.14), as a slow model: what it makes of a line. Nil for an error.
private func lex(_ line: [UInt8]) -> [[UInt8]]? {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    var state = 0
    var isEscaped = false
    for byte in line + [0] {
        if !isEscaped, byte == 0x5C, state != 4 {
            isEscaped = true
            continue
        }
        let isSpace = byte == 0 || byte == 0x20 || (9...13).contains(byte)
        var out: UInt8?
        switch state {
        case 0 where !isSpace:
            if byte == 0x3B || byte == 0x23 { return words }
            if !isEscaped, byte == 0x22 {
                state = 1
            } else if !isEscaped, byte == 0x27 {
                state = 4
            } else {
                out = byte
                state = 2
            }
        case 1: if !isEscaped, byte == 0x22 { state = 3 } else { out = byte }
        case 2: if !isEscaped, isSpace { state = 3 } else { out = byte }
        case 4: if byte == 0x27 { state = 3 } else { out = byte }
        default: break
        }
        if state == 3 {
            words.append(word)
            word = []
            state = 0
        }
        if isEscaped, let out, out != 0, out != 0x5C, out != 0x22, !isSpace { return nil }
        isEscaped = false
        if let out, out != 0 {
            word.append(out)
            if word.count > 255 { return nil }
        }
    }
    return state == 0 ? words : nil
}

private func words(_ command: ManagementCommand) throws -> [String] {
    let lines = command.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    try #require(lines.count == 2 && lines[1].isEmpty, "one line, with its end")
    return try #require(lex(Array(lines[0]))).map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct ManagementCommandTests {
    @Test(arguments: [
        (ManagementCommand.version, "version\n"),
        (.process, "pid\n"),
        (.status, "status 3\n"),
        (.holdRelease, "hold release\n"),
        (.stateOn, "state on\n"),
        (.byteCount(0), "bytecount 0\n"),
        (.byteCount(-1), "bytecount 0\n"),
        (.admit(client: 21, key: 3, push: []), "client-auth-nt 21 3\n"),
        (.kill(client: 21, .restart), "client-kill 21\n"),
        (.kill(client: 21, .halt), "client-kill 21 HALT\n"),
        (.deny(client: 5, key: 1, log: "no", tell: "Call us."), "client-deny 5 1 \"no\" \"Call us.\"\n"),
        (.password(Secret("p w\"\\".utf8)), "p w\"\\\n"),
    ]) func bytes(_ command: ManagementCommand, _ expected: String) {
        #expect(String(decoding: command.bytes, as: UTF8.self) == expected)
    }

    @Test func pushes() throws {
        let options = try ["route 10.77.0.0 255.255.255.0", "dhcp-option DOMAIN \"a\\b\""].map {
            try PushOption($0)
        }
        #expect(
            String(decoding: ManagementCommand.admit(client: 0, key: 1, push: options).bytes, as: UTF8.self)
                == """
                client-auth 0 1
                push "route 10.77.0.0 255.255.255.0"
                push "dhcp-option DOMAIN \\"a\\\\b\\""
                END

                """)
    }

    /// What a rule file, a name or an attacker might put into a reason, and what the person then reads.
    static let reasons = [
        ("This device is not registered.", "This device is not registered.", "plain"),
        ("a\nclient-auth-nt 7 1", "a client-auth-nt 7 1", "a line end would start a command"),
        ("a\r\nclient-auth-nt 7 1", "a  client-auth-nt 7 1", "so would this one"),
        ("a\rb", "a b", "and a lone CR"),
        ("a\u{0}b", "a b", "NUL ends a string in C"),
        ("a\u{2028}b\u{85}c", "a b c", "line ends of Unicode"),
        ("a\u{1B}[2Jb\u{7F}\u{9B}", "a [2Jb  ", "a terminal's orders"),
        ("a\u{202E}b", "a b", "the direction of writing"),
        ("say \"hi\"", "say \"hi\"", "quotes"),
        ("\" \"CRV1:R,E:x:y:z", "\" \"CRV1:R,E:x:y:z", "a quote that would end the parameter"),
        ("a\\", "a\\", "a backslash that would take the closing quote"),
        ("\\\"", "\\\"", "both"),
        ("\\n", "\\n", "no line end is made of it"),
        ("it's # not ; a comment", "it's # not ; a comment", "nothing special within quotes"),
        ("Přístup zamítnut", "Přístup zamítnut", "UTF-8"),
        ("", "", "nothing"),
        ("TEMP[backoff 1]:x", "(TEMP[backoff 1]:x)", "an order to try again"),
        ("CRV1:R,E:x:y:z", "(CRV1:R,E:x:y:z)", "an order to ask for an answer"),
        ("SESSION: x", "(SESSION: x)", "an order to forget a token"),
        ("Temporary", "Temporary", "a word"),
    ]

    @Test(arguments: reasons) func nothingIsInjected(_ text: String, _ shown: String, _ why: String) throws {
        let read = try words(.deny(client: 7, key: 1, log: text, tell: text))
        #expect(read.count == 5, "\(why)")
        #expect(Array(read[..<3]) == ["client-deny", "7", "1"], "\(why)")
        #expect(read[4] == shown, "\(why)")
        #expect(read[3] == (shown.hasPrefix("(") ? text : shown), "the log's text is no order to anybody")
    }

    @Test(arguments: [
        (String(repeating: "x", count: 500), 200, "plain"),
        (String(repeating: "\"", count: 500), 160, "every byte escaped"),
        (String(repeating: "é", count: 500), 200, "two bytes each"),
        (String(repeating: "x", count: 199) + "é", 199, "no character is cut in two"),
        (String(repeating: "👩‍👩‍👧‍👧", count: 30), 200, "many bytes each"),
    ]) func longTextsAreCut(_ text: String, _ atMost: Int, _ why: String) throws {
        let command = ManagementCommand.deny(client: .max, key: UInt64(UInt32.max), log: text, tell: text)
        #expect(command.bytes.count <= 768, "what man_read surely takes whole")
        let read = try words(command)
        #expect(read[4].utf8.count <= atMost, "\(why)")
        #expect(read[4].utf8.count > atMost - 30, "\(why)")
        #expect(!read[4].contains("\u{FFFD}"), "\(why)")
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>) func randomTextsStayOneCommand(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let alphabet = Array("\"\\'\n\r\t\u{0}#; aé\u{301}\u{200D}🏁,".unicodeScalars)
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...400, using: &random) {
            scalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
        }
        let read = try words(.deny(client: 7, key: 1, log: String(scalars), tell: "told"))
        #expect(read.count == 5 && read[0] == "client-deny" && read[4] == "told", "seed \(seed)")
    }

    @Test(arguments: [
        ("", PushOption.Mistake.empty, "nothing"),
        ("route\nEND", .controlCharacter, "a line of its own"),
        ("route\rx", .controlCharacter, "CR"),
        ("route\u{0}x", .controlCharacter, "NUL"),
        ("route 10.0.0.0,redirect-gateway", .comma, "a second option for the client"),
        (String(repeating: "x", count: 250), .tooLong, "cut by OpenVPN within the quotation"),
        (String(repeating: "\"", count: 130), .tooLong, "escaped"),
    ]) func refusesOptions(_ text: String, _ mistake: PushOption.Mistake, _ why: String) {
        #expect(throws: mistake, "\(why)") { try PushOption(text) }
    }

    @Test(arguments: ["END", "route 10.0.0.0 255.0.0.0", "a \"b\" \\c", "x#y;z'"]) func optionsReadBack(
        _ text: String
    ) throws {
        let option = try PushOption(text)
        let read = try #require(lex(Array(option.line.utf8)))
        #expect(read.map { String(decoding: $0, as: UTF8.self) } == ["push", text])
    }

    @Test func passwordsAreNeverPrinted() {
        #expect(!"\(ManagementCommand.password(Secret("hunter2".utf8)))".contains("hunter2"))
    }
}
