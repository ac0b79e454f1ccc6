import NetworkTypes
import Sessions
import Testing

@testable import VPNSources

/// A `>CLIENT` block that is sound, to be spoiled one variable at a time.
struct Block {
    var header: String
    var variables: [String: String]

    static let digest0 =
        "04:f1:be:06:0f:71:62:7c:72:76:bd:51:86:9a:cc:01:3a:d6:39:d6:a5:52:93:82:9f:10:58:92:e3:18:f3:1c"
    static let digest1 =
        "6b:65:99:e9:65:4a:96:15:92:1b:f5:44:45:eb:0a:24:a4:ab:16:28:c8:d1:cb:c9:e2:77:48:b8:25:62:68:2a"

    private static let common = [
        "common_name": "laptop-0042", "username": "alice", "untrusted_ip": "198.51.100.10",
        "untrusted_port": "45394",
        "tls_digest_sha256_0": digest0, "tls_digest_sha256_1": digest1, "tls_serial_hex_0": "40:5e",
        "tls_serial_hex_1": "68:f6", "tls_id_0": "CN=laptop-0042", "tls_id_1": "CN=Device CA",
        "X509_0_CN": "laptop-0042", "X509_1_CN": "Device CA", "IV_VER": "2.6.14", "UV_ASSET_TAG": "A-0042",
        "daemon_pid": "14851", "dev": "tunovpn",
    ]
    private static let place = [
        "trusted_ip": "198.51.100.10", "trusted_port": "45394", "ifconfig_pool_remote_ip": "10.8.0.2",
        "ifconfig_pool_remote_ip6": "fd08:8::1000", "time_unix": "1795212224",
    ]

    static func connect(_ client: UInt64 = 7, key: UInt64 = 1) -> Block {
        Block(header: "CONNECT,\(client),\(key)", variables: common.merging(["password": "pw"]) { $1 })
    }
    static func renewal(_ client: UInt64 = 7, key: UInt64 = 3) -> Block {
        Block(
            header: "REAUTH,\(client),\(key)",
            variables: common.merging(place) { $1 }.merging(["password": "pw"]) { $1 })
    }
    static func established(_ client: UInt64 = 7) -> Block {
        Block(header: "ESTABLISHED,\(client)", variables: common.merging(place) { $1 })
    }
    static func disconnect(_ client: UInt64 = 7) -> Block {
        let usage = ["time_duration": "92", "bytes_sent": "10", "bytes_received": "11"]
        return Block(
            header: "DISCONNECT,\(client)", variables: common.merging(place) { $1 }.merging(usage) { $1 })
    }

    /// With these variables changed, or taken out where the value is nil.
    func with(_ changes: [String: String?]) -> Block {
        var copy = self
        for (name, value) in changes { copy.variables[name] = value }
        return copy
    }

    var text: String {
        ">CLIENT:\(header)\n"
            + variables.sorted { $0.key < $1.key }.map { ">CLIENT:ENV,\($0.key)=\($0.value)\n" }.joined()
            + ">CLIENT:ENV,END\n"
    }
}

@Suite struct OpenVPNTranslatorTests {
    private static let addresses = ">CLIENT:ADDRESS,7,10.8.0.2,1\n>CLIENT:ADDRESS,7,fd08:8::1000,1\n"

    private static func play(_ texts: String...) -> Replay {
        var replay = Replay(tunnel: "tunovpn")
        replay.receive(Array("SUCCESS: pid=14851\n".utf8))
        for text in texts { replay.receive(Array(text.utf8)) }
        return replay
    }

    @Test func soundBlocksAreSound() throws {
        let replay = Self.play(
            Block.connect().text, Self.addresses, Block.established().text, Block.renewal().text,
            Block.disconnect().text)
        #expect(replay.problems.isEmpty, "\(replay.problems)")
        #expect(replay.logins.map(\.kind) == [.initial, .renewal])
        #expect(replay.established.map(\.id.client) == [7])
        #expect(replay.ended.map(\.client) == [7])
        #expect(replay.logins.map(\.session.addresses.count) == [0, 2])
        #expect(replay.logins.last?.session.startedAt == Instant(secondsSince1970: 1_795_212_224))
    }

    struct Change: Sendable {
        var changes: [String: String?]
        var reason: String
        var why: String

        init(_ changes: [String: String?], _ reason: String, _ why: String) {
            (self.changes, self.reason, self.why) = (changes, reason, "\(why)")
        }
    }

    /// Wrong in any block that asks or tells that a client is in.
    static let contradictions = [
        Change(["dev": "tunother"], "dev is 'tunother', not 'tunovpn'", "another server's socket"),
        Change(["dev": nil], "dev is '', not 'tunovpn'", "no interface"),
        Change(["daemon_pid": "14852"], "daemon_pid is another process", "another run of the server"),
        Change(["daemon_pid": nil], "no daemon_pid", "no process"),
        Change(["daemon_pid": "-1"], "no daemon_pid", "no number"),
        Change(["tls_digest_sha256_0": "04:f1"], "tls_digest_sha256_0 is no SHA-256 digest", "too short"),
        Change(
            ["tls_digest_sha256_1": Block.digest1 + ":00"], "tls_digest_sha256_1 is no SHA-256 digest",
            "too long"),
        Change(["tls_digest_sha256_0": ""], "tls_digest_sha256_0 is no SHA-256 digest", "empty"),
        Change(
            ["tls_digest_sha256_0": nil],
            "the certificate at depth 0 has no digest, or depths are missing",
            "a chain without its leaf"),
        Change(
            ["tls_digest_sha256_3": Block.digest0, "X509_3_CN": "x"],
            "the certificate at depth 2 has no digest, or depths are missing", "a gap in the depths"),
        Change(
            ["X509_2_CN": "x"], "the certificate at depth 2 has no digest, or depths are missing",
            "attributes of a certificate that is not there"),
        Change(
            ["tls_digest_sha256_2": Block.digest0],
            "the certificate at depth 2 has a digest and no attribute",
            "left over from a handshake that failed"),
        Change(
            ["tls_digest_sha256_01": Block.digest0], "a certificate's depth is no number below 16",
            "another spelling of depth 1"),
        Change(
            ["tls_digest_sha256_16": Block.digest0], "a certificate's depth is no number below 16", "too deep"
        ),
        Change(["tls_id_x": ""], "a certificate's depth is no number below 16", "no depth"),
        Change(["X509_CN": ""], "X509_ without a name", "no depth and no name"),
    ]

    @Test(arguments: contradictions) func refusesALogin(_ change: Change) throws {
        let asked = Block.connect().with(change.changes)
        let replay = Self.play(asked.text)
        #expect(replay.logins.isEmpty, "\(change.why)")
        let problem = try #require(replay.problems.first)
        #expect(replay.problems.count == 1)
        #expect(problem.message == ">CLIENT:CONNECT of client 7: \(change.reason)", "\(change.why)")
        #expect(problem.client == SessionID(source: "office", serverProcess: 14851, client: 7))
        let reason = ManagementCommand.quoted(change.reason)
        #expect(
            replay.sent
                == "client-deny 7 1 \(reason) \"The gateway could not read this login. Call the help desk.\"\n"
        )
    }

    @Test(arguments: contradictions) func refusesARenewal(_ change: Change) {
        let replay = Self.play(Block.renewal().with(change.changes).text)
        #expect(replay.logins.isEmpty, "\(change.why)")
        #expect(replay.problems.map(\.client?.client) == [7])
        #expect(replay.sent.hasPrefix("client-deny 7 3 \""))
    }

    @Test(arguments: contradictions) func believesNoEstablished(_ change: Change) {
        let replay = Self.play(Self.addresses, Block.established().with(change.changes).text)
        #expect(replay.established.isEmpty, "\(change.why)")
        #expect(replay.problems.map(\.client?.client) == [7], "named, so that it is thrown out")
        #expect(replay.sent.isEmpty, "nothing was asked")
    }

    /// Wrong only in a block that asks to come in.
    static let badOuter = [
        Change(
            ["untrusted_ip": "198.51.100"], "untrusted_ip is no IPv4 address: '198.51.100'", "three octets"),
        Change(
            ["untrusted_ip": "2001:db8::1"], "untrusted_ip is no IPv4 address: '2001:db8::1'",
            "the wrong family"),
        Change(
            ["untrusted_ip": "198.51.100.10 "], "untrusted_ip is no IPv4 address: '198.51.100.10 '", "a space"
        ),
        Change(["untrusted_ip6": "2001:db8::1"], "two outer addresses", "both families at once"),
        Change(
            ["untrusted_ip": nil, "untrusted_ip6": "fe80::1%eth0"],
            "untrusted_ip6 is no IPv6 address: 'fe80::1%eth0'", "a zone"),
        Change(["untrusted_port": "65536"], "untrusted_port is no port", "beyond 16 bits"),
        Change(["untrusted_port": ""], "untrusted_port is no port", "empty"),
    ]

    @Test(arguments: badOuter) func refusesABadOuterAddress(_ change: Change) {
        let replay = Self.play(Block.connect().with(change.changes).text)
        #expect(replay.logins.isEmpty)
        #expect(
            replay.problems.map(\.message) == [">CLIENT:CONNECT of client 7: " + change.reason],
            "\(change.why)")
        #expect(replay.sent.hasPrefix("client-deny 7 1 "))
    }

    static let badPlaces = [
        Change(
            ["ifconfig_pool_remote_ip": "10.8.0.300"],
            "ifconfig_pool_remote_ip is no IPv4 address: '10.8.0.300'", ""),
        Change(
            ["ifconfig_pool_remote_ip6": "10.8.0.2"],
            "ifconfig_pool_remote_ip6 is no IPv6 address: '10.8.0.2'", ""),
        Change(
            ["ifconfig_pool_remote_ip": "10.8.0.3"], "the addresses differ from those of the ADDRESS lines",
            "another"),
        Change(
            ["ifconfig_pool_remote_ip6": nil], "the addresses differ from those of the ADDRESS lines",
            "one less"),
        Change(
            ["ifconfig_pool_remote_ip": nil, "ifconfig_pool_remote_ip6": nil], "no address",
            "none"),
        Change(["time_unix": "soon"], "time_unix is no number", "no number"),
        Change(["time_unix": "18446744073709551615"], "time_unix is no number", "beyond time"),
        Change(["time_unix": nil], "no time_unix", "no start"),
        Change(["trusted_ip": "::1"], "trusted_ip is no IPv4 address: '::1'", "the wrong family"),
    ]

    @Test(arguments: badPlaces) func believesNoBadPlace(_ change: Change) {
        let replay = Self.play(Self.addresses, Block.established().with(change.changes).text)
        #expect(replay.established.isEmpty, "\(change.why)")
        #expect(replay.problems.map(\.message) == [">CLIENT:ESTABLISHED of client 7: " + change.reason])
        #expect(replay.problems.map(\.client?.client) == [7])
    }

    @Test func addressLinesAreNeeded() {
        #expect(Self.play(Block.established().text).established.isEmpty)
        let half = Self.play(">CLIENT:ADDRESS,7,10.8.0.2,1\n", Block.established().text)
        #expect(half.established.isEmpty)
        let others = Self.play(
            ">CLIENT:ADDRESS,8,10.8.0.2,1\n>CLIENT:ADDRESS,8,fd08:8::1000,1\n", Block.established().text)
        #expect(others.established.isEmpty, "another client's lines do not count")
        let subnet = Self.play(Self.addresses, ">CLIENT:ADDRESS,7,10.77.0.0/24,0\n", Block.established().text)
        #expect(subnet.established.count == 1, "a subnet behind the client is no address of its own")
    }

    @Test(arguments: [
        ("10.8.0", "client 7 has an address that is none: '10.8.0'"),
        ("02:00:00:00:00:01", "client 7 has an address that is none: '02:00:00:00:00:01'"),
        ("10.8.0.2\u{1B}[2J", "client 7 has an address that is none: '10.8.0.2?[2J'"),
    ]) func addressLinesThatAreNone(_ text: String, _ message: String) {
        let replay = Self.play(">CLIENT:ADDRESS,7,\(text),1\n")
        #expect(replay.problems.map(\.message) == [message])
        #expect(replay.problems.map(\.client?.client) == [7])
    }

    @Test func addressesAreFinal() {
        let same = Self.play(Self.addresses, Block.established().text, Self.addresses)
        #expect(same.problems.isEmpty, "said again")
        let another = Self.play(Self.addresses, Block.established().text, ">CLIENT:ADDRESS,7,10.8.0.9,1\n")
        #expect(another.problems.map(\.client?.client) == [7])
        let third = Self.play(Self.addresses, ">CLIENT:ADDRESS,7,10.8.0.9,1\n")
        #expect(third.problems.map(\.client?.client) == [7], "more than one of each family")
    }

    @Test func outerAddressOfIPv6() throws {
        let replay = Self.play(
            Block.connect().with(["untrusted_ip": nil, "untrusted_ip6": "2001:db8:51::20"]).text)
        #expect(
            replay.logins.map(\.session.outer) == [
                Endpoint(address: try address("2001:db8:51::20"), port: 45394)
            ])
    }

    @Test func whatALoginMayLack() throws {
        let bare: [String: String?] = [
            "username": nil, "password": nil, "common_name": nil,
            "untrusted_ip": nil,
            "untrusted_port": nil, "tls_digest_sha256_0": nil,
            "tls_digest_sha256_1": nil,
            "tls_serial_hex_0": nil, "tls_serial_hex_1": nil, "tls_id_0": nil,
            "tls_id_1": nil, "X509_0_CN": nil, "X509_1_CN": nil,
        ]
        let login = try #require(Self.play(Block.connect().with(bare).text).logins.first)
        #expect(login.session.certificates == nil)
        #expect(login.session.userName.isEmpty && login.session.commonName.isEmpty && login.password.isEmpty)
        #expect(login.session.outer == nil)
    }

    @Test func leafAloneIsAChain() throws {
        let block = Block.connect().with([
            "tls_digest_sha256_1": nil, "tls_serial_hex_1": nil, "tls_id_1": nil,
            "X509_1_CN": nil,
        ])
        let chain = try #require(Self.play(block.text).logins.first?.session.certificates)
        #expect(chain.issuers.isEmpty)
        #expect(chain.leaf.attributes == ["CN": "laptop-0042"])
    }

    @Test(arguments: [
        ("Authenticated", "SESS_ID_AT_abc", true, "the server says that its own token is good"),
        ("Authenticated", "pw", false, "the state alone speaks of any password"),
        ("Authenticated", "xSESS_ID_AT_abc", false, "only at the beginning"),
        ("Initial", "SESS_ID_AT_abc", false, "a forged token"),
        ("Expired", "SESS_ID_AT_abc", false, "too old"),
        ("Invalid", "SESS_ID_AT_abc", false, "forged"),
        ("AuthenticatedEmptyUser", "SESS_ID_AT_abc", false, "good for no user name"),
        ("ExpiredEmptyUser", "SESS_ID_AT_abc", false, "neither"),
        ("authenticated", "SESS_ID_AT_abc", false, "another word"),
        (nil, "SESS_ID_AT_abc", false, "a server that gives no tokens: the person typed it"),
    ]) func tokenRenewal(_ state: String?, _ password: String, _ isRenewal: Bool, _ why: String) throws {
        let block = Block.renewal().with(["session_state": state, "password": password])
        let login = try #require(Self.play(block.text).logins.first)
        #expect(login.isTokenRenewal == isRenewal, "\(why)")
        #expect(login.password.matches(Secret(password.utf8)), "handed through untouched")
    }

    @Test func claimsAreTheClientsWordsOnly() throws {
        let login = try #require(Self.play(Block.connect().text).logins.first)
        #expect(login.session.claims == ["IV_VER": "2.6.14", "UV_ASSET_TAG": "A-0042"])
    }
}

// MARK: Order, identity, lists

@Suite struct OpenVPNTranslatorOrderTests {
    private static let addresses = ">CLIENT:ADDRESS,7,10.8.0.2,1\n>CLIENT:ADDRESS,7,fd08:8::1000,1\n"

    private static func play(_ texts: String...) -> Replay {
        var replay = Replay(tunnel: "tunovpn")
        for text in texts { replay.receive(Array(text.utf8)) }
        return replay
    }

    @Test func noticeBeforeTheProcessReply() {
        let agreeing = Self.play(Block.connect().text, "SUCCESS: pid=14851\n")
        #expect(agreeing.logins.map(\.session.id.serverProcess) == [14851])
        #expect(agreeing.problems.isEmpty)
        let disagreeing = Self.play(Block.connect().text, "SUCCESS: pid=99\n", Block.connect(8).text)
        #expect(disagreeing.problems.map(\.client?.client) == [nil, 8])
        #expect(disagreeing.logins.count == 1)
    }

    @Test func aQuestionIsAnsweredOnce() throws {
        var replay = Self.play(Block.connect().text)
        let login = try #require(replay.logins.first)
        let isSent = replay.connection.answer(login, .admit(push: []))
        #expect(isSent)
        let isSentAgain = replay.connection.answer(login, .refuse(log: "", tell: ""))
        #expect(!isSentAgain)
        #expect(replay.sent == "client-auth-nt 7 1\n")
    }

    @Test func anEndWithdrawsTheQuestion() throws {
        var replay = Self.play(Block.connect().text, Block.disconnect().text)
        let login = try #require(replay.logins.first)
        let isSent = replay.connection.answer(login, .admit(push: []))
        #expect(!isSent)
        #expect(replay.sent.isEmpty)
    }

    @Test func twoQuestionsOfOneClient() throws {
        var replay = Self.play(Block.renewal(key: 3).text, Block.renewal(key: 2).text)
        #expect(
            replay.logins.map(\.key) == [3, 2],
            "a restart behind the same port asks with the key put by for it")
        for login in replay.logins {
            let isSent = replay.connection.answer(login, .admit(push: []))
            #expect(isSent)
        }
        #expect(replay.sent == "client-auth-nt 7 3\nclient-auth-nt 7 2\n")
    }

    @Test func theSameQuestionTwiceIsRefused() throws {
        var replay = Self.play(Block.connect().text, Block.connect().text)
        #expect(replay.logins.count == 1)
        #expect(replay.problems.map(\.client?.client) == [7])
        let login = try #require(replay.logins.first)
        let isSent = replay.connection.answer(login, .admit(push: []))
        #expect(!isSent, "it has been answered: no")
        #expect(replay.sent.hasPrefix("client-deny 7 1 ") && !replay.sent.contains("client-auth"))
    }

    @Test func tooManyQuestionsAreRefused() {
        let texts = (1...9).map { Block.renewal(key: $0).text }.joined()
        let replay = Self.play(texts)
        #expect(replay.logins.count == 8)
        #expect(replay.sent.hasPrefix("client-deny 7 9 "))
    }

    @Test func aClientThatIsInCannotComeIn() {
        let replay = Self.play(
            Block.connect().text, Self.addresses, Block.established().text, Block.connect(key: 2).text,
            Block.established().text)
        #expect(replay.logins.count == 1)
        #expect(replay.established.count == 1)
        #expect(replay.problems.map(\.client?.client) == [7, 7])
    }

    @Test func answersOfAnotherRunAreStale() throws {
        var replay = Self.play(Block.connect().text)
        var login = try #require(replay.logins.first)
        login.session = Session(
            id: SessionID(source: "office", serverProcess: 1, client: 7), tunnel: "tunovpn", commonName: "",
            userName: "", certificates: nil, startedAt: Replay.now)
        let isSent = replay.connection.answer(login, .admit(push: []))
        #expect(!isSent)
        for id in [
            SessionID(source: "office", serverProcess: 1, client: 7),
            SessionID(source: "other", serverProcess: 14851, client: 7),
        ] {
            let isSent = replay.connection.disconnect(id, .halt)
            #expect(!isSent, "\(id)")
        }
        let own = SessionID(source: "office", serverProcess: 14851, client: 7)
        let isOwnSent = replay.connection.disconnect(own, .halt)
        #expect(isOwnSent)
        #expect(replay.sent == "client-kill 7 HALT\n")
    }

    @Test func optionsThatCannotBeWrittenRefuse() throws {
        var replay = Self.play(Block.connect().text)
        let login = try #require(replay.logins.first)
        let isSent = replay.connection.answer(
            login, .admit(push: ["route 10.0.0.0", "x\nclient-auth-nt 8 1"]))
        #expect(isSent)
        #expect(replay.sent.hasPrefix("client-deny 7 1 "))
        #expect(replay.sent.utf8.count { $0 == 10 } == 1)
    }

    @Test func spoiledBlocksAreAnswered() {
        let cut = ">CLIENT:ENV,a=1\n>CLIENT:ENV,a=1\n>CLIENT:ENV,END\n"
        let replay = Self.play(
            "SUCCESS: pid=14851\n", ">CLIENT:CONNECT,7,1\n" + cut, ">CLIENT:REAUTH,8,3\n" + cut,
            ">CLIENT:ESTABLISHED,9\n" + cut, ">CLIENT:DISCONNECT,10\n" + cut,
            ">CLIENT:CR_RESPONSE,11,1,x\n" + cut)
        #expect(replay.problems.map(\.client?.client) == [7, 8, 9, nil, nil])
        #expect(
            replay.sent.split(separator: "\n").map { $0.prefix(15) } == [
                "client-deny 7 1", "client-deny 8 3",
            ])
        #expect(replay.ended.map(\.client) == [10], "to believe in an end takes access away")
    }

    @Test func spoiledBeforeTheProcessIsKnownIsStillAnswered() {
        let replay = Self.play(">CLIENT:CONNECT,7,1\n>CLIENT:ENV,x\n>CLIENT:ENV,END\n")
        #expect(replay.problems.map(\.client) == [nil])
        #expect(replay.sent.hasPrefix("client-deny 7 1 "))
    }

    @Test(arguments: [
        (["time_duration": "x"] as [String: String?], nil as Usage?, 1, "no number"),
        (["bytes_sent": nil], nil, 1, "one missing"),
        (["time_duration": nil], nil, 0, "a session that never began has none"),
        (
            ["time_duration": "18446744073709551615"], nil, 1, "longer than time"
        ),
        (
            ["bytes_sent": "18446744073709551615"],
            Usage(octetsFromClient: 11, octetsToClient: .max, duration: .seconds(92)), 0, "the greatest count"
        ),
    ]) func accounts(_ changes: [String: String?], _ usage: Usage?, _ problems: Int, _ why: String) throws {
        let replay = Self.play(Block.disconnect().with(changes).text)
        let event = try #require(replay.events.first)
        guard case .ended(let id, let found) = event else {
            Issue.record("not an end: \(summary(event))")
            return
        }
        #expect(id.client == 7)
        #expect(found == usage, "\(why)")
        #expect(replay.problems.count == problems, "\(why)")
    }

    @Test(arguments: ["daemon_pid", "dev"]) func endOfAnotherServer(_ name: String) {
        let replay = Self.play("SUCCESS: pid=14851\n", Block.disconnect().with([name: "1"]).text)
        #expect(replay.ended.isEmpty)
        #expect(replay.problems.map(\.client) == [nil], "and no client here is to blame")
    }

    @Test func holdIsReleased() {
        #expect(Self.play(">HOLD:Waiting for hold release:0\n").sent == "hold release\n")
    }

    @Test func aServerThatIsNotUpHasNoList() {
        let text = "ERROR: The 'status' command is not supported by the current daemon mode\n"
        #expect(Self.play(text).events.isEmpty, "what a held server says, and one that restarts after SIGHUP")
    }

    /// A server that restarts itself (SIGUSR1, SIGHUP) keeps its process and this connection, ends every client, and
    /// counts from 0 again.
    @Test func numbersComeAgainAfterASoftRestart() {
        let replay = Self.play(
            Block.connect().text, Self.addresses, Block.established().text, Block.disconnect().text,
            ">HOLD:Waiting for hold release:0\n", Block.connect().text, Self.addresses,
            Block.established().text)
        #expect(replay.problems.isEmpty)
        #expect(replay.logins.count == 2 && replay.established.count == 2 && replay.ended.count == 1)
        #expect(replay.sent == "hold release\n")
    }

    @Test func refusalsOfCommandsAreProblems() {
        let replay = Self.play("ERROR: client-auth command failed\n")
        #expect(
            replay.problems.map(\.message) == ["the server refused a command: client-auth command failed"])
    }
}
