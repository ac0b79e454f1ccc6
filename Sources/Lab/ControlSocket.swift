import Foundation
import Glibc

/// The daemon's control socket, used as an organisation's own programs use it: one JSON object a line each way.
///
/// Beside the command line: for what is asked so often that starting a program each time would be most of the time.
package struct ControlSocket: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    /// Tells the daemon what is known, and returns when the kernel has committed what follows from it.
    package func tell(_ telling: Telling) async throws -> Commitment {
        var committed = Commitment(committedAt: 0)
        if !telling.statements.isEmpty {
            let arguments = Statements(statements: telling.statements, reason: "lab")
            committed = try await ask("register.state", arguments)
        }
        if !telling.report.isEmpty {
            committed = try await report(telling.report, of: .assessedLaptop)
        }
        return committed
    }

    /// Reports of a device as an administrator who has looked at it.
    package func report(_ items: [String: Telling.Value], of device: Device) async throws -> Commitment {
        try await ask(
            "posture.report", items.merging(["device": .text(device.rawValue)]) { first, _ in first })
    }

    package func explain(_ session: String, to destination: String) async throws -> Explanation {
        try await ask("explain", ["session": session, "to": destination])
    }

    package func setStatus(_ status: String, of device: Device) async throws -> Commitment {
        try await ask("device.set-status", ["device": device.rawValue, "status": status, "reason": "lab"])
    }

    package func sessions() async throws -> [SessionLine] {
        let list: SessionList = try await ask("sessions", [String: String]())
        return list.sessions
    }

    /// Whether the kernel does what was decided.
    package func inspect() async throws -> KernelLook { try await ask("kernel.inspect", [String: String]()) }

    package func reload() async throws -> Commitment { try await ask("reload", [String: String]()) }

    private struct Statements: Encodable {
        let statements: [Telling.Statement]
        let reason: String
    }

    private struct Request<Arguments: Encodable>: Encodable {
        let version = 1
        let command: String
        let arguments: Arguments
    }

    private struct Reply<Value: Decodable>: Decodable { let result: Value }

    private func ask<Value: Decodable & Sendable>(
        _ command: String, _ arguments: some Encodable
    ) async throws -> Value {
        let request = try JSONEncoder().encode(Request(command: command, arguments: arguments)) + [0x0a]
        let line = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try exchange(request) }) }
        }
        do {
            return try JSONDecoder().decode(Reply<Value>.self, from: line).result
        } catch {
            let answer = String(decoding: line.prefix(300), as: UTF8.self)
            throw LabError.unreadableAnswer(command: command, answer: answer)
        }
    }

    /// One request and its reply, each a line. Waits: call it on a thread of its own.
    private func exchange(_ request: Data) throws -> Data {
        let descriptor = try connected()
        defer { close(descriptor) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try handle.write(contentsOf: request)
        var line = Data()
        // Not the handle's `read(upToCount:)`, which goes on until it has as many.
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while line.last != 0x0a {
            let count = unsafe read(descriptor, &bytes, bytes.count)
            if count < 0 { throw LabError.system(operation: "read from \(path)", errno: errno) }
            if count == 0 { break }
            line += bytes.prefix(count)
        }
        return line
    }

    private func connected() throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw LabError.system(operation: "connect to \(path)", errno: ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LabError.system(operation: "socket", errno: errno) }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // The structure lives through the call.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = errno
            close(descriptor)
            throw LabError.system(operation: "connect to \(path)", errno: error)
        }
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
    package let fault: String?
    package let drifts: [Drift]
}
