import Foundation
import Glibc
import Synchronization
import Testing

@testable import VPNSources

/// The other side of a management socket, for tests: it listens in a directory of its own and runs a script against
/// whoever connects. Scripts run on a thread of their own and may block; every wait ends after two minutes.
final class FakeManagementServer: Sendable {
    struct Trouble: Error, CustomStringConvertible {
        var description: String
    }

    let folder: String
    var socketPath: String { folder + "/mgmt.sock" }

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/gatehouse-openvpn-XXXXXX").utf8CString)
        let isMade = unsafe mkdtemp(&template) != nil
        guard isMade else { throw Trouble(description: "mkdtemp: \(errno)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// From now on a client can connect; it waits until a script accepts it.
    func listen() throws -> Listener { try Listener(socketPath) }

    /// Runs `script` on a thread of its own, begun before this returns, and stops listening when it ends. The thread
    /// owes nothing to the pool that tests share: one that is busy elsewhere must not keep the server from greeting.
    static func run(_ listener: Listener, _ script: @escaping @Sendable (Listener) throws -> Void) -> Script {
        let (results, continuation) = AsyncStream<Result<Void, any Error>>.makeStream()
        Thread {
            let result = Result { try script(listener) }
            listener.close()
            continuation.yield(result)
            continuation.finish()
        }.start()
        return Script(results: results)
    }

    /// A script that is running.
    struct Script {
        fileprivate let results: AsyncStream<Result<Void, any Error>>

        /// Waits for its end; throws what it threw.
        func end() async throws { for await result in results { try result.get() } }
    }

    final class Listener: Sendable {
        private let descriptor: Int32
        private let path: String

        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0, var address = LocalSocket.address(path) else {
                throw Trouble(description: "socket: \(errno)")
            }
            _ = unsafe unlink(path)
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                    unsafe bind(descriptor, rebound, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard result == 0, Glibc.listen(descriptor, 1) == 0 else {
                throw Trouble(description: "bind: \(errno)")
            }
        }

        func close() {
            _ = Glibc.close(descriptor)
            _ = unsafe unlink(path)
        }

        /// Waits for the next client.
        func accept() throws -> Peer {
            try wait(descriptor)
            let client = Glibc.accept(descriptor, nil, nil)
            guard client >= 0 else { throw Trouble(description: "accept: \(errno)") }
            return Peer(client)
        }
    }

    /// One client, as the server sees it. Used by the script's thread only.
    final class Peer {
        private let descriptor: Int32
        private var received: [UInt8] = []
        private var isOpen = true

        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close() }

        func close() {
            if isOpen { _ = Glibc.close(descriptor) }
            isOpen = false
        }

        func send(_ text: String) throws {
            let bytes = Array(text.utf8)
            let count = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard count == bytes.count else { throw Trouble(description: "send: \(errno)") }
        }

        /// Waits until exactly this has come, and fails on anything else.
        func expect(_ text: String) throws {
            let expected = Array(text.utf8)
            while received.count < expected.count, received == Array(expected.prefix(received.count)) {
                guard try more() else { break }
            }
            guard Array(received.prefix(expected.count)) == expected else {
                throw Trouble(
                    description: "expected \(text.debugDescription), got "
                        + String(decoding: received, as: UTF8.self).debugDescription)
            }
            received.removeFirst(expected.count)
        }

        /// Waits until the client has closed, and fails if it sends anything more than repetitions of `text`.
        func expectEnd(orRepeated text: String = "") throws {
            while try more() {}
            let repeated = Array(
                repeatElement(Array(text.utf8), count: received.count / max(1, text.utf8.count)).joined())
            guard received == repeated else {
                throw Trouble(description: "more came: " + String(decoding: received, as: UTF8.self))
            }
        }

        /// False at the end.
        private func more() throws -> Bool {
            try wait(descriptor)
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            received += buffer[..<count]
            return true
        }

        /// Greets and answers the hello as OpenVPN does.
        func greet(process: Int, rows: String = "") throws {
            try send(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n")
            try expect("version\npid\nhold release\nstatus 3\n")
            try send(
                "OpenVPN Version: OpenVPN 2.6.14\r\nManagement Version: 5\r\nEND\r\nSUCCESS: pid=\(process)\r\n"
            )
            try send("SUCCESS: hold release succeeded\r\n")
            try list(rows)
        }

        func list(_ rows: String) throws {
            try send(
                "TITLE\tOpenVPN\r\nHEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\t"
                    + "Virtual IPv6 Address\tConnected Since (time_t)\tUsername\tClient ID\r\n" + rows
                    + "END\r\n")
        }
    }
}

private func wait(_ descriptor: Int32) throws {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&waiting, 1, 120_000) == 1 else {
        throw FakeManagementServer.Trouble(description: "nothing came within two minutes")
    }
}
