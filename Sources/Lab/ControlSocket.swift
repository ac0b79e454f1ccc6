import Foundation
import Glibc

/// The daemon's control socket, used as an organisation's own programs use it: JSON over
/// HTTP/1.1, a connection each.
///
/// Beside the command line: for what is asked so often that starting a program each time would be most of the time.
package struct ControlSocket: Sendable {
    private let path: String
    /// How long an answer may take, in seconds.
    private let patience: Int

    package init(path: String, patience: Int = 10) {
        self.path = path
        self.patience = patience
    }

    /// Tells the daemon what is known, and returns when the kernel has committed what follows from it.
    package func tell(_ telling: Telling) async throws -> Commitment {
        var committed = Commitment(committedAt: 0)
        if !telling.statements.isEmpty {
            let arguments = Statements(statements: telling.statements, reason: "lab")
            committed = try await order("POST", "registers/statements", arguments)
        }
        if !telling.report.isEmpty {
            committed = try await report(telling.report, of: .assessedLaptop)
        }
        return committed
    }

    /// Reports of a device as an administrator who has looked at it.
    package func report(_ items: [String: Telling.Value], of device: Device) async throws -> Commitment {
        try await order(
            "POST", "postures", items.merging(["device": .text(device.rawValue)]) { first, _ in first })
    }

    package func explain(_ session: String, to destination: String) async throws -> Explanation {
        try await look("explanation?session=\(session)&to=\(destination)")
    }

    package func setStatus(_ status: String, of device: Device) async throws -> Commitment {
        try await order(
            "PUT", "devices/status", ["device": device.rawValue, "status": status, "reason": "lab"])
    }

    package func sessions() async throws -> [SessionLine] { try await sessionList().sessions }

    func sessionList() async throws -> SessionList { try await look("sessions") }

    package func acknowledgeDamage() async throws -> Commitment {
        try await order("POST", "damage/acknowledgement", [String: String]())
    }

    /// Whether the kernel does what was decided.
    package func inspect() async throws -> KernelLook { try await look("kernel") }

    package func reload() async throws -> Commitment {
        try await order("POST", "rules/reload", [String: String]())
    }

    private struct Statements: Encodable {
        let statements: [Telling.Statement]
        let reason: String
    }

    private func look<Value: Decodable & Sendable>(_ path: String) async throws -> Value {
        try await ask("GET", path, body: nil)
    }

    private func order<Value: Decodable & Sendable>(
        _ method: String, _ path: String, _ arguments: some Encodable
    ) async throws -> Value {
        try await ask(method, path, body: try JSONEncoder().encode(arguments))
    }

    private func ask<Value: Decodable & Sendable>(
        _ method: String, _ path: String, body: Data?
    ) async throws -> Value {
        var lines = ["\(method) /v1/\(path) HTTP/1.1", "Host: gatehouse", "Connection: close"]
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.count)"] }
        let head = (lines + ["", ""]).joined(separator: "\r\n")
        let request = Data(head.utf8) + (body ?? Data())
        let answer = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try exchange(request) }) }
        }
        guard answer.starts(with: Data("HTTP/1.1 200 ".utf8)),
            let end = answer.firstRange(of: Data("\r\n\r\n".utf8)),
            let value = try? JSONDecoder().decode(Value.self, from: answer[end.upperBound...])
        else {
            let shown = String(decoding: answer.prefix(600), as: UTF8.self)
            throw LabError.unreadableAnswer(command: "\(method) \(path)", answer: shown)
        }
        return value
    }

    /// One request, and all that comes until the connection's end. Waits: call it on a thread of its own.
    private func exchange(_ request: Data) throws -> Data {
        let descriptor = try connected()
        defer { close(descriptor) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try handle.write(contentsOf: request)
        var answer = Data()
        // Not the handle's `read(upToCount:)`, which goes on until it has as many.
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(descriptor, &bytes, bytes.count)
            if count < 0 { throw LabError.system(operation: "read from \(path)", errno: errno) }
            if count == 0 { return answer }
            answer += bytes.prefix(count)
        }
    }

    private func connected() throws -> Int32 {
        let descriptor = try UnixSocket.connect(to: path)
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }
}

/// The daemon's look at the kernel, as far as the lab needs it.
package struct KernelLook: Decodable, Sendable {
    package struct Drift: Decodable, Sendable {
        package let what: String
        package let undoneAfterMicroseconds: Int64?
    }

    package let isRight: Bool
    /// Elements of sessions; nil when the table is not there.
    package let elements: Int?
    package let fault: String?
    package let drifts: [Drift]
    /// How many there were since the daemon's start.
    package let driftCount: Int
}
