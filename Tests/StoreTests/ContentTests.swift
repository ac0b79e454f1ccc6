import Evidence
import Foundation
import NetworkTypes
import Sessions
import Store
import TestSupport
import Testing

@Suite struct ContentTests {
    @Test func keepsSessions() throws {
        try withFreshPath { path in
            let sessions = try [
                storedSession(), storedSession(client: 22, full: false), storedSession(client: 0),
                storedSession(client: .max),  // beyond SQLite's signed integers
            ]
            let store = try Store(directory: path)
            for session in sessions { try store.put(session: session) }
            #expect(try Set(store.sessions()) == Set(sessions))
            store.close()
            let reopened = try Store(directory: path)
            #expect(try Set(reopened.sessions()) == Set(sessions))
        }
    }

    @Test func replacesAndRemovesSessionsById() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            var session = try storedSession()
            let other = try storedSession(client: 22)
            try store.perform([.putSession(session), .putSession(other)])
            session.session.addresses = []
            session.mfaVerifiedAt = nil
            try store.put(session: session)
            #expect(try store.sessions() == [session, other])
            try store.remove(session: session.session.id)
            try store.remove(session: session.session.id)
            #expect(try store.sessions() == [other])
        }
    }

    @Test func setsAndLiftsHolds() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let user = Hold(subject: .user("emp"), since: .seconds(1), by: "root", reason: "left")
            let again = Hold(subject: .user("emp"), since: .seconds(2), by: "desk")
            let device = Hold(subject: .certificate(try digest(9)), since: .seconds(3), by: "root")
            let key = Hold(subject: .key(try keyDigest(9)), since: .seconds(3), by: "root")
            for hold in [user, device, key, again] { try store.add(hold: hold) }
            #expect(try store.holds() == [device, key, again])
            #expect(try store.lift(key.subject, by: "boss", at: .seconds(4)))
            #expect(try store.lift(.user("emp"), by: "boss", at: .seconds(4)))
            #expect(try !store.lift(.user("emp"), by: "boss", at: .seconds(5)))
            #expect(try !store.lift(.user("nobody"), by: "boss", at: .seconds(5)))
            #expect(try store.holds() == [device])
            let lift = SignOff(at: .seconds(4), by: "boss")
            let history = [
                HoldRecord(hold: user, lifted: lift), HoldRecord(hold: device),
                HoldRecord(hold: key, lifted: lift), HoldRecord(hold: again, lifted: lift),
            ]
            #expect(try store.holdHistory() == history)
            try store.add(hold: user)
            #expect(try store.holds() == [device, user])
        }
    }

    @Test func keepsStatesOfCodes() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let full = TOTPState(acceptedThrough: .seconds(30), failures: 7, blockedUntil: .seconds(90))
            try store.put(totpState: TOTPState(failures: 1), of: CodeOwner("emp"))
            try store.put(totpState: full, of: CodeOwner("emp"))
            try store.put(totpState: TOTPState(), of: CodeOwner("nora"))
            #expect(try store.totpStates() == ["emp": full, "nora": TOTPState()].byOwner)
            try store.perform([.forgetTOTPState(CodeOwner("emp"))])
            #expect(try store.totpStates() == ["nora": TOTPState()].byOwner)
        }
    }

    @Test func keepsThoseOfEachTenantApart() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let owners = [
                CodeOwner("emp"), CodeOwner("emp", tenant: "boston"), CodeOwner("emp", tenant: "b"),
            ]
            for (number, owner) in owners.enumerated() {
                try store.put(totpState: TOTPState(failures: number), of: owner)
            }
            #expect(
                try store.totpStates()
                    == Dictionary(
                        uniqueKeysWithValues: owners.enumerated().map { ($1, TOTPState(failures: $0)) }))
            try store.perform([.forgetTOTPState(owners[1])])
            #expect(try Set(store.totpStates().keys) == [owners[0], owners[2]])
        }
    }

    /// The same name to Swift, other bytes to SQLite: a code used under one spelling is used under the other.
    @Test func knowsEqualNamesAsOne() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.put(totpState: TOTPState(failures: 1), of: CodeOwner("ren\u{e9}"))
            try store.put(totpState: TOTPState(failures: 2), of: CodeOwner("rene\u{301}"))
            #expect(try store.totpStates() == ["ren\u{e9}": TOTPState(failures: 2)].byOwner)
            try store.add(hold: Hold(subject: .user("rene\u{301}"), since: .seconds(1), by: "root"))
            #expect(try store.lift(.user("ren\u{e9}"), by: "root", at: .seconds(2)))
        }
    }

    @Test func makesChangesTogetherAndInOrder() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let session = try storedSession()
            let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root")
            try store.perform([])
            try store.perform([
                .putSession(session), .removeSession(session.session.id), .addHold(hold),
                .liftHold(.user("emp"), by: "root", at: .seconds(2)), .addHold(hold),
                .totpState(TOTPState(failures: 1), CodeOwner("emp")), .forgetTOTPState(CodeOwner("emp")),
                .fact(fact("d", "status", ["lost"])), .fact(fact("d", "status", ["in-use"])),
                .posture(device: "d", posture(), reporter: "d", at: .seconds(3)),
                .forgetPosture(device: "d"),
            ])
            #expect(try store.sessions().isEmpty)
            #expect(try store.totpStates().isEmpty)
            #expect(try store.holds() == [hold])
            #expect(try store.holdHistory().count == 2)
            #expect(try store.facts() == [fact("d", "status", ["in-use"])])
            #expect(try store.postures().isEmpty)
        }
    }

    @Test func takesCallsFromManyThreads() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let store = try Store(directory: path)
        try await withThrowingTaskGroup { group in
            for number in UInt64(0)..<60 {
                group.addTask {
                    try store.put(session: storedSession(client: number))
                    _ = try store.sessions()
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.sessions().map(\.session.id.client) == Array(0..<60))
    }

    /// Random changes against dictionaries, with the store closed and opened in between.
    @Test(arguments: UInt64(1)...6)
    func agreesWithDictionaries(randomSeed: UInt64) throws {
        try withFreshPath { path in
            var random = Seeded(randomSeed)
            var store = try Store(directory: path)
            var sessions: [SessionID: StoredSession] = [:]
            var states: [CodeOwner: TOTPState] = [:]
            for round in 0..<60 {
                var changes: [StoreChange] = []
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    let number = UInt64.random(in: 0..<6, using: &random)
                    var session = try storedSession(client: number, full: number.isMultiple(of: 2))
                    session.interfaceIndex = UInt32(round)
                    let state = TOTPState(failures: round)
                    let owner = CodeOwner("u\(number / 2)", tenant: number.isMultiple(of: 2) ? nil : "boston")
                    if Bool.random(using: &random) {
                        changes += [.putSession(session), .totpState(state, owner)]
                        sessions[session.session.id] = session
                        states[owner] = state
                    } else {
                        changes += [.removeSession(session.session.id), .forgetTOTPState(owner)]
                        sessions[session.session.id] = nil
                        states[owner] = nil
                    }
                }
                try store.perform(changes)
                if round.isMultiple(of: 20) {
                    store.close()
                    store = try Store(directory: path)
                }
                #expect(try Set(store.sessions()) == Set(sessions.values), "random seed \(randomSeed)")
                #expect(try store.totpStates() == states, "random seed \(randomSeed)")
            }
        }
    }
}
