import Control
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

/// Says back what it was told, and who told it.
@Sendable func echo(_ request: ControlRequest, _ peer: Peer) async -> ControlReply {
    do throws(ControlFailure) {
        switch request.command {
        case "echo": return .success(try request.arguments(as: [String: String].self))
        case "who": return .success(["uid": "\(peer.uid)", "pid": "\(peer.pid)", "name": peer.name])
        case "nothing": return .done
        default: throw ControlFailure(id: "unknown-command", message: "no command '\(request.command)'")
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

    /// One line, or what came before the end; on a thread of its own, since it blocks.
    func line() async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text: [UInt8] = []
                var byte: UInt8 = 0
                while unsafe recv(descriptor, &byte, 1, 0) == 1, byte != 0x0a { text.append(byte) }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
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
