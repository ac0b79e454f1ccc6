import Sessions
import Testing

@testable import VPNSources

@Suite struct ManagementDecoderTests {
    /// Messages of a text as short descriptions, the connection's end included.
    private static func decode(_ text: String, _ decoder: inout ManagementDecoder) -> [String] {
        var reader = ManagementLineReader()
        let lines = reader.read(text.utf8) + reader.finish()
        let messages = lines.flatMap { decoder.decode($0) } + decoder.finish(line: reader.lineCount)
        return messages.map { "\($0.line) " + describe($0.content) }
    }

    private static func decode(_ text: String) -> [String] {
        var decoder = ManagementDecoder()
        return decode(text, &decoder)
    }

    private static func describe(_ content: ManagementMessage.Content) -> String {
        switch content {
        case .client(let header, let variables):
            "\(describe(header)) \(variables.all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        case .spoiled(let header, let reason): "spoiled \(describe(header)): \(reason)"
        case .address(let client, let text, let isPrimary): "address \(client) \(text) \(isPrimary)"
        case .byteCount(let client, let received, let sent): "bytes \(client) \(received) \(sent)"
        case .notify(let text): "notify \(text)"
        case .info(let text): "info \(text)"
        case .state(let text): "state \(text)"
        case .hold: "hold"
        case .log: "log"
        case .passwordPrompt: "prompt"
        case .success(let text): "success \(text)"
        case .failure(let text): "failure \(text)"
        case .process(let process): "process \(process)"
        case .version(let lines): "version \(lines)"
        case .status(let table): "status \(table.columns ?? []) \(table.rows.map(\.fields))"
        case .problem(let text): "problem \(text)"
        }
    }

    private static func describe(_ header: ClientHeader) -> String {
        let response =
            header.response.map { $0.withBytes { " " + String(decoding: $0, as: UTF8.self) } } ?? ""
        return "\(header.kind) \(header.client) \(header.key.map(String.init) ?? "-")\(response)"
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String { why }
        var text: String
        var messages: [String]
        var why: String

        init(_ text: String, _ messages: [String], _ why: String) {
            (self.text, self.messages, self.why) = (text, messages, "\(why)")
        }
    }

    static let blocks = [
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=b=c\n>CLIENT:ENV,d=\n>CLIENT:ENV,END\n",
            ["4 connect 3 1 [\"a=b=c\", \"d=\"]"], "a value may hold '=' and may be empty"),
        Case(">CLIENT:REAUTH,3,2\n>CLIENT:ENV,END\n", ["2 renewal 3 2 []"], "no variables"),
        Case(">CLIENT:ESTABLISHED,3\n>CLIENT:ENV,END\n", ["2 established 3 - []"], "no key"),
        Case(">CLIENT:DISCONNECT,3\n>CLIENT:ENV,END\n", ["2 disconnect 3 - []"], "no key"),
        Case(
            ">CLIENT:CR_RESPONSE,3,1,MTI=\n>CLIENT:ENV,END\n", ["2 challengeResponse 3 1 MTI= []"],
            "a response"),
        Case(
            ">CLIENT:CONNECT,18446744073709551615,4294967295\n>CLIENT:ENV,END\n",
            ["2 connect 18446744073709551615 4294967295 []"], "the greatest CID and KID"),
        Case(
            ">CLIENT:CONNECT,3,1\n>BYTECOUNT_CLI:1,2,3\n>CLIENT:ENV,END\n",
            ["2 bytes 1 2 3", "3 connect 3 1 []"],
            "another kind of notice does not cut"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=\u{301}b\n>CLIENT:ENV,END\n",
            ["3 connect 3 1 [\"a=\u{301}b\"]"],
            "a combining mark does not swallow the '='"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=1\n>CLIENT:CONNECT,4,1\n>CLIENT:ENV,END\n",
            ["3 spoiled connect 3 1: another notice came before the block's END", "4 connect 4 1 []"],
            "cut by another header"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=1\n>CLIENT:ADDRESS,4,10.0.0.1,1\n>CLIENT:ENV,b=1\n>CLIENT:ENV,END\n",
            [
                "3 spoiled connect 3 1: another notice came before the block's END",
                "3 address 4 10.0.0.1 true",
                "4 problem a client's variables without a notice before them",
            ], "cut by an address, and the rest is nobody's"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=1\n",
            ["2 spoiled connect 3 1: the connection ended before the block's END"],
            "cut by the connection's end"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=1\n>CLIENT:ENV,E",
            ["3 spoiled connect 3 1: the connection ended within a line"], "cut within a line"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,a=1\n>CLIENT:ENV,a=1\n>CLIENT:ENV,END\n",
            ["4 spoiled connect 3 1: variable 'a' comes twice"], "twice, even with one value"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,password=1\n>CLIENT:ENV,password=2\n>CLIENT:ENV,END\n",
            ["4 spoiled connect 3 1: variable 'password' comes twice"],
            "the password too, and no value is told"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,hunter2\n>CLIENT:ENV,END\n",
            ["3 spoiled connect 3 1: a variable without a name and '='"], "no '=': the text is not told"),
        Case(
            ">CLIENT:CONNECT,3,1\n>CLIENT:ENV,=x\n>CLIENT:ENV,END\n",
            ["3 spoiled connect 3 1: a variable without a name and '='"], "no name"),
        Case(
            ">CLIENT:ENV,END\n", ["1 problem a client's variables without a notice before them"],
            "END of nothing"),
        Case(
            ">CLIENT:ENV,a=1\n>CLIENT:ENV,b=1\n>CLIENT:ENV,END\n",
            ["1 problem a client's variables without a notice before them"],
            "a block without header is one problem"),
        Case(
            ">CLIENT:FUTURE,3\n>CLIENT:ENV,a=1\n>CLIENT:ENV,END\n>CLIENT:ESTABLISHED,3\n>CLIENT:ENV,END\n",
            ["5 established 3 - []"], "a kind of a newer server is passed over with its variables"),
    ]

    /// Every header that is not exactly as OpenVPN writes it is refused, with the variables behind it.
    static let badHeaders = [
        "CONNECT", "CONNECT,", "CONNECT,1", "CONNECT,1,", "CONNECT,,1", "CONNECT,1,2,3", "CONNECT,x,1",
        "CONNECT,+1,1",
        "CONNECT,-1,1", "CONNECT,01,1", "CONNECT, 1,1", "CONNECT,1,1 ", "CONNECT,18446744073709551616,1",
        "CONNECT,1,4294967296", "CONNECT,١,1", "REAUTH,1", "ESTABLISHED", "ESTABLISHED,1,1", "ESTABLISHED,1x",
        "DISCONNECT,", "CR_RESPONSE,1,1", "CR_RESPONSE,1,1,a,b",
    ]

    static let others = [
        Case(
            ">CLIENT:ADDRESS,3,fd08:8::1000,1\n", ["1 address 3 fd08:8::1000 true"], "its colons are its own"),
        Case(
            ">CLIENT:ADDRESS,3,10.77.0.0/24,0\n", ["1 address 3 10.77.0.0/24 false"],
            "a subnet behind a client"),
        Case(
            ">CLIENT:ADDRESS,3,10.0.0.1\n",
            [
                "1 problem >CLIENT:ADDRESS with other fields than client, address and 0 or 1"
            ], "no flag"),
        Case(
            ">CLIENT:ADDRESS,3,10.0.0.1,2\n",
            [
                "1 problem >CLIENT:ADDRESS with other fields than client, address and 0 or 1"
            ], "no such flag"),
        Case(">BYTECOUNT_CLI:0,2362,2566\n", ["1 bytes 0 2362 2566"], "accounts"),
        Case(
            ">BYTECOUNT_CLI:0,1\n", ["1 problem >BYTECOUNT_CLI with other fields than three numbers"],
            "too few"),
        Case(
            ">NOTIFY:info,remote-exit,EXIT\n", ["1 notify info,remote-exit,EXIT"], "a goodbye without a name"),
        Case(">INFO:OpenVPN Management\n", ["1 info OpenVPN Management"], "the greeting"),
        Case(">STATE:1,EXITING,SIGTERM,,,,,\n", ["1 state 1,EXITING,SIGTERM,,,,,"], "state"),
        Case(">HOLD:Waiting for hold release:0\n", ["1 hold"], "hold"),
        Case(">LOG:1,I,text\n", ["1 log"], "a log line's text is not taken"),
        Case("ENTER PASSWORD:", ["1 prompt"], "no line end"),
        Case("SUCCESS: pid=14851\r\n", ["1 process 14851"], "the server's process"),
        Case("SUCCESS: pid=0\n", ["1 problem a process id that is no number"], "zero is no process"),
        Case("SUCCESS: pid=4294967295\n", ["1 problem a process id that is no number"], "beyond a pid_t"),
        Case(
            "SUCCESS: client-auth command succeeded\n", ["1 success client-auth command succeeded"], "success"
        ),
        Case("ERROR: unknown command\n", ["1 failure unknown command"], "error"),
        Case(
            "OpenVPN Version: OpenVPN 2.6.14\nManagement Version: 5\nEND\n",
            ["3 version [\"OpenVPN Version: OpenVPN 2.6.14\", \"Management Version: 5\"]"], "version"),
        Case(">FUTURE:x\n>NONSENSE\n>\nhelp text\n\nEND\n", [], "what is not known is passed over"),
    ]

    private static let header = "HEADER\tCLIENT_LIST\tCommon Name\tClient ID\n"

    static let statuses = [
        Case(
            "TITLE\tx\nTIME\ty\t1\n" + header + "CLIENT_LIST\talice\t3\nHEADER\tROUTING_TABLE\tz\n"
                + "ROUTING_TABLE\tq\nGLOBAL_STATS\tMax\t0\nEND\n",
            ["8 status [\"Common Name\", \"Client ID\"] [[\"alice\", \"3\"]]"],
            "rows of the one table that counts"),
        Case(
            "TITLE\tx\n" + header + ">CLIENT:ADDRESS,3,10.0.0.1,1\nCLIENT_LIST\t\t3\nEND\n",
            ["3 address 3 10.0.0.1 true", "5 status [\"Common Name\", \"Client ID\"] [[\"\", \"3\"]]"],
            "a notice in between, and an empty field"),
        Case("TITLE\tx\nEND\n", ["2 status [] []"], "no header: said, for the reader to judge"),
        Case(
            "TITLE\tx\n" + header + header + "END\n",
            [
                "3 problem the list of clients has two headers",
                "4 status [\"Common Name\", \"Client ID\"] []",
            ],
            "two headers"),
        Case(
            "TITLE\tx\n" + header + "SUCCESS: y\nCLIENT_LIST\ta\t3\nEND\n",
            ["3 problem another reply came before the reply's END", "3 success y"], "cut by another reply"),
        Case(
            "TITLE\tx\n" + header + "TITLE\tx\n" + header + "END\n",
            [
                "3 problem another reply came before the reply's END",
                "5 status [\"Common Name\", \"Client ID\"] []",
            ], "cut by another list"),
        Case(
            "TITLE\tx\n" + header + "CLIENT_LIST\ta\t3\n",
            ["3 problem the connection ended before the reply's END"],
            "cut by the connection's end: half a list is no list"),
        Case("TITLE,x\nHEADER,CLIENT_LIST,Common Name\nCLIENT_LIST,a\nEND\n", [], "status 2 is not read"),
        Case("CLIENT_LIST\ta\t3\nEND\n", [], "rows without a title"),
    ]

    @Test(arguments: blocks + others + statuses) func decodes(_ test: Case) {
        #expect(Self.decode(test.text) == test.messages, "\(test.why)")
    }

    @Test(arguments: badHeaders) func refusesHeader(_ header: String) {
        let messages = Self.decode(">CLIENT:\(header)\n>CLIENT:ENV,a=1\n>CLIENT:ENV,END\n")
        #expect(messages.count == 1)
        #expect(messages.first?.hasPrefix("1 problem >CLIENT:") == true, "\(messages)")
    }

    @Test(arguments: [ClientVariables.maximumCount, ClientVariables.maximumCount + 1]) func boundsTheCount(
        _ count: Int
    ) {
        let variables = (0..<count).map { ">CLIENT:ENV,v\($0)=x\n" }.joined()
        let messages = Self.decode(">CLIENT:CONNECT,3,1\n" + variables + ">CLIENT:ENV,END\n")
        #expect(messages.count == 1)
        #expect(messages[0].contains("spoiled") == (count > ClientVariables.maximumCount))
    }

    @Test(arguments: [4, 5]) func boundsTheBytes(_ count: Int) {
        // Four of these are a little less than 256 KiB, five are more.
        let value = String(repeating: "x", count: 65_000)
        let variables = (0..<count).map { ">CLIENT:ENV,v\($0)=\(value)\n" }.joined()
        let messages = Self.decode(">CLIENT:CONNECT,3,1\n" + variables + ">CLIENT:ENV,END\n")
        #expect(messages.count == 1)
        #expect(messages[0].contains("spoiled") == (count > 4))
    }

    @Test func unreadableLineSpoilsItsBlock() {
        var decoder = ManagementDecoder()
        var reader = ManagementLineReader()
        let bytes = Array(">CLIENT:CONNECT,3,1\n>CLIENT:ENV,username=".utf8) + [0xE9, 0x0A]
        let lines = reader.read(bytes + Array(">CLIENT:ENV,END\n".utf8))
        #expect(
            lines.flatMap { decoder.decode($0) }.map { Self.describe($0.content) }
                == ["spoiled connect 3 1: the line is not UTF-8"],
            "a Latin-1 name gets an answer, and no access")
    }

    @Test func unreadableRowSpoilsNoOther() {
        var decoder = ManagementDecoder()
        var reader = ManagementLineReader()
        let bytes = Array(("TITLE\tx\n" + Self.header + "CLIENT_LIST\t").utf8) + [0xE9, 0x0A]
        let lines = reader.read(bytes + Array("CLIENT_LIST\tbob\t4\nEND\n".utf8))
        #expect(
            lines.flatMap { decoder.decode($0) }.map { Self.describe($0.content) } == [
                "problem the line is not UTF-8", "status [\"Common Name\", \"Client ID\"] [[\"bob\", \"4\"]]",
            ], "or one client could blind us to all the others")
    }

    @Test func unknownLinesAreCounted() {
        var decoder = ManagementDecoder()
        for (index, text) in [">FUTURE:x", "what", "END"].enumerated() {
            _ = decoder.decode(ManagementLine(number: index + 1, content: .text(text)))
        }
        #expect(decoder.ignoredCount == 3)
    }

    @Test func passwordsAreNeverPrinted() {
        var decoder = ManagementDecoder()
        var reader = ManagementLineReader()
        let text = ">CLIENT:CR_RESPONSE,3,1,c2VjcmV0\n>CLIENT:ENV,password=secret\n>CLIENT:ENV,END\n"
        let messages = reader.read(text.utf8).flatMap { decoder.decode($0) }
        var dumped = ""
        dump(messages, to: &dumped)
        for printed in ["\(messages)", String(reflecting: messages), dumped] {
            #expect(!printed.contains("secret") || printed.contains("<secret>"))
            #expect(
                !printed.contains("=secret") && !printed.contains("\"secret\"") && !printed.contains("c2Vj"))
        }
    }
}
