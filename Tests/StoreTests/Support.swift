import Evidence
import Foundation
import GRDB
import NetworkTypes
import Sessions
import Store
import Testing

/// A path below the temporary directory where nothing is yet; what comes to be there is removed afterwards.
///
/// - Parameter onDisk: false for tests that look at bytes and not at how long they last: syncing takes most of the
/// time.
func withFreshPath<Value>(onDisk: Bool = true, _ body: (String) throws -> Value) throws -> Value {
    let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    let parent = onDisk || !isThere ? FileManager.default.temporaryDirectory : memory
    let path = parent.appendingPathComponent("store-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

extension Store {
    /// The database's file in a state directory.
    static func file(in directory: String) -> URL { URL(fileURLWithPath: directory + "/gatehouse.sqlite") }
}

/// Changes rows behind the store's back; it must be closed.
func changeBehindTheBack(
    _ directory: String, _ sql: String, _ arguments: StatementArguments = []
) throws {
    let queue = try DatabaseQueue(path: Store.file(in: directory).path)
    try queue.write { try $0.execute(sql: sql, arguments: arguments) }
    try queue.close()
}

func rowsBehindTheBack(_ directory: String, _ sql: String) throws -> [[DatabaseValue]] {
    let queue = try DatabaseQueue(path: Store.file(in: directory).path)
    let rows = try queue.read { database in
        try Row.fetchAll(database, sql: sql).map { Array($0.databaseValues) }
    }
    try queue.close()
    return rows
}

extension Instant {
    static func seconds(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }
}

func digest(_ byte: UInt8) throws -> CertificateDigest {
    try #require(CertificateDigest(bytes: Array(repeating: byte, count: 32)))
}

func keyDigest(_ byte: UInt8) throws -> KeyDigest {
    try #require(KeyDigest(bytes: Array(repeating: byte, count: 32)))
}

/// A fact about a device.
func fact(
    _ device: String, _ field: String, _ value: [String], at: Int64 = 1, over: [String]? = nil
) -> RegisterFact {
    RegisterFact(
        subject: RegisterSubject(.device, device), field: field, value: value, at: .seconds(at), by: "desk",
        reason: "why", over: over)
}

/// A posture with every item; one more of a kind for each number.
func posture(_ number: Int64 = 0) -> DevicePosture {
    var posture = DevicePosture()
    posture.antivirus = .init(.seconds(100 + number), observedAt: .seconds(200 + number))
    posture.patches = .init(.seconds(300), observedAt: Instant(nanosecondsSince1970: 400_000_000_001))
    posture.diskEncryption = .init(number.isMultiple(of: 2), observedAt: .seconds(500))
    posture.screenLockMinutes = .init(Int(number), observedAt: .seconds(600))
    posture.firewall = .init(!number.isMultiple(of: 2), observedAt: .seconds(700))
    return posture
}

func sealingKey(_ byte: UInt8) throws -> SealingKey {
    try #require(SealingKey(bytes: Array(repeating: byte, count: 32)))
}

/// A session with every field set, or with every field that may be empty left so.
func storedSession(client: UInt64 = 21, full: Bool = true) throws -> StoredSession {
    let id = SessionID(source: "office", serverProcess: 4711, client: client)
    guard full else {
        let session = Session(
            id: id, tunnel: "tun0", commonName: "emp", userName: "", certificates: nil,
            startedAt: .seconds(1_795_212_000))
        return StoredSession(session: session, interfaceIndex: 0)
    }
    let leaf = PresentedCertificate(
        digest: try digest(1), serial: "0a:ff", subject: "CN=emp, O=\"A, B\"", attributes: ["OU": "x'y\"z;--"]
    )
    let outer = Endpoint(address: try #require(IPAddress("2001:db8::7")), port: 65535)
    let addresses = try ["10.8.0.2", "fd00:8::2"].map { try #require(IPAddress($0)) }
    let session = Session(
        id: id, tunnel: "tun0", commonName: "émp ☃", userName: "emp'; DROP TABLE session; --",
        certificates: CertificateChain(leaf: leaf, issuers: [PresentedCertificate(digest: try digest(2))]),
        outer: outer, addresses: addresses,
        startedAt: Instant(nanosecondsSince1970: 1_795_212_000_123_456_789),
        claims: ["IV_VER": "2.6.12", "UV_DISK": "yes\n\u{0}\"no\""])
    return StoredSession(
        session: session, mfaVerifiedAt: .seconds(1_795_212_001),
        tenantVerifiedAt: [
            "boston": Instant(nanosecondsSince1970: 1_795_212_002_000_000_003), "rené": .seconds(1),
        ],
        interfaceIndex: .max)
}

func signalFact(_ number: Int64, of user: String) -> SignalFact {
    let kind = SignalKind.allCases[Int(number) % SignalKind.allCases.count]
    return SignalFact(
        key: .init(
            issuer: "https://idp.example", kind: kind,
            subject: SignalSubject(users: [user, "é\"\\"], devices: number.isMultiple(of: 2) ? ["d"] : [])),
        isAgainst: !number.isMultiple(of: 3), happenedAt: .seconds(number), receivedAt: .seconds(number + 1),
        token: "t\(number)", reason: "because")
}
