import NetworkTypes
import Sessions
import Testing

@Suite struct SessionTests {
    /// Two runs of a server give the same numbers to other people.
    @Test func identityIsSourceRunAndClient() {
        let id = SessionID(source: "office", serverProcess: 14851, client: 21)
        #expect(id == SessionID(source: "office", serverProcess: 14851, client: 21))
        #expect(id != SessionID(source: "vendors", serverProcess: 14851, client: 21))
        #expect(id != SessionID(source: "office", serverProcess: 14852, client: 21))
        #expect(id != SessionID(source: "office", serverProcess: 14851, client: 23))
        #expect(id.description == "office/21")
    }

    @Test(
        arguments: [
            ("198.51.100.10", 45394, "198.51.100.10:45394"),
            ("198.51.100.10", nil, "198.51.100.10"),
            ("2001:db8::1", 1194, "[2001:db8::1]:1194"),
            ("2001:db8::1", nil, "2001:db8::1"),
        ] as [(String, UInt16?, String)]) func endpoints(_ address: String, _ port: UInt16?, _ text: String)
        throws
    {
        #expect(Endpoint(address: try #require(IPAddress(address)), port: port).description == text)
    }

    @Test func problemsSayWhere() {
        #expect(SourceProblem(line: 7, message: "no digest").description == "line 7: no digest")
    }

    @Test func aLoginDoesNotPrintItsPassword() {
        let session = Session(
            id: SessionID(source: "office", serverProcess: 1, client: 2), tunnel: "tun0", commonName: "",
            userName: "alice", certificates: nil, startedAt: Instant(secondsSince1970: 0))
        let login = Login(kind: .initial, session: session, key: 1, password: Secret("hunter2".utf8))
        var dumped = ""
        dump(SessionEvent.login(login), to: &dumped)
        for text in ["\(login)", "\(SessionEvent.login(login))", String(reflecting: login), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }
}
