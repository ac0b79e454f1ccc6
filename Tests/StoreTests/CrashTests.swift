import Audit
import AuditLog
import Evidence
import Foundation
import Glibc
import Sessions
import Store
import TestSupport
import Testing

/// A process that is killed in the middle of writing, and what is found afterwards.
@Suite(.serialized) struct CrashTests {
    /// The child writes without end and notes, after each call that returned, its number in a file. Another thread of
    /// it kills it after so many notes, at whatever point of whichever write that falls.
    @Test(arguments: [1, 2, 7, 40, 150])
    func everyAcknowledgedWriteIsThere(notes: Int) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, notes = notes as Int] in
            try writeUntilKilled(path, notes: notes)
        }
        let log = try String(contentsOfFile: path + "/acknowledged", encoding: .utf8)
        let acknowledged = try #require(log.split(separator: "\n").last.flatMap { Int($0) })
        #expect(acknowledged >= notes)
        let store = try Store(directory: path)
        // The one write after the last note may be there or not: its note was not written yet.
        let failures = try #require(store.totpStates()[CodeOwner("emp")]).failures
        #expect((acknowledged...acknowledged + 1).contains(failures))
        // Both halves of each transaction, or none.
        let clients = try store.sessions().map(\.session.id.client)
        #expect(clients == (1...UInt64(failures)).map { $0 })
        try store.add(hold: Hold(subject: .user("emp"), since: .seconds(1), by: "root"))
    }

    /// Five hundred changes of every kind, each acknowledged by itself, in a process that is killed again and again at
    /// random times: from the last note to the kill takes a random while, so that it falls at any point of a write.
    @Test(arguments: [1, 2, 3])
    func everyAcknowledgedChangeIsThere(randomSeed: Int) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var random = Seeded(UInt64(randomSeed))
        var done = 0
        var rounds = 0
        // Stored and not recorded when the process died between the two: nobody was told that they were done.
        var untold: Set<Int> = []
        while done < CrashScript.count {
            rounds += 1
            let notes = min(Int.random(in: 1...120, using: &random), CrashScript.count - done)
            let spins = Int.random(in: 0...200, using: &random)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    path = path as String, randomSeed = randomSeed as Int, done = done as Int,
                    notes = notes as Int, spins = spins as Int
                ] in
                try CrashScript(UInt64(randomSeed)).perform(path, from: done, notes: notes, spins: spins)
            }
            let log = try String(contentsOfFile: path + "/acknowledged", encoding: .utf8)
            let acknowledged = try #require(log.split(separator: "\n").last.flatMap { Int($0) })
            #expect(acknowledged >= done + notes)
            let store = try Store(directory: path)
            let found = try CrashState(store)
            let script = CrashScript(UInt64(randomSeed))
            let isWhole = found == script.state(after: acknowledged)
            // The one change after the last note may be there or not: its note was not written yet.
            #expect(isWhole || found == script.state(after: acknowledged + 1), "random seed \(randomSeed)")
            done = isWhole ? acknowledged : acknowledged + 1
            // And on the record: nothing that was acknowledged is missing, and the chain is whole.
            let recorded = try recordedChanges(path)
            #expect(Set(1...acknowledged).subtracting(recorded).subtracting(untold).isEmpty)
            if done > acknowledged, !recorded.contains(done) { untold.insert(done) }
        }
        print("random seed \(randomSeed): \(done) changes, killed \(rounds) times")
        #expect(untold.count <= rounds, "one change at most falls between the two")
    }

    /// The numbers of the changes on the record, once a start has gone on with it.
    private func recordedChanges(_ path: String) throws -> Set<Int> {
        let folder = AuditFolder.inState(path)
        try AuditLog(folder, segmentBytes: 4096).record([AuditEntry(.started, at: .seconds(0))])
        var verifier = ChainVerifier()
        var changes: Set<Int> = []
        for segment in try folder.segments() {
            let bytes = try folder.read(segment)
            #expect(verifier.read(segment.name, startingAt: segment.number, bytes) == nil)
            for line in bytes.split(separator: 0x0A) {
                let record = try #require(AuditRecord(line: line))
                if let number = record.entry[number: .count], record.entry.kind == .order {
                    changes.insert(Int(number))
                }
            }
        }
        #expect(verifier.finish() == nil)
        return changes
    }

    /// The child dies while it makes its first database; the next start has one.
    @Test func survivesADeathWhileTheStoreIsMade() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            killWhenExists(path + "/gatehouse.sqlite.new")
            while true {
                try Store(directory: path).close()
                try FileManager.default.removeItem(atPath: path)
            }
        }
        #expect(try Store(directory: path).sessions().isEmpty)
    }
}

private func writeUntilKilled(_ path: String, notes: Int) throws {
    let store = try Store(directory: path)
    let log = unsafe open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
    let enough = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        enough.wait()
        kill(getpid(), SIGKILL)
    }
    for number in 1... {
        try store.perform([
            .putSession(try storedSession(client: UInt64(number))),
            .totpState(TOTPState(failures: number), CodeOwner("emp")),
        ])
        let note = Array("\(number)\n".utf8)
        _ = unsafe note.withUnsafeBytes { unsafe write(log, $0.baseAddress, $0.count) }
        if number == notes { enough.signal() }
    }
}

/// Changes of every kind, the same for the same seed: the child makes them, the parent knows them.
private struct CrashScript {
    static let count = 500

    private var changes: [StoreChange] = []

    init(_ seed: UInt64) {
        var random = Seeded(seed)
        changes = (0..<(Self.count + 400)).compactMap { try? Self.change(Int64($0), &random) }
    }

    private static func change(_ number: Int64, _ random: inout Seeded) throws -> StoreChange {
        let one = Int.random(in: 0..<12, using: &random)
        let user = "u\(one)"
        let owner = CodeOwner(user, tenant: one.isMultiple(of: 3) ? "boston" : nil)
        let at = Instant.seconds(number)
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1: return .fact(fact("d\(one)", "status", ["\(number)"], at: number, over: nil))
        case 2: return .overtaken(RegisterSubject(.device, "d\(one)"), field: "status", at: at)
        case 3, 4: return .posture(device: "d\(one)", posture(number), reporter: "mdm", at: at)
        case 5: return .forgetPosture(device: "d\(one)")
        case 6: return .addHold(Hold(subject: .user(user), since: at, by: "root"))
        case 7: return .liftHold(.user(user), by: "root", at: at)
        case 8:
            let key = Array(repeating: UInt8(truncatingIfNeeded: number), count: 20)
            let seed = try #require(TOTPSeed(key: key))
            return .seed(try sealingKey(1).seal(seed, for: owner, by: "root", at: at))
        case 9: return .totpState(TOTPState(failures: Int(number)), owner)
        case 10: return .putSession(try storedSession(client: UInt64(one), full: number.isMultiple(of: 2)))
        case 11: return .signal(signalFact(number, of: user))
        case 12:
            // Some are let go of again, since their time is over.
            return .token(.init(issuer: "idp", id: "\(number)"), until: .seconds(number + 60), at: at)
        default: return .removeSession(try storedSession(client: UInt64(one)).session.id)
        }
    }

    /// Makes the changes one by one and notes each that returned; dies some time after so many notes.
    func perform(_ path: String, from done: Int, notes: Int, spins: Int) throws {
        let store = try Store(directory: path)
        let audit = AuditLog(.inState(path), segmentBytes: 4096)
        let log = unsafe open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
        let enough = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            enough.wait()
            for _ in 0..<spins { usleep(10) }
            kill(getpid(), SIGKILL)
        }
        for number in changes.indices[done...] {
            try store.perform([changes[number]])
            var entry = AuditEntry(.order, at: .seconds(Int64(number)))
            entry[number: .count] = UInt64(number + 1)
            try audit.record([entry])
            let note = Array("\(number + 1)\n".utf8)
            _ = unsafe note.withUnsafeBytes { unsafe write(log, $0.baseAddress, $0.count) }
            if number + 1 == done + notes { enough.signal() }
        }
        // A fast disk and a slow machine: the kill is still to come.
        while true { pause() }
    }

    /// What the first so many changes come to, by an account that is too plain to be wrong.
    func state(after count: Int) -> CrashState {
        var state = CrashState()
        for change in changes.prefix(count) { state.apply(change) }
        return state
    }
}

/// Everything that a store holds, in a form that can be compared.
private struct CrashState: Equatable {
    private var facts: [FactRecord] = []
    private var postures: [String: PostureRecord] = [:]
    private var holds: [HoldRecord] = []
    private var seeds: [CodeOwner: [UInt8]] = [:]
    private var states: [CodeOwner: TOTPState] = [:]
    private var sessions: [SessionID: StoredSession] = [:]
    private var signals: [SignalFact.Key: SignalFact] = [:]
    private var tokens: [ReceivedSignal.Token: Instant] = [:]

    init() {}

    init(_ store: Store) throws {
        facts = try store.factHistory()
        postures = try store.postures()
        holds = try store.holdHistory()
        seeds = try store.seeds(with: sealingKey(1)).mapValues { $0.withKey(\.self) }
        states = try store.totpStates()
        sessions = Dictionary(
            uniqueKeysWithValues: try store.sessions().map { ($0.session.id, $0) })
        signals = Dictionary(uniqueKeysWithValues: try store.signals().map { ($0.key, $0) })
        tokens = try store.heardTokens()
    }

    mutating func apply(_ change: StoreChange) {
        switch change {
        case .fact(let fact): facts.append(FactRecord(fact: fact))
        case .overtaken(let subject, let field, let at, _):
            for index in facts.indices
            where facts[index].fact.subject == subject && facts[index].fact.field == field {
                facts[index].overtakenAt = facts[index].overtakenAt ?? at
            }
        case .posture(let device, let posture, let reporter, let at):
            postures[device] = PostureRecord(posture: posture, reporter: reporter, receivedAt: at)
        case .forgetPosture(let device): postures[device] = nil
        case .addHold(let hold): holds.append(HoldRecord(hold: hold))
        case .liftHold(let subject, let by, let at):
            for index in holds.indices where holds[index].hold.subject == subject {
                holds[index].lifted = holds[index].lifted ?? SignOff(at: at, by: by)
            }
        case .seed(let sealed): seeds[sealed.owner] = try? sealingKey(1).open(sealed).withKey(\.self)
        case .forgetSeed(let owner): seeds[owner] = nil
        case .totpState(let state, let owner): states[owner] = state
        case .forgetTOTPState(let owner): states[owner] = nil
        case .putSession(let session): sessions[session.session.id] = session
        case .removeSession(let id): sessions[id] = nil
        case .signal(let fact): signals[fact.key] = fact
        case .token(let token, let until, let at):
            tokens = tokens.filter { $0.value > at }
            tokens[token] = until
        // There was none.
        case .acknowledgeDamage, .ruleChangeEnd: break
        }
    }
}

/// From another thread, as soon as a file is there.
private func killWhenExists(_ path: String) {
    Thread.detachNewThread {
        while unsafe access(path, F_OK) != 0 { sched_yield() }
        kill(getpid(), SIGKILL)
    }
}
