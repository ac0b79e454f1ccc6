import CLinux
import Glibc

/// Who is at the other end of a connection, as the kernel says (SO_PEERCRED): as they were when they connected.
package struct Peer: Sendable, Hashable, CustomStringConvertible {
    package var uid: UInt32
    package var gid: UInt32
    /// 0 when the process is in a namespace of process ids that we cannot see.
    package var pid: Int32
    /// The name of the uid; nil when it has none.
    package var userName: String?

    package init(uid: UInt32, gid: UInt32 = 0, pid: Int32 = 0, userName: String? = nil) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.userName = userName
    }

    /// What records say who gave an order: the name, or `uid 1000`.
    package var name: String { userName ?? "uid \(uid)" }

    package var description: String { "\(name) (uid \(uid), pid \(pid))" }

    /// Asks the kernel, and the user database for the name; nil when the kernel does not know.
    static func of(_ socket: Int32) -> Peer? {
        var peer = Peer(uid: .max)
        guard unsafe gh_peer_credentials(socket, &peer.pid, &peer.uid, &peer.gid) == 0 else { return nil }
        peer.userName = userName(of: peer.uid)
        return peer
    }

    private static func userName(of uid: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        // The entry's strings lie in the buffer, so the name is copied before the buffer goes.
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, unsafe found != nil,
                let name = unsafe entry.pw_name
            else { return nil }
            return unsafe String(cString: name)
        }
    }
}
