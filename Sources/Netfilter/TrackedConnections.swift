import CNetfilter
import Glibc
package import NetworkTypes

/// A connection that the kernel tracks, as its first packet went.
package struct TrackedConnection: Sendable, Hashable {
    package let source: IPAddress
    /// 0 where the protocol has no ports.
    package let sourcePort: UInt16
    package let destination: Destination

    package init(source: IPAddress, sourcePort: UInt16, destination: Destination) {
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
    }
}

/// What the kernel's connection tracking knows, in the network namespace of the thread that asks.
///
/// On a gateway of ours that is what is tracked there: datagrams of sessions, since their TCP is judged without memory
/// and not tracked (`notrack`). Entries may come and go while they are read: it is a look, and no snapshot.
package struct TrackedConnections: Sendable {
    package let connections: Set<TrackedConnection>
    /// That there were more than were read.
    package let isCutShort: Bool

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Reads at most so many. Takes about a microsecond each, on the caller's thread. Needs CAP_NET_ADMIN.
    package static func read(limit: Int) throws(Failure) -> TrackedConnections {
        do throws(NetlinkSocket.Failure) {
            // A socket of its own: to stop half way is to close it.
            var socket = try NetlinkSocket()
            try socket.send(request(sequence: 1))
            return try read(&socket, limit: limit)
        } catch {
            throw Failure(description: "connection tracking: \(error.call): errno \(error.errno)")
        }
    }

    private static func read(
        _ socket: inout NetlinkSocket, limit: Int
    ) throws(NetlinkSocket.Failure) -> TrackedConnections {
        var found: Set<TrackedConnection> = []
        while let datagram = try socket.receive() {
            for message in ReceivedMessage.all(in: datagram) {
                if let answer = message.answer, answer.errno != 0 {
                    throw NetlinkSocket.Failure(call: "dump", errno: answer.errno)
                }
                guard message.type == type(UInt16(IPCTNL_MSG_CT_NEW.rawValue)),
                    let connection = TrackedConnection(message)
                else { continue }
                guard found.count < limit || found.contains(connection) else {
                    return TrackedConnections(connections: found, isCutShort: true)
                }
                found.insert(connection)
            }
        }
        return TrackedConnections(connections: found, isCutShort: false)
    }

    /// Both families.
    static func request(sequence: UInt32) -> [UInt8] {
        var writer = MessageWriter()
        writer.message(
            type(UInt16(IPCTNL_MSG_CT_GET.rawValue)), flags: NLM_F_DUMP, sequence: sequence,
            family: UInt8(AF_UNSPEC))
        return writer.bytes
    }

    private static func type(_ message: UInt16) -> UInt16 { UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | message }
}

extension TrackedConnection {
    /// Nil for a message that does not have it all.
    package init?(_ message: ReceivedMessage) {
        guard let tuple = message.attributes.nested(CTA_TUPLE_ORIG), let ip = tuple.nested(CTA_TUPLE_IP),
            let transport = tuple.nested(CTA_TUPLE_PROTO),
            let source = (ip.first(CTA_IP_V4_SRC) ?? ip.first(CTA_IP_V6_SRC)).flatMap({ IPAddress(bytes: $0) }
            ),
            let address = (ip.first(CTA_IP_V4_DST) ?? ip.first(CTA_IP_V6_DST)).flatMap({
                IPAddress(bytes: $0)
            }),
            let number = transport.first(CTA_PROTO_NUM)?.first
        else { return nil }
        let kind = IPProtocol(rawValue: number)
        // Of ICMP the kernel tells identifiers and types elsewhere.
        let port = { (attribute: ctattr_l4proto) in
            kind.hasPorts ? transport.first(attribute)?.network(UInt16.self) ?? 0 : 0
        }
        self.init(
            source: source, sourcePort: port(CTA_PROTO_SRC_PORT),
            destination: Destination(address: address, ipProtocol: kind, port: port(CTA_PROTO_DST_PORT)))
    }
}
