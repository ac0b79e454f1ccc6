import Testing

@testable import Diagnosis

/// What is said of the machine, check by check.
struct HostJudgementTests {
    private typealias Level = Finding.Level

    private static func interface(
        _ change: (inout HostFacts.Interface) -> Void = { _ in }
    ) -> HostFacts.Interface {
        var interface = HostFacts.Interface("tun0", isTunnel: true)
        interface.mtu = .known(1500)
        change(&interface)
        return interface
    }

    private static func inside(_ mtu: Int) -> HostFacts.Interface {
        var interface = HostFacts.Interface("lan0", isTunnel: false)
        interface.mtu = .known(mtu)
        return interface
    }

    private static let lost = "it cannot be read"

    private static let cases: [(found: Finding, level: Finding.Level, says: String)] = [
        (HostJudgement.forwarding("IPv4", .known(true), "net.ipv4.ip_forward"), .ok, "IPv4 is forwarded"),
        (HostJudgement.forwarding("IPv6", .known(false), "x"), .problem, "IPv6 is not forwarded"),
        (HostJudgement.forwarding("IPv6", .unknown(lost), "x"), .unknown, lost),
        (HostJudgement.tunnel(interface()), .ok, "is there"),
        (HostJudgement.tunnel(interface { $0.isThere = false }), .problem, "there is no interface tun0"),
        (
            HostJudgement.reversePath(interface { $0.reversePath = .known(0) }), .ok,
            "0: the kernel checks no source"
        ),
        (HostJudgement.reversePath(interface { $0.reversePath = .known(1) }), .ok, "1, strict"),
        (HostJudgement.reversePath(interface { $0.reversePath = .known(2) }), .ok, "2, loose"),
        (HostJudgement.reversePath(interface { $0.reversePath = .known(3) }), .unknown, "rp_filter is 3"),
        (HostJudgement.reversePath(interface { $0.reversePath = .unknown(lost) }), .unknown, lost),
        (HostJudgement.sourceRoutes(interface { $0.takesSourceRoutes = .known([]) }), .ok, "are not taken"),
        (
            HostJudgement.sourceRoutes(interface { $0.takesSourceRoutes = .known(["IPv4", "IPv6"]) }),
            .warning,
            "packets of IPv4 and IPv6 may say"
        ),
        (HostJudgement.sourceRoutes(interface { $0.takesSourceRoutes = .unknown(lost) }), .unknown, lost),
        (
            HostJudgement.redirects(
                interface {
                    $0.sendsRedirects = .known(false)
                    $0.takesRedirects = .known(false)
                }), .ok, "no redirects"
        ),
        (
            HostJudgement.redirects(
                interface {
                    $0.sendsRedirects = .known(false)
                    $0.takesRedirects = .known(true)
                }), .warning, "change our routes"
        ),
        (
            HostJudgement.redirects(
                interface {
                    $0.sendsRedirects = .known(true)
                    $0.takesRedirects = .known(false)
                }), .warning, "clients are told of other ways"
        ),
        (
            HostJudgement.redirects(
                interface {
                    $0.isTunnel = false
                    $0.sendsRedirects = .known(true)
                    $0.takesRedirects = .known(false)
                }), .ok, "no redirects are followed"
        ),
        (
            HostJudgement.redirects(interface { $0.takesRedirects = .unknown(lost) }), .unknown,
            "not looked at"
        ),
        (HostJudgement.offloads(interface { $0.largeReceive = .known(false) }), .ok, "no packets are joined"),
        (
            HostJudgement.offloads(interface { $0.largeReceive = .known(true) }), .problem,
            "large receive offload is on"
        ),
        (HostJudgement.offloads(interface { $0.largeReceive = .unknown(lost) }), .unknown, lost),
        (HostJudgement.mtu(interface(), inside: [inside(1500)]), .ok, "an MTU of 1500, no more"),
        (HostJudgement.mtu(interface(), inside: []), .ok, "no more than any other"),
        (HostJudgement.mtu(interface(), inside: [inside(9000), inside(1400)]), .warning, "the 1400 of lan0"),
        (HostJudgement.mtu(interface { $0.mtu = .known(1279) }, inside: []), .problem, "an MTU of 1279"),
        (HostJudgement.mtu(interface { $0.mtu = .known(1280) }, inside: []), .ok, "an MTU of 1280"),
        (HostJudgement.mtu(interface { $0.mtu = .unknown(lost) }, inside: []), .unknown, lost),
        (HostJudgement.tracking(.known(.init(count: 79, limit: 100))), .ok, "79 of 100 connections"),
        (HostJudgement.tracking(.known(.init(count: 80, limit: 100))), .warning, "(80 %)"),
        (HostJudgement.tracking(.known(.init(count: 95, limit: 100))), .problem, "(95 %)"),
        (HostJudgement.tracking(.known(.init(count: 0, limit: 0))), .problem, "0 of 0"),
        (HostJudgement.tracking(.unknown(lost)), .unknown, lost),
        (
            HostJudgement.clock(.known(.init(isSynchronised: true, error: .milliseconds(20)))), .ok,
            "to 20 ms at worst"
        ),
        (
            HostJudgement.clock(.known(.init(isSynchronised: true, error: .seconds(2)))), .warning,
            "off by 2000 ms"
        ),
        (HostJudgement.clock(.known(.init(isSynchronised: true, error: nil))), .unknown, "is not known"),
        (
            HostJudgement.clock(.known(.init(isSynchronised: false, error: nil))), .warning,
            "nothing keeps the clock"
        ),
        (HostJudgement.clock(.unknown(lost)), .unknown, lost),
        (HostJudgement.zones(.known([])), .ok, "knows every time zone"),
        (HostJudgement.zones(.known(["Europe/London"])), .problem, "nothing of the time zone Europe/London"),
        (HostJudgement.zones(.unknown(lost)), .unknown, lost),
    ]

    @Test(arguments: cases.indices) func isJudged(number: Int) {
        let (found, level, says) = Self.cases[number]
        #expect(found.level == level && found.says.contains(says), "\(found)")
        // Whoever is told of something bad is told why, and what to do.
        #expect(
            [.problem, .warning].contains(level) == (found.why != nil && found.remedy != nil), "\(found)")
    }

    /// Of an interface that is not there nothing more is said; of the inside, what concerns it.
    @Test func everyInterfaceIsLookedAt() {
        let facts = HostFacts(
            forwards4: .known(true), forwards6: .known(true),
            interfaces: [Self.interface(), Self.interface { $0.isThere = false }, Self.inside(1500)],
            tracking: .unknown(""), clock: .unknown(""), missingZones: .known([]))
        let found = HostJudgement.findings(facts)
        #expect(found.count { $0.check == .tunnel } == 2)
        #expect(found.filter { $0.check == .offloads }.map(\.subject) == ["tun0", "lan0"])
        #expect(found.filter { $0.check == .mtu }.map(\.subject) == ["tun0"])
        #expect(found.filter { $0.check == .reversePath }.map(\.subject) == ["tun0"])
    }
}
