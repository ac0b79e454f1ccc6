import Evidence
import Foundation
import NetworkTypes
import Sessions
import Store
import Testing

/// A path below the temporary directory where nothing is yet; what comes to be there is removed afterwards.
func withFreshPath<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

extension Store {
    /// The database's file in a state directory.
    static func file(in directory: String) -> URL { URL(fileURLWithPath: directory + "/gatehouse.sqlite") }
}

extension Instant {
    static func seconds(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }
}

func digest(_ byte: UInt8) throws -> CertificateDigest {
    try #require(CertificateDigest(bytes: Array(repeating: byte, count: 32)))
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
    return StoredSession(session: session, mfaVerifiedAt: .seconds(1_795_212_001), interfaceIndex: .max)
}
