import NetworkTypes
import Sessions
import TestSupport
import Testing

/// What VPN servers really do, one test each. See "What OpenVPN really does" in the documentation.
@Suite struct SessionTableTests {
    // MARK: The ordinary life

    @Test func loginEstablishedEnded() throws {
        var table = SessionTable()
        let alice = try session(1, "laptop-0042", leaf: 1)
        #expect(table.apply(.login(login(alice))).words == ["asked 1"])
        #expect(table.open.isEmpty, "a question opens nothing")
        #expect(table.admit(login(alice)).words == [])
        #expect(table.open.isEmpty, "an answer opens nothing: there are no addresses yet")
        #expect(table.apply(.established(try alice.at("10.8.0.2", "fd08::2"))).words == ["opened 1"])
        #expect(table.isOpen(alice.id))
        #expect(table.apply(.ended(alice.id, nil)).words == ["closed 1: ended"])
        #expect(table.open.isEmpty)
        #expect(table.apply(.ended(alice.id, nil)).words == [], "a second farewell says nothing")
    }

    @Test func numberGivenToAnotherClientEndsTheFirst() throws {
        var table = SessionTable()
        let old = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let new = try session(1, "vendor-bob", leaf: 2)
        #expect(
            table.apply(.login(login(new))).words
                == ["closed 1: its number was given to another client", "asked 1"])
        #expect(!table.isOpen(old.id))
        _ = table.admit(login(new))
        #expect(table.apply(.established(try new.at("10.8.0.2"))).words == ["opened 1"])
    }

    @Test func establishedWithoutAdmissionIsAStranger() throws {
        var table = SessionTable()
        let alice = try session(1, "laptop-0042", leaf: 1)
        _ = table.apply(.login(login(alice)))
        let changes = table.apply(.established(try alice.at("10.8.0.2")))
        #expect(changes.words == ["stranger 1: established without an admitted login"])
        #expect(table.open.isEmpty)
    }

    // MARK: Same common name

    @Test func namesakeIsShutBeforeTheNewcomerIsAnswered() throws {
        var table = SessionTable()
        let old = try table.open(try session(21, "laptop-0042", leaf: 1), "10.8.0.2")
        let new = try session(23, "laptop-0042", leaf: 1)
        #expect(table.apply(.login(login(new))).words == ["asked 23, rival 21"])
        #expect(table.isOpen(old.id), "until the newcomer is admitted nothing happens to the old one")
        #expect(table.admit(login(new)).words == ["withdrawn 21 by 23"])
        #expect(!table.isOpen(old.id))
        // The burst that OpenVPN sends: the old one's farewell, then the newcomer at the same address.
        #expect(table.apply(.ended(old.id, nil)).words == ["closed 21: ended"])
        #expect(table.apply(.established(try new.at("10.8.0.2"))).words == ["opened 23"])
    }

    @Test func lateFarewellDoesNotTouchTheHeir() throws {
        var table = SessionTable()
        let old = try table.open(try session(21, "laptop-0042", leaf: 1), "10.8.0.2")
        let new = try session(23, "laptop-0042", leaf: 1)
        _ = table.admit(login(new))
        #expect(table.apply(.established(try new.at("10.8.0.2"))).words == ["opened 23"])
        #expect(table.apply(.ended(old.id, nil)).words == ["closed 21: ended"])
        #expect(table.isOpen(new.id), "the address is the newcomer's now")
        #expect(table.open.map(\.id) == [new.id])
    }

    @Test func newcomerThatGivesUpGivesTheOldOneBack() throws {
        var table = SessionTable()
        let old = try table.open(try session(21, "laptop-0042", leaf: 1), "10.8.0.2")
        let new = try session(23, "laptop-0042", leaf: 1)
        _ = table.admit(login(new))
        #expect(table.apply(.ended(new.id, nil)).words == ["closed 23: ended", "opened 21"])
        #expect(table.isOpen(old.id))
    }

    @Test func secondNewcomerOvertakesTheFirst() throws {
        var table = SessionTable()
        let first = try session(1, "laptop-0042", leaf: 1)
        let second = try session(2, "laptop-0042", leaf: 1)
        _ = table.admit(login(first))
        #expect(table.admit(login(second)).words == ["closed 1: overtaken by a newer login of the same name"])
        #expect(
            table.apply(.established(try first.at("10.8.0.2"))).words
                == ["stranger 1: established without an admitted login"])
        #expect(table.apply(.established(try second.at("10.8.0.2"))).words == ["opened 2"])
    }

    @Test func namesakeOnAnotherSourceIsNobody() throws {
        var table = SessionTable()
        let here = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let there = try session(1, "laptop-0042", leaf: 1, source: "annex")
        #expect(table.apply(.login(login(there))).words == ["asked 1"])
        #expect(table.admit(login(there)).words == [])
        #expect(table.isOpen(here.id))
    }

    // MARK: Addresses

    @Test(arguments: ["10.8.0.2", "fd08::2"])
    func addressOfALiveSessionClosesBoth(_ address: String) throws {
        var table = SessionTable()
        let one = try table.open(try session(1, "laptop-0042", leaf: 1), address)
        let two = try session(2, "vendor-bob", leaf: 2)
        _ = table.admit(login(two))
        let changes = table.apply(.established(try two.at(address))).words
        #expect(
            changes == [
                "closed 2: address of a live session", "closed 1: address of a live session",
                "stranger 2: address of a live session", "stranger 1: address of a live session",
            ])
        #expect(!table.isOpen(one.id) && !table.isOpen(two.id))
    }

    @Test func sameAddressInAnotherTunnelIsAnotherAddress() throws {
        var table = SessionTable()
        _ = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let other = try session(2, "vendor-bob", leaf: 2, tunnel: "tun9")
        _ = table.admit(login(other))
        #expect(table.apply(.established(try other.at("10.8.0.2"))).words == ["opened 2"])
    }

    // MARK: Identity

    @Test(arguments: [
        (2, "laptop-0042", "alice", "another certificate than at login"),
        (1, "laptop-0666", "alice", "another common name than at login"),
        (1, "laptop-0042", "mallory", "another user than at login"),
    ])
    func renewalWithAnotherIdentityIsAnImpostor(
        leaf: UInt8, name: String, user: String, why: String
    ) throws {
        var table = SessionTable()
        _ = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let renewal = login(try session(1, name, leaf: leaf, user: user), .renewal)
        #expect(table.apply(.login(renewal)).words == ["impostor 1: \(why)"])
        let established = try session(1, name, leaf: leaf, user: user).at("10.8.0.2")
        #expect(table.apply(.established(established)).words == ["closed 1: \(why)", "stranger 1: \(why)"])
        #expect(table.open.isEmpty)
    }

    @Test func renewalOfAnUnknownSessionIsAStranger() throws {
        var table = SessionTable()
        let renewal = login(try session(7, "laptop-0042", leaf: 1), .renewal)
        #expect(table.apply(.login(renewal)).words == ["stranger 7: renews a session that is not known"])
    }

    // MARK: Snapshots: attaching, vanishing, roaming

    @Test func snapshotClosesWhatTheServerNoLongerLists() throws {
        var table = SessionTable()
        let one = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let two = try table.open(try session(2, "vendor-bob", leaf: 2), "10.8.0.3")
        let changes = table.apply(.snapshot(source: "office", serverProcess: 100, [two.report]))
        #expect(changes.words == ["closed 1: no longer listed by the VPN server"])
        #expect(!table.isOpen(one.id) && table.isOpen(two.id))
    }

    @Test func restartedServerHasNoneOfTheOldSessions() throws {
        var table = SessionTable()
        let one = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        var report = one.report
        report.id = SessionID(source: "office", serverProcess: 200, client: 1)
        let changes = table.apply(.snapshot(source: "office", serverProcess: 200, [report]))
        #expect(
            changes.words == [
                "closed 1: no longer listed by the VPN server", "stranger 1: not admitted by us",
            ])
        #expect(table.open.isEmpty)
    }

    @Test func snapshotOfAnotherSourceSaysNothingOfThisOne() throws {
        var table = SessionTable()
        let one = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        #expect(table.apply(.snapshot(source: "annex", serverProcess: 100, [])).words == [])
        #expect(table.isOpen(one.id))
    }

    @Test func clientThatNobodyAdmittedIsAStranger() throws {
        var table = SessionTable()
        var pending = try session(3, "laptop-0077", leaf: 3).report
        let change = table.apply(.snapshot(source: "office", serverProcess: 100, [pending]))
        #expect(change.words == ["stranger 3: not admitted by us"])
        let again = table.apply(.snapshot(source: "office", serverProcess: 100, [pending]))
        #expect(again.words == [], "being thrown out takes the server some seconds")
        _ = table.apply(.snapshot(source: "office", serverProcess: 100, []))
        let back = table.apply(.snapshot(source: "office", serverProcess: 100, [pending]))
        #expect(back.words == ["stranger 3: not admitted by us"])
        _ = table.apply(.snapshot(source: "office", serverProcess: 100, []))
        pending.commonName = "UNDEF"
        let handshake = table.apply(.snapshot(source: "office", serverProcess: 100, [pending]))
        #expect(handshake.words == [], "a handshake under way will ask when it has a name")
    }

    /// OpenVPN tells a refused client why when that asks for its settings, and lists it until then. Thrown out before
    /// that, it comes straight back and its person hears nothing.
    @Test func whoWasRefusedIsLeftToHearWhy() throws {
        var table = SessionTable()
        let lost = try session(3, "laptop-0077", leaf: 3)
        let list = SessionEvent.snapshot(source: "office", serverProcess: 100, [lost.report])
        _ = table.apply(.login(login(lost)))
        table.refuse(login(lost))
        #expect(table.apply(list).words == [])
        #expect(table.apply(list).words == [], "it goes when it has heard")
        #expect(table.open.isEmpty)
        // An address is more than a refusal gives.
        var inside = lost.report
        inside.addresses = [try #require(IPAddress("10.8.0.2"))]
        #expect(
            table.apply(.snapshot(source: "office", serverProcess: 100, [inside])).words
                == ["stranger 3: not admitted by us"])
    }

    /// Each makes what is listed under that number somebody else, or leaves open whether the refusal was heard.
    @Test(arguments: ["not listed", "ended", "detached", "asks again"])
    func aRefusalCountsForItsOwnClientOnly(_ then: String) throws {
        var table = SessionTable()
        let lost = try session(3, "laptop-0077", leaf: 3)
        _ = table.apply(.login(login(lost)))
        table.refuse(login(lost))
        switch then {
        case "not listed": _ = table.apply(.snapshot(source: "office", serverProcess: 100, []))
        case "ended": _ = table.apply(.ended(lost.id, nil))
        case "detached": _ = table.apply(.detached(source: "office", reason: "gone"))
        default: _ = table.apply(.login(login(lost)))
        }
        let list = SessionEvent.snapshot(source: "office", serverProcess: 100, [lost.report])
        #expect(table.apply(list).words == ["stranger 3: not admitted by us"])
    }

    @Test func whoWasRefusedAndEstablishedIsAStranger() throws {
        var table = SessionTable()
        let lost = try session(3, "laptop-0077", leaf: 3)
        _ = table.apply(.login(login(lost)))
        table.refuse(login(lost))
        #expect(
            table.apply(.established(try lost.at("10.8.0.2"))).words
                == ["stranger 3: established without an admitted login"])
    }

    @Test func roamingShowsInTheSnapshotOnly() throws {
        var table = SessionTable()
        var one = try session(1, "laptop-0042", leaf: 1)
        one.outer = Endpoint(address: try #require(IPAddress("198.51.100.10")), port: 1000)
        one = try table.open(one, "10.8.0.2")
        var report = one.report
        report.outer = Endpoint(address: try #require(IPAddress("198.51.100.10")), port: 2000)
        #expect(
            table.apply(.snapshot(source: "office", serverProcess: 100, [report])).words == [], "another port"
        )
        report.outer = Endpoint(address: try #require(IPAddress("198.51.100.11")), port: 2000)
        #expect(table.apply(.snapshot(source: "office", serverProcess: 100, [report])).words == ["roamed 1"])
        #expect(table[one.id]?.outer?.address.description == "198.51.100.11")
    }

    @Test func restoredSessionWaitsForTheServersWord() throws {
        var table = SessionTable()
        let known = try session(1, "laptop-0042", leaf: 1).at("10.8.0.2")
        let gone = try session(2, "vendor-bob", leaf: 2).at("10.8.0.3")
        table.restore([known, gone])
        #expect(table.isOpen(known.id), "on what is left of its lease")
        let changes = table.apply(.snapshot(source: "office", serverProcess: 100, [known.report]))
        #expect(changes.words == ["closed 2: no longer listed by the VPN server", "opened 1"])
    }

    @Test func restoredSessionWhoseRowDiffersIsThrownOut() throws {
        var table = SessionTable()
        let known = try session(1, "laptop-0042", leaf: 1).at("10.8.0.2")
        table.restore([known])
        var report = known.report
        report.addresses = [try #require(IPAddress("10.8.0.9"))]
        let changes = table.apply(.snapshot(source: "office", serverProcess: 100, [report]))
        let why = "other addresses than when it was established"
        #expect(changes.words == ["closed 1: \(why)", "stranger 1: \(why)"])
    }

    @Test func problemAboutAClientClosesIt() throws {
        var table = SessionTable()
        let one = try table.open(try session(1, "laptop-0042", leaf: 1), "10.8.0.2")
        let problem = SourceProblem(line: 7, message: "address cut in half", client: one.id)
        #expect(
            table.apply(.problem(source: "office", problem)).words
                == ["closed 1: address cut in half", "stranger 1: address cut in half"])
    }

    // MARK: Against a slow model

    /// Random events in random order; after each, no address has two holders, and what is open was admitted.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func nothingIsOpenThatWasNotAdmitted(seed: UInt64) throws {
        var random = Seeded(seed)
        var table = SessionTable()
        var admitted: Set<SessionID> = []
        for step in 0..<3_000 {
            let client = UInt64.random(in: 0..<6, using: &random)
            let name = ["laptop", "vendor"].randomElement(using: &random) ?? "laptop"
            let known = try session(client, name, leaf: UInt8(client))
            let address = "10.8.0.\(Int.random(in: 1...3, using: &random))"
            switch Int.random(in: 0..<5, using: &random) {
            case 0: _ = table.apply(.login(login(known)))
            case 1:
                _ = table.admit(login(known))
                admitted.insert(known.id)
            case 2: _ = table.apply(.established(try known.at(address)))
            case 3:
                for case .closed(let session, _) in table.apply(.ended(known.id, nil)) {
                    admitted.remove(session.id)
                }
            default:
                let rows = table.open.filter { _ in Bool.random(using: &random) }.map(\.report)
                _ = table.apply(.snapshot(source: "office", serverProcess: 100, rows))
            }
            let addresses = table.open.flatMap(\.addresses)
            #expect(Set(addresses).count == addresses.count, "seed \(seed), step \(step)")
            #expect(table.open.allSatisfy { admitted.contains($0.id) }, "seed \(seed), step \(step)")
        }
    }
}

private func session(
    _ client: UInt64, _ name: String, leaf: UInt8, user: String = "alice", source: String = "office",
    tunnel: String = "tun0"
) throws -> Session {
    let digest = try #require(CertificateDigest(bytes: Array(repeating: leaf, count: 32)))
    return Session(
        id: SessionID(source: source, serverProcess: 100, client: client), tunnel: tunnel, commonName: name,
        userName: user, certificates: CertificateChain(leaf: PresentedCertificate(digest: digest)),
        startedAt: Instant(secondsSince1970: 1_795_212_224))
}

private func login(_ session: Session, _ kind: Login.Kind = .initial) -> Login {
    Login(kind: kind, session: session, key: 1, password: Secret([]))
}

extension Session {
    fileprivate func at(_ addresses: String...) throws -> Session {
        var copy = self
        copy.addresses = try addresses.map { try #require(IPAddress($0)) }
        return copy
    }

    fileprivate var report: SessionReport {
        SessionReport(
            id: id, commonName: commonName, userName: userName, outer: outer, addresses: addresses,
            startedAt: startedAt)
    }
}

extension SessionTable {
    fileprivate mutating func open(_ session: Session, _ address: String) throws -> Session {
        let established = try session.at(address)
        _ = admit(login(session))
        #expect(apply(.established(established)).words == ["opened \(session.id.client)"])
        return established
    }
}

extension [SessionChange] {
    fileprivate var words: [String] {
        map { change in
            switch change {
            case .asked(let login, let rival):
                "asked \(login.session.id.client)" + (rival.map { ", rival \($0.id.client)" } ?? "")
            case .impostor(let login, _, let why): "impostor \(login.session.id.client): \(why)"
            case .opened(let session): "opened \(session.id.client)"
            case .roamed(let session): "roamed \(session.id.client)"
            case .withdrawn(let session, let newcomer): "withdrawn \(session.id.client) by \(newcomer.client)"
            case .closed(let session, let end): "closed \(session.id.client): \(end)"
            case .stranger(let id, let why): "stranger \(id.client): \(why)"
            }
        }
    }
}
