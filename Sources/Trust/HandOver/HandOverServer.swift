import CLinux
import Glibc
import Synchronization

/// The socket on which a VPN server's helper (`gatehouse-hand-over`) hands certificates over: one packet a connection,
/// and one byte back when it was taken.
///
/// One thread serves everybody, in the order of their coming: what was sent before is taken before, so that with the
/// answer to a chain's last certificate the others are at hand too.
package final class HandOverServer: Sendable {
    package struct Settings: Sendable {
        package var path: String
        /// Who may hand over, by user or primary group; root always may.
        package var users: Set<UInt32>
        package var groups: Set<UInt32>
        /// The group that the socket is given; nil for the daemon's own, to whom alone it is open then.
        package var socketGroup: UInt32?
        package var connections = 256
        /// A connection that has sent nothing for so long is closed.
        package var patience = Duration.seconds(1)

        package init(
            path: String, users: Set<UInt32> = [], groups: Set<UInt32> = [], socketGroup: UInt32? = nil
        ) {
            self.path = path
            self.users = users
            self.groups = groups
            self.socketGroup = socketGroup
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What became of one connection, for the log.
    package enum Event: Sendable, Hashable {
        case taken(depth: UInt8)
        case refused(String)
    }

    private let settings: Settings
    private let listener: FileDescriptor
    private let stopping = Atomic(false)
    private let bell = Bell()

    private struct Connection {
        let socket: FileDescriptor
        let deadline: ContinuousClock.Instant
    }

    /// Makes the socket, in place of one that a dead daemon has left. Its folder is made too when it is missing, open to
    /// nobody else, or to enter for the socket's group.
    package init(_ settings: Settings) throws(Failure) {
        self.settings = settings
        do {
            listener = try Self.listen(settings)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// Serves until ``stop()``; blocks the calling thread, which must be one of its own. `take` gets each certificate in
    /// DER and says whether it is one.
    package func run(take: (_ der: [UInt8]) -> Bool, event: (Event) -> Void) {
        var connections: [Connection] = []
        while !stopping.load(ordering: .acquiring) {
            let hasRoom = connections.count < settings.connections
            var polled = [
                pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasRoom ? listener.number : -1, events: Int16(POLLIN), revents: 0),
            ]
            polled += connections.map { pollfd(fd: $0.socket.number, events: Int16(POLLIN), revents: 0) }
            let first = connections.first.map { $0.deadline - .now } ?? .seconds(3600)
            let wait = Int32((max(first, .zero) / .milliseconds(1)).rounded(.up))
            // The array lives until the call is over.
            guard unsafe poll(&polled, nfds_t(polled.count), wait) >= 0 else { continue }
            var open: [Connection] = []
            for (index, connection) in connections.enumerated() {
                if polled[index + 2].revents != 0 {
                    serve(connection, take, event)
                } else if connection.deadline > .now {
                    open.append(connection)
                }
            }
            connections = open
            if polled[1].revents != 0 { accept(&connections, event) }
        }
        _ = unsafe unlink(settings.path)
    }

    /// Ends ``run(take:event:)`` soon; may be called from any thread.
    package func stop() {
        // Releasing; pairs with the acquiring load in `run`.
        stopping.store(true, ordering: .releasing)
        bell.ring()
    }

    private func accept(_ connections: inout [Connection], _ event: (Event) -> Void) {
        while connections.count < settings.connections {
            let number = Glibc.accept(listener.number, nil, nil)
            guard number >= 0 else {
                // Out of descriptors, say: the connection stays in the queue, and trying at once would spin.
                if ![EAGAIN, ECONNABORTED, EINTR].contains(errno) { _ = poll(nil, 0, 50) }
                return
            }
            let socket = FileDescriptor(owning: number)
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            guard isAllowed(number) else {
                event(.refused("a process of another user or group tried to hand a certificate over"))
                continue
            }
            connections.append(Connection(socket: socket, deadline: .now + settings.patience))
        }
    }

    private func isAllowed(_ socket: Int32) -> Bool {
        var pid: Int32 = 0
        var (user, group) = (UInt32.max, UInt32.max)
        guard unsafe gh_peer_credentials(socket, &pid, &user, &group) == 0 else { return false }
        return user == 0 || settings.users.contains(user) || settings.groups.contains(group)
    }

    private func serve(_ connection: Connection, _ take: ([UInt8]) -> Bool, _ event: (Event) -> Void) {
        var packet = [UInt8](repeating: 0, count: HandOverMessage.maximumBytes)
        // At most the buffer's length is written to it; MSG_TRUNC has the packet's own length returned.
        let count = unsafe recv(
            connection.socket.number, &packet, packet.count, Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC))
        guard count > 0 else { return }
        guard count <= packet.count else {
            event(.refused("a packet of \(count) bytes is too long"))
            return
        }
        var answer = UInt8(ascii: "n")
        do {
            let message = try HandOverMessage(Array(packet[..<count]))
            if take(message.der) {
                answer = UInt8(ascii: "y")
                event(.taken(depth: message.depth))
            } else {
                event(.refused("the bytes at depth \(message.depth) are no certificate"))
            }
        } catch {
            event(.refused("\(error)"))
        }
        _ = unsafe send(
            connection.socket.number, &answer, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }

    // MARK: Making the socket

    private static func listen(_ settings: Settings) throws(SystemError) -> FileDescriptor {
        let path = settings.path
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/")
        if !folder.isEmpty, unsafe mkdir(folder, settings.socketGroup == nil ? 0o700 : 0o710) == 0 {
            if let group = settings.socketGroup, unsafe chown(folder, uid_t.max, group) != 0 {
                throw SystemError("chown \(folder)")
            }
            // mkdir's mode is less what the umask takes.
            _ = unsafe chmod(folder, settings.socketGroup == nil ? 0o700 : 0o710)
        }
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            throw SystemError("\(path)", code: EEXIST)
        }
        // Under another name first: there is no moment at which it is open to others, or missing.
        let draft = path + ".new"
        if unsafe unlink(draft) != 0, errno != ENOENT { throw SystemError("unlink \(draft)") }
        let type =
            Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        let listener = FileDescriptor(owning: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(draft.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw SystemError("socket path \(path)", code: ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // The structure outlives the call, which keeps no pointer.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemError("bind \(draft)") }
        if let group = settings.socketGroup, unsafe chown(draft, uid_t.max, group) != 0 {
            throw SystemError("chown \(draft)")
        }
        guard unsafe chmod(draft, settings.socketGroup == nil ? 0o600 : 0o660) == 0 else {
            throw SystemError("chmod \(draft)")
        }
        guard Glibc.listen(number, 256) == 0 else { throw SystemError("listen \(draft)") }
        guard unsafe rename(draft, path) == 0 else { throw SystemError("rename \(draft)") }
        return listener
    }
}
