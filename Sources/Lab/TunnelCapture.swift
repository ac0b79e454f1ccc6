import Foundation

/// A running capture of what the gateway sends into the tunnel: behind the gate, before the VPN server.
package struct TunnelCapture: Sendable {
    private let process: Child
    private let children: Children

    /// Starts it, and returns when it is listening.
    package static func start(towards addresses: [String], children: Children) async throws -> Self {
        let filter = addresses.map { "dst host \($0)" }.joined(separator: " or ")
        let process = try await children.start(
            "capture", in: .gateway,
            [
                "tcpdump", "-i", Network.tunnel, "-n", "-q", "-tt", "--time-stamp-precision=nano",
                "--immediate-mode",
            ]
                + ["-l", "-s", "128", "-B", "8192", filter])
        try await Wait.until("tcpdump to listen on the tunnel", log: process.log) {
            Wait.text(process.log).contains("listening on")
        }
        return Self(process: process, children: children)
    }

    /// Ends it, and returns what it saw.
    package func finish() async -> TunnelTraffic {
        await children.end(process)
        return TunnelTraffic(captured: Wait.text(process.log))
    }

    /// The clock that packets are stamped with, now.
    package static var now: Int64 {
        let since = Date().timeIntervalSince1970
        return Int64(since * 1_000_000_000)
    }
}
