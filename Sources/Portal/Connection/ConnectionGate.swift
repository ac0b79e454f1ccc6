internal import NetworkTypes
internal import Synchronization

/// Where a connection comes from, as far as limits are about it: an IPv4 address, or the first half of an IPv6 one,
/// since whoever has one address of a /64 has all.
struct PeerAddress: Sendable, Hashable {
    private let bytes: [UInt8]

    /// Anything that is no address is one peer.
    init(_ text: String?) {
        let address = text.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }?.bytes ?? []
        let isMapped =
            address.count == 16 && address.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        bytes = isMapped ? Array(address.suffix(4)) : Array(address.prefix(address.count == 16 ? 8 : 4))
    }
}

/// Counts connections, in all and from each peer, and turns away what is too much.
final class ConnectionGate: Sendable {
    private struct Counts {
        var all = 0
        var from: [PeerAddress: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let limit: Int
    private let limitOfOne: Int

    init(limit: Int, fromOne limitOfOne: Int) {
        self.limit = limit
        self.limitOfOne = limitOfOne
    }

    /// Each true is to be followed by one ``leave(_:)``.
    func enter(_ peer: PeerAddress) -> Bool {
        counts.withLock { counts in
            guard counts.all < limit, counts.from[peer, default: 0] < limitOfOne else { return false }
            counts.all += 1
            counts.from[peer, default: 0] += 1
            return true
        }
    }

    func leave(_ peer: PeerAddress) {
        counts.withLock { counts in
            counts.all -= 1
            let left = counts.from[peer, default: 1] - 1
            counts.from[peer] = left > 0 ? left : nil
        }
    }

    var count: Int { counts.withLock { $0.all } }
}

/// How many bytes of bodies may be in memory at once, over all connections.
final class ByteBudget: Sendable {
    private let left: Mutex<Int>

    init(_ bytes: Int) { left = Mutex(bytes) }

    func take(_ bytes: Int) -> Bool {
        left.withLock { left in
            guard left >= bytes else { return false }
            left -= bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { left.withLock { $0 += bytes } }
}
