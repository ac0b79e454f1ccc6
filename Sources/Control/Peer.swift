import CLinux
package import ControlAPI
import Glibc

/// Who is at the other end of a connection, as the kernel says (SO_PEERCRED): as they were when they connected.
package struct Peer: Sendable, Hashable, CustomStringConvertible {
    package var uid: UInt32
    package var gid: UInt32
    /// 0 when the process is in a namespace of process ids that we cannot see.
    package var pid: Int32
    /// The supplementary ones, as the process had them, whatever the user database says now (SO_PEERGROUPS).
    package var groups: [UInt32]
    /// The name of the uid; nil when it has none.
    package var userName: String?
    /// What it may do; nil for a stranger, and before it was asked.
    package var role: Role?

    package init(
        uid: UInt32, gid: UInt32 = 0, groups: [UInt32] = [], pid: Int32 = 0, userName: String? = nil,
        role: Role? = nil
    ) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.pid = pid
        self.userName = userName
        self.role = role
    }

    func with(_ role: Role) -> Peer {
        var peer = self
        peer.role = role
        return peer
    }

    /// What records say who gave an order: the name, or `uid 1000`.
    package var name: String { userName ?? "uid \(uid)" }

    package var description: String { "\(name) (uid \(uid), pid \(pid))" }

    /// Asks the kernel, and the user database for the name; nil when the kernel does not know.
    static func of(_ socket: Int32) -> Peer? {
        var peer = Peer(uid: .max)
        guard unsafe gh_peer_credentials(socket, &peer.pid, &peer.uid, &peer.gid) == 0 else { return nil }
        guard let groups = groups(of: socket) else { return nil }
        peer.groups = groups
        peer.userName = UserDatabase.name(ofUser: peer.uid)
        return peer
    }

    /// Nil when the kernel does not say.
    private static func groups(of socket: Int32) -> [UInt32]? {
        // NGROUPS_MAX of Linux (credentials(7)): there are never more.
        var groups = [UInt32](repeating: 0, count: 65_536)
        let capacity = UInt32(groups.count)
        let count = unsafe groups.withUnsafeMutableBufferPointer { buffer in
            // The buffer is as long as the call is told.
            guard let start = buffer.baseAddress else { return Int32(-1) }
            return unsafe gh_peer_groups(socket, start, capacity)
        }
        return count < 0 ? nil : Array(groups.prefix(Int(count)))
    }
}
