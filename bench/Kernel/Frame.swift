import CTraffic
import NetworkTypes

/// Packets of an open TCP connection, from any of so many sessions to a server, or back.
struct Frame {
    static let gateway = "02:00:00:00:00:02"
    static let port: UInt16 = 443

    let family: AddressFamily
    let way: Way
    let sessions: Int
    var firstSession = 0
    /// 443 is permitted.
    var serverPort = Self.port

    /// The address of a session's number.
    static func session(_ number: Int, _ family: AddressFamily) -> IPAddress? {
        switch family {
        case .ipv4: IPAddress(ipv4: 0x0a40_0002 + UInt32(number))
        case .ipv6: IPAddress(family: .ipv6, bits: UInt128(0xfd08) << 112 + 2 + UInt128(number))
        }
    }

    static func server(_ family: AddressFamily) -> IPAddress? {
        IPAddress(family == .ipv4 ? "10.10.0.20" : "fd10::20")
    }

    var packet: traffic_packet {
        var packet = traffic_packet()
        let bytes = bytes
        packet.length = UInt32(bytes.count)
        packet.varies_source = way == .out ? 1 : 0
        packet.addresses = UInt32(max(1, sessions))
        unsafe withUnsafeMutableBytes(of: &packet.bytes) { unsafe $0.copyBytes(from: bytes) }
        return packet
    }

    /// A header of 20 bytes without a checksum, which no router looks at, and no payload.
    private var bytes: [UInt8] {
        let session = Self.session(firstSession, family)?.bytes ?? []
        let server = Self.server(family)?.bytes ?? []
        let addresses = way == .out ? session + server : server + session
        let ports = way == .out ? [40_000, serverPort] : [serverPort, 40_000]
        let ethernet: [UInt8] =
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + (family == .ipv4 ? [0x08, 0x00] : [0x86, 0xdd])
        let header: [UInt8] =
            family == .ipv4
            ? [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0] : [0x60, 0, 0, 0, 0, 20, 6, 64]
        let segment: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]
        return ethernet + header + addresses + ports.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + segment
    }
}
