import CLinux
import Diagnosis
import Foundation
import Glibc

/// Looks at the machine, in the network namespace that the command runs in.
struct HostLook {
    let tunnels: [String]

    func facts(zones: Known<[String]>) -> HostFacts {
        HostFacts(
            forwards4: Self.isOn("/proc/sys/net/ipv4/ip_forward"),
            forwards6: Self.isOn("/proc/sys/net/ipv6/conf/all/forwarding"), interfaces: interfaces(),
            tracking: Self.tracking(), clock: Self.clock(), missingZones: zones.map(Self.missing))
    }

    /// Names of tables of the old iptables; the files are there only where its modules are loaded.
    static func legacyTables() -> Known<[String]> {
        var names: [String] = []
        for (path, family) in [("/proc/net/ip_tables_names", ""), ("/proc/net/ip6_tables_names", " (IPv6)")] {
            guard unsafe access(path, F_OK) == 0 else { continue }
            guard let text = FileLook.text(path) else { return .unknown("\(path) cannot be read") }
            names += text.split(separator: "\n").map { $0 + family }
        }
        return .known(names)
    }

    // MARK: Interfaces

    private func interfaces() -> [HostFacts.Interface] {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return tunnels.map { HostFacts.Interface($0, isTunnel: true) } }
        defer { close(socket) }
        let others = Self.names(FileLook.text("/proc/net/dev") ?? "")
            .filter { $0 != "lo" && !tunnels.contains($0) }
        return tunnels.compactMap { Self.interface($0, isTunnel: true, socket) }
            + others.compactMap { Self.interface($0, isTunnel: false, socket) }
    }

    /// The first word of each line but the two of the header, up to its colon.
    static func names(_ table: String) -> [String] {
        table.split(separator: "\n").dropFirst(2).compactMap { line in
            line.lastIndex(of: ":").map { String(line[..<$0].drop { $0 == " " }) }
        }
    }

    /// Nil for one that is no tunnel and down.
    private static func interface(
        _ name: String, isTunnel: Bool, _ socket: Int32
    ) -> HostFacts.Interface? {
        var interface = HostFacts.Interface(name, isTunnel: isTunnel)
        var (isUp, mtu): (Int32, Int32) = (0, 0)
        interface.isThere = unsafe gh_interface_state(socket, name, &isUp, &mtu) == 0
        guard interface.isThere else { return isTunnel ? interface : nil }
        guard isTunnel || isUp != 0 else { return nil }
        interface.mtu = .known(Int(mtu))
        interface.reversePath = both(name, "rp_filter", max)
        let routes = both(name, "accept_source_route", min)
        // IPv6 takes none when either says a negative number or 0; the routing headers that are left are harmless at 0.
        let routes6 = both(name, "accept_source_route", min, family: "ipv6")
        interface.takesSourceRoutes = routes.map { number in
            (number > 0 ? ["IPv4"] : []) + ((routes6.value ?? 0) > 0 ? ["IPv6"] : [])
        }
        interface.sendsRedirects = both(name, "send_redirects", max).map { $0 > 0 }
        interface.takesRedirects = both(name, "accept_redirects", min).map { $0 > 0 }
        let offload = unsafe gh_large_receive_offload(socket, name)
        interface.largeReceive =
            offload >= 0 ? .known(offload > 0) : .unknown("the driver of \(name) does not say")
        return interface
    }

    /// What the kernel makes of the setting for all and the one for the interface: either is enough, or both are needed.
    private static func both(
        _ name: String, _ setting: String, _ combine: (Int, Int) -> Int, family: String = "ipv4"
    ) -> Known<Int> {
        let path = { (which: String) in "/proc/sys/net/\(family)/conf/\(which)/\(setting)" }
        guard let all = FileLook.number(path("all")), let own = FileLook.number(path(name)) else {
            return .unknown("\(path(name)) cannot be read")
        }
        return .known(combine(all, own))
    }

    // MARK: The rest

    private static func isOn(_ path: String) -> Known<Bool> {
        FileLook.number(path).map { .known($0 != 0) } ?? .unknown("\(path) cannot be read")
    }

    private static func tracking() -> Known<HostFacts.TrackingUse> {
        let folder = "/proc/sys/net/netfilter/"
        guard let count = FileLook.number(folder + "nf_conntrack_count"),
            let limit = FileLook.number(folder + "nf_conntrack_max")
        else { return .unknown("the kernel tracks no connections yet, or its count cannot be read") }
        return .known(.init(count: count, limit: limit))
    }

    private static func clock() -> Known<HostFacts.ClockState> {
        var bound: Int64 = 0
        let state = unsafe gh_clock_state(&bound)
        guard state >= 0 else { return .unknown("the kernel does not say whether the clock is kept right") }
        return .known(.init(isSynchronised: state > 0, error: state > 0 ? .microseconds(bound) : nil))
    }

    /// Where Foundation looks for zones.
    private static let zoneFolders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]

    private static func missing(_ zones: [String]) -> [String] {
        zones.filter { zone in
            zone != "UTC"
                && !zoneFolders.contains { unsafe access("\($0)/\(zone)", R_OK) == 0 }
        }
    }
}
