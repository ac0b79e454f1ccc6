import Control
import ControlAPI
import Foundation
import Glibc
import Logging
import Testing

/// A directory of its own for one test; removed afterwards.
func withSocketPath(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ctl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.path + "/control.sock")
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What the servers of these tests can be asked.
enum Asked {
    struct Nothing: Codable, Hashable {}

    static let echo = TypedOperation<[String: String], [String: String]>(
        "echo", .post, "/v1/echo", .viewer, "Say it back")
    static let who = TypedOperation<Nothing, [String: String]>(
        "who", .get, "/v1/who", .viewer, "Say who asks")
    static let query = TypedOperation<Wish, Wish>("query", .get, "/v1/query", .viewer, "Say the query back")
    static let nothing = TypedOperation<Nothing, Nothing>(
        "nothing", .post, "/v1/nothing", .viewer, "Do nothing")
    static let slow = TypedOperation<Nothing, Nothing>("slow", .post, "/v1/slow", .operator, "Wait")
    static let rule = TypedOperation<Nothing, Nothing>("rule", .put, "/v1/rule", .policyAdmin, "Rule")
    static let all = [echo.row, who.row, query.row, nothing.row, slow.row, rule.row]

    struct Wish: Codable, Hashable {
        var text: String
        var number: Int?
        var isTrial: Bool?
    }
}

/// A server of these operations.
func server(
    _ path: String, limits: ControlServer.Limits = patient, access: ControlServer.Access = .init(),
    logger: Logger = quiet, handler: @escaping ControlServer.Handler = echo,
    credentials: (@Sendable (Int32) -> Peer?)? = nil
) throws(ControlServerError) -> ControlServer {
    try ControlServer(
        path: path, operations: Asked.all, limits: limits, access: access, logger: logger,
        credentials: credentials, handler: handler)
}

/// Says back what it was told, and who told it.
@Sendable func echo(_ request: ControlRequest, _ peer: Peer) async -> ControlReply {
    do throws(ControlFailure) {
        switch request.operation.id {
        case "echo": return .success(try request.arguments(as: [String: String].self))
        case "query": return .success(try request.arguments(as: Asked.Wish.self))
        case "who":
            return .success([
                "uid": "\(peer.uid)", "pid": "\(peer.pid)", "name": peer.name,
                "role": peer.role?.rawValue ?? "",
            ])
        default: return .done
        }
    } catch {
        return .failure(error)
    }
}

/// A client without manners: sends any bytes, reads whatever comes until the other side closes.
struct RawClient {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, length)
            }
        }
        try #require(result == 0)
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Nothing more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// A response: its head and its body, or what came before the end; on a thread of its own, since it blocks.
    func response() async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text: [UInt8] = []
                var byte: UInt8 = 0
                var rest: Int?
                while rest != 0, unsafe recv(descriptor, &byte, 1, 0) == 1 {
                    text.append(byte)
                    rest = rest.map { $0 - 1 }
                    if rest == nil, text.suffix(4) == [0x0d, 0x0a, 0x0d, 0x0a] {
                        let head = String(decoding: text, as: UTF8.self)
                        // An interim response has no body, and the final one follows.
                        if head.hasPrefix("HTTP/1.1 1"), !head.contains("HTTP/1.1 2") { continue }
                        rest = head.firstMatch(of: /content-length: ([0-9]+)/).flatMap { Int($0.1) }
                    }
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
    }

    /// Whether the other side has closed; waits until it has, or says something.
    func isClosed() async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var byte: UInt8 = 0
                let count = unsafe recv(descriptor, &byte, 1, 0)
                continuation.resume(returning: count <= 0)
            }
        }
    }

    /// A request as curl makes it.
    func ask(_ method: String, _ target: String, _ body: String? = nil, fields: [String] = []) {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: gatehouse"] + fields
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        send((lines + ["", body ?? ""]).joined(separator: "\r\n"))
    }

    func close() { Glibc.close(descriptor) }
}

/// For clients that wait while other tests have the threads: a busy machine is no idle connection.
let patient: ControlServer.Limits = {
    var limits = ControlServer.Limits()
    limits.idle = .seconds(1200)
    return limits
}()

/// How long a client of these tests waits where the wait is not what is tried: every other suite is at work too.
let patience: Duration = .seconds(600)
