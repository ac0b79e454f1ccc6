/// What was seen of the machine, in the gateway's network namespace.
package struct HostFacts: Sendable, Hashable {
    package var forwards4: Known<Bool>
    package var forwards6: Known<Bool>
    /// Tunnels, and every other interface that is up but the loopback.
    package var interfaces: [Interface]
    package var tracking: Known<TrackingUse>
    package var clock: Known<ClockState>
    /// Names of zones that the rules use and the machine has nothing about.
    package var missingZones: Known<[String]>

    package init(
        forwards4: Known<Bool>, forwards6: Known<Bool>, interfaces: [Interface],
        tracking: Known<TrackingUse>, clock: Known<ClockState>, missingZones: Known<[String]>
    ) {
        self.forwards4 = forwards4
        self.forwards6 = forwards6
        self.interfaces = interfaces
        self.tracking = tracking
        self.clock = clock
        self.missingZones = missingZones
    }

    package struct Interface: Sendable, Hashable {
        package var name: String
        package var isTunnel: Bool
        package var isThere = true
        package var mtu: Known<Int> = .unknown("not looked at")
        /// The larger of what stands for it and for all: 0 off, 1 strict, 2 loose.
        package var reversePath: Known<Int> = .unknown("not looked at")
        /// Families whose source routes it takes.
        package var takesSourceRoutes: Known<[String]> = .unknown("not looked at")
        /// Of IPv4; a host that forwards takes none of IPv6.
        package var sendsRedirects: Known<Bool> = .unknown("not looked at")
        package var takesRedirects: Known<Bool> = .unknown("not looked at")
        package var largeReceive: Known<Bool> = .unknown("not looked at")

        package init(_ name: String, isTunnel: Bool) {
            self.name = name
            self.isTunnel = isTunnel
        }
    }

    package struct TrackingUse: Sendable, Hashable {
        package var count: Int
        package var limit: Int

        package init(count: Int, limit: Int) {
            self.count = count
            self.limit = limit
        }
    }

    package struct ClockState: Sendable, Hashable {
        package var isSynchronised: Bool
        /// The kernel's bound; nil where it has none.
        package var error: Duration?

        package init(isSynchronised: Bool, error: Duration?) {
            self.isSynchronised = isSynchronised
            self.error = error
        }
    }
}
