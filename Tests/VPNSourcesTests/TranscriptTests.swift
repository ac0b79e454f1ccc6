import NetworkTypes
import Sessions
import TestSupport
import Testing

@testable import VPNSources

@Suite struct TranscriptTests {
    struct Expectation: Sendable {
        var name: String
        var initial, renewals, established, ended, snapshots, problems: Int
        var serverProcess: Int32
    }

    /// Counted with grep in the recordings, not with this program.
    static let expectations = [
        // The one problem is the recorder's own mistake, `client-kill-x`, and the server's ERROR for it.
        Expectation(
            name: "mgmt-01-main", initial: 25, renewals: 9, established: 12, ended: 24, snapshots: 4,
            problems: 1,
            serverProcess: 14851),
        Expectation(
            name: "mgmt-02-auth-gen-token-default-x509", initial: 1, renewals: 2, established: 1, ended: 1,
            snapshots: 0, problems: 0, serverProcess: 29187),
        Expectation(
            name: "mgmt-03-x509-track-san", initial: 2, renewals: 0, established: 2, ended: 2, snapshots: 0,
            problems: 0, serverProcess: 30130),
        Expectation(
            name: "mgmt-04-ifconfig-push", initial: 1, renewals: 0, established: 1, ended: 1, snapshots: 0,
            problems: 0,
            serverProcess: 1847),
        Expectation(
            name: "mgmt-05-ipv6-outer", initial: 3, renewals: 0, established: 3, ended: 3, snapshots: 1,
            problems: 0,
            serverProcess: 30369),
        Expectation(
            name: "mgmt-06-reattach-then-story", initial: 4, renewals: 40, established: 4, ended: 4,
            snapshots: 1,
            problems: 0, serverProcess: 14851),
        Expectation(
            name: "mgmt-07-reauth-deny", initial: 0, renewals: 1, established: 0, ended: 1, snapshots: 0,
            problems: 0,
            serverProcess: 14851),
        Expectation(
            name: "mgmt-08-three-clients-kill", initial: 4, renewals: 11, established: 4, ended: 1,
            snapshots: 0,
            problems: 0, serverProcess: 32493),
    ]

    @Test func everyRecordingIsExpected() { #expect(Self.expectations.map(\.name) == Transcript.names) }

    @Test(arguments: expectations) func replaysWhole(_ expected: Expectation) throws {
        let replay = try Transcript(expected.name).replay()
        #expect(replay.logins.count { $0.kind == .initial } == expected.initial)
        #expect(replay.logins.count { $0.kind == .renewal } == expected.renewals)
        #expect(replay.established.count == expected.established)
        #expect(replay.ended.count == expected.ended)
        #expect(replay.snapshots.count == expected.snapshots)
        #expect(replay.problems.count == expected.problems, "\(replay.problems)")
        #expect(replay.staleAnswers == 0)
        #expect(replay.failure == nil)
        #expect(replay.logins.allSatisfy { $0.session.id.serverProcess == expected.serverProcess })
    }

    @Test(arguments: Transcript.names) func everyLoginIsWhole(_ name: String) throws {
        for login in try Transcript(name).replay().logins {
            let chain = try #require(login.session.certificates)
            #expect((1...2).contains(chain.issuers.count))
            #expect(chain.leaf.attributes["CN"] == login.session.commonName)
            #expect(!chain.leaf.serial.isEmpty && !chain.leaf.subject.isEmpty)
            #expect(!login.session.userName.isEmpty && !login.password.isEmpty)
            #expect(login.session.outer?.port != nil)
            #expect(login.session.claims["IV_VER"] == "2.6.14")
            #expect(login.session.claims["UV_ASSET_TAG"] != nil)
            #expect(login.session.addresses.count == (login.kind == .initial ? 0 : 2))
        }
    }

    /// What is sent is not compared: an answer comes after the chunk that asked, so a client that asks and goes within
    /// one chunk gets none.
    @Test(arguments: Transcript.names, [1, 2, 3] as [UInt64])
    func cutsMakeNoDifference(_ name: String, _ seed: UInt64) throws {
        let transcript = try Transcript(name)
        var whole = Replay(tunnel: transcript.tunnel)
        whole.receive(transcript.serverBytes) { 4_096 }
        var random = Seeded(seed)
        var cut = Replay(tunnel: transcript.tunnel)
        cut.receive(transcript.serverBytes) { Int.random(in: 1...3_000, using: &random) }
        #expect(cut.events.map(summary) == whole.events.map(summary), "seed \(seed)")
    }

    @Test func oneByteAtATime() throws {
        let transcript = try Transcript("mgmt-05-ipv6-outer")
        var whole = Replay(tunnel: transcript.tunnel)
        whole.receive(transcript.serverBytes) { .max }
        var single = Replay(tunnel: transcript.tunnel)
        single.receive(transcript.serverBytes) { 1 }
        #expect(single.events.map(summary) == whole.events.map(summary))
    }
}

/// What a recording shows that a rule depends on.
@Suite struct TranscriptFactTests {
    @Test func firstLogin() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let login = try #require(replay.logins.first)
        #expect(login.kind == .initial)
        #expect(login.key == 1)
        #expect(login.session.id == SessionID(source: "office", serverProcess: 14851, client: 0))
        #expect(login.session.tunnel == "tunovpn")
        #expect(login.session.userName == "alice")
        #expect(login.session.commonName == "laptop-0042")
        #expect(login.session.outer == Endpoint(address: try address("198.51.100.10"), port: 45394))
        #expect(login.session.startedAt == Replay.now)
        #expect(login.password.matches(Secret("pw-alice".utf8)))
        let chain = try #require(login.session.certificates)
        #expect(
            chain.leaf.digest.description
                == "04f1be060f71627c7276bd51869acc013ad639d6a55293829f105892e318f31c")
        #expect(chain.leaf.serial == "40:5e:36:01:51:3f:c1:55:b7:29:e5:ee:c3:65:c3:b3")
        #expect(
            chain.leaf.subject
                == "C=CZ, O=Example Corp, OU=Managed Devices, CN=laptop-0042, emailAddress=alice@example.test"
        )
        #expect(chain.issuers.map { $0.attributes["CN"] } == ["Example Corp Device CA"])
        #expect(
            login.session.claims["IV_CIPHERS"] == "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305",
            "a value may hold colons")
    }

    @Test func establishedRepeatsTheLogin() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let login = try #require(replay.logins.first)
        let session = try #require(replay.established.first)
        #expect(session.id == login.session.id)
        #expect(session.addresses == [try address("10.8.0.2"), try address("fd08:8::1000")])
        #expect(session.startedAt == Instant(secondsSince1970: 1_795_212_224))
        #expect(session.certificates == login.session.certificates)
        #expect(session.claims == login.session.claims)
        #expect(session.outer == login.session.outer)
    }

    @Test func usageOfAnEndedSession() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let usages = replay.events.compactMap { event -> Usage?? in
            if case .ended(_, let usage) = event { usage } else { nil }
        }
        #expect(
            usages.first
                == Usage(octetsFromClient: 11367, octetsToClient: 10632, duration: .seconds(92)))
    }

    /// A vendor's certificate of another authority with the employee's common name throws the employee out and gets
    /// the address, in one burst. The order is what makes it safe: the end comes before the new owner.
    @Test func evictionBySameCommonName() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let vendor = try #require(
            replay.events.firstIndex { event in
                if case .login(let login) = event { login.session.id.client == 23 } else { false }
            })
        guard case .login(let login) = replay.events[vendor],
            case .ended(let evicted, _) = replay.events[vendor + 1],
            case .established(let session) = replay.events[vendor + 2]
        else {
            Issue.record("not login, end, established: \(replay.events[vendor...].prefix(3).map(summary))")
            return
        }
        #expect(evicted.client == 21)
        #expect(session.id.client == 23)
        let employee = try #require(replay.established.first { $0.id.client == 21 })
        #expect(session.addresses == employee.addresses, "the address passes on")
        #expect(session.commonName == employee.commonName, "the name is the same")
        #expect(session.certificates?.issuers.first?.digest != employee.certificates?.issuers.first?.digest)
        #expect(login.session.certificates == session.certificates, "known before it is let in")
    }

    /// A client that went without a word (SIGKILL) ends when its next login evicts it, and another after its time.
    @Test func lateEnds() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let order = replay.events.compactMap { event -> String? in
            switch event {
            case .login(let login) where login.kind == .initial: "login \(login.session.id.client)"
            case .established(let session): "in \(session.id.client)"
            case .ended(let id, _): "out \(id.client)"
            default: nil
            }
        }
        let begin = try #require(order.firstIndex(of: "login 1"))
        #expect(
            Array(order[begin...].prefix(8))
                == ["login 1", "out 0", "in 1", "out 1", "login 2", "in 2", "login 3", "in 3"])
        // The old client's end comes while three others have logged in: it must name the old one.
        let pending = try #require(order.firstIndex(of: "login 19"))
        #expect(Array(order[pending...].prefix(4)) == ["login 19", "out 18", "out 17", "out 16"])
    }

    @Test func deniedLoginsEnd() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        #expect(!replay.established.contains { $0.id.client == 5 })
        let end = replay.events.compactMap { event -> Usage?? in
            if case .ended(let id, let usage) = event, id.client == 5 { usage } else { nil }
        }
        #expect(end == [nil], "its block is empty: no accounts, not even the server's process")
    }

    @Test func pendingLoginIsARowWithoutAddresses() throws {
        let rows = try #require(try Transcript("mgmt-01-main").replay().snapshots.dropFirst().first)
        let pending = try #require(rows.first { $0.id.client == 20 })
        #expect(pending.addresses.isEmpty)
        #expect(pending.userName == "sso")
        #expect(pending.commonName == "laptop-0077")
        let reattached = try #require(try Transcript("mgmt-06-reattach-then-story").replay().snapshots.first)
        #expect(reattached.map(\.id.client) == [26])
        #expect(reattached.allSatisfy { $0.addresses.isEmpty })
    }

    /// A client that moves makes no event: REAUTH goes on naming the old address, and the list names the new one.
    @Test func roamingShowsInTheListAlone() throws {
        let replay = try Transcript("mgmt-01-main").replay()
        let rows = replay.snapshots.flatMap(\.self).filter { $0.id.client == 21 }
        let old = Endpoint(address: try address("198.51.100.10"), port: 45021)
        let new = Endpoint(address: try address("198.51.100.11"), port: 45021)
        #expect(rows.map(\.outer) == [old, new, new])
        let renewals = replay.logins.filter { $0.session.id.client == 21 && $0.kind == .renewal }
        #expect(renewals.count == 4)
        #expect(renewals.allSatisfy { $0.session.outer == old })
    }

    @Test func outerAddressOfEitherFamily() throws {
        let replay = try Transcript("mgmt-05-ipv6-outer").replay()
        #expect(replay.logins.map { $0.session.outer?.address.family } == [.ipv4, .ipv6, .ipv4])
        let rows = try #require(replay.snapshots.first)
        #expect(
            rows.map(\.outer) == [
                Endpoint(address: try address("198.51.100.10"), port: 47094),
                Endpoint(address: try address("2001:db8:51::20"), port: nil),
            ], "no port for IPv6 in OpenVPN 2.6")
        let vendor = try #require(replay.established.first { $0.id.client == 1 })
        #expect(vendor.outer?.address == (try address("2001:db8:51::20")))
        #expect(vendor.outer?.port != nil)
    }

    @Test func tokensRenewAndFirstPasswordsDoNot() throws {
        let logins = try Transcript("mgmt-02-auth-gen-token-default-x509").replay().logins
        #expect(logins.map(\.isTokenRenewal) == [false, true, true])
        #expect(logins.map(\.kind) == [.initial, .renewal, .renewal])
        #expect(logins.map { $0.session.certificates?.issuers.count } == [2, 2, 2])
        let others = try Transcript.names.filter { !$0.hasPrefix("mgmt-02") }.flatMap {
            try Transcript($0).replay().logins
        }
        #expect(!others.contains { $0.isTokenRenewal }, "no other server gives tokens")
    }

    @Test func namesAreNotSplit() throws {
        let login = try #require(try Transcript("mgmt-03-x509-track-san").replay().logins.first)
        #expect(
            login.session.certificates?.leaf.attributes["subjectAltName"]
                == "email:alice@example.test, URI:urn:example:device:0042, othername: UPN::alice@corp.example.test"
        )
    }

    @Test func addressesThatWereHandedOutByName() throws {
        let session = try #require(try Transcript("mgmt-04-ifconfig-push").replay().established.first)
        #expect(session.addresses == [try address("10.8.1.200"), try address("fd08:81::c8")])
    }

    @Test func refusedRenewalEnds() throws {
        let replay = try Transcript("mgmt-07-reauth-deny").replay()
        let login = try #require(replay.logins.first)
        #expect(login.kind == .renewal)
        #expect(login.key == 19)
        #expect(login.session.addresses.count == 2, "it was in before we attached")
        #expect(replay.ended == [login.session.id])
        #expect(replay.sent.contains("client-deny 29 19 \"\" \"\"\n"))
    }

    @Test func helloComesAfterTheGreeting() throws {
        let replay = try Transcript("mgmt-08-three-clients-kill").replay()
        #expect(replay.sent.hasPrefix("version\npid\nhold release\nstatus 3\nclient-auth-nt 0 1\n"))
    }
}
