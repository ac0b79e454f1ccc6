import Foundation

/// Packets that found a queue full on their way: where the machine has no time for the VPN's processes, the buffers of
/// their sockets and the queues of their tunnels fill up, and what comes then is dropped, whatever the rules say of it.
enum QueueOverflows {
    /// In these namespaces, since they were made.
    static func count(in spaces: [Network.Space]) async throws -> Int {
        var count = 0
        for space in spaces {
            count += try await space.inside {
                let of = { (name: String) in Wait.text("/proc/thread-self/net/\(name)") }
                return Self.count(datagrams: of("snmp"), of6: of("snmp6"), devices: of("dev"))
            }
        }
        return count
    }

    /// What the kernel counts (proc(5)): datagrams that found a socket's buffer full, by family, and packets that found a
    /// tunnel's queue full.
    static func count(datagrams: String, of6: String, devices: String) -> Int {
        let words = { (line: Substring) in line.split(whereSeparator: \.isWhitespace) }
        let lines = datagrams.split(separator: "\n").filter { $0.hasPrefix("Udp:") }.map(words)
        var count = 0
        if lines.count == 2 {
            count += zip(lines[0], lines[1]).first { $0.0 == "RcvbufErrors" }.flatMap { Int($0.1) } ?? 0
        }
        count +=
            of6.split(separator: "\n").map(words).first { $0.first == "Udp6RcvbufErrors" }?.last
            .flatMap { Int($0) } ?? 0
        // The name, then eight numbers of what came and eight of what went: the fourth of those is what was dropped.
        for line in devices.split(separator: "\n").map(words)
        where line.count == 17 && line[0].hasPrefix("tun") {
            count += Int(line[12]) ?? 0
        }
        return count
    }
}
