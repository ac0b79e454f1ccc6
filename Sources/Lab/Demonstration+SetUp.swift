import Foundation
import Glibc
import NetworkTypes

extension Demonstration {
    /// Builds the network and starts everything but the daemon. What does not depend on each other runs at once: squid
    /// alone takes two seconds to answer.
    func setUp() async throws {
        try await site.build(Network.Space.demonstration)
        try await startInside()
        try await startWebServers()
        try await writeKeysAndRules()
        try await startVPNServer()
        try await waitForEverybody()
    }

    /// What trials of the fleet need: the gateway, and one system inside.
    func setUpForTrials() async throws {
        try await site.build([.outside, .gateway, .inside, .internet] + Network.Space.fleet)
        var finance = ServerFiles.WebSite(Network.Host.finance)
        // Little and often: sixteen of them, and each is to be seen ending.
        finance.bytesPerSecond = 200_000
        finance.bytesAtOnce = 2_000
        try await start([(.inside, [finance])])
        try await writeKeysAndRules()
        try await startVPNServer()
        for family in AddressFamily.allCases { try await wait(for: .finance, family) }
    }

    /// What faults need: the gateway, systems inside and an internet, and two clients that always get the same addresses,
    /// since packets to them are sent all the time. Returns the digest of the authority of laptops.
    func prepareFaults() async throws -> String {
        try await start([(.inside, [ServerFiles.WebSite(.finance)])])
        let keys = try await writeKeysAndRules()
        try site.write(DaemonFiles.configurationForFaults(site), to: "gatehouse.yaml")
        try site.write(RulePack.devices(keys) + CrowdSpeech.devices, to: "rules/devices.yaml")
        try site.write(RulePack.users(acknowledged: .now) + CrowdSpeech.users, to: "rules/users.yaml")
        for (number, actor) in [Actor.fleet1, .fleet2].enumerated() {
            try site.write(
                VPNFiles.fixedAddresses(101 + number) + (number == 1 ? VPNFiles.networksBehindClient : ""),
                to: "vpn/clients/\(actor.device.commonName)")
        }
        try await startVPNServer()
        for family in AddressFamily.allCases { try await wait(for: .finance, family) }
        return keys.corporate.digest
    }

    private func startInside() async throws {
        try site.write(ServerFiles.squid, to: "squid.conf")
        _ = try await children.start(
            "squid", in: .proxy, ["squid", "-N", "-d", "1", "-f", site.path("squid.conf")])
        _ = try await children.start("resolver", in: .inside, ServerFiles.dnsmasq(.resolver))
        _ = try await children.start("public-dns", in: .internet, ServerFiles.dnsmasq(.web))
        _ = try await children.start(
            "public-quic", in: .internet, ServerFiles.dnsmasq(.web, port: Network.quicPort))
    }

    /// The gateway's own web server and the laptop's stand for what listens there in earnest: were the gate open,
    /// they would answer.
    private func startWebServers() async throws {
        try await start([
            (
                .inside,
                [Network.Host.crm, .finance, .portal].map { ServerFiles.WebSite($0) }
                    + Rung.all.map { ServerFiles.WebSite($0) }
            ),
            (.internet, [ServerFiles.WebSite(.web)]),
            (.gateway, [.init(name: Target.gateway.rawValue, anywhereOnPort: Network.administrationPort)]),
            (.stolen, [.init(name: Target.otherSession.rawValue, anywhereOnPort: 80)]),
        ])
    }

    private func start(_ servers: [(Network.Space, [ServerFiles.WebSite])]) async throws {
        let big = site.path("www/\(ServerFiles.bigFile.name)")
        guard FileManager.default.createFile(atPath: big, contents: nil),
            unsafe truncate(big, ServerFiles.bigFile.bytes) == 0
        else {
            throw LabError.system(operation: "make \(big)", errno: errno)
        }
        for (space, sites) in servers {
            let scratch = site.path("nginx/\(space.rawValue)")
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let name = "nginx/\(space.rawValue).conf"
            try site.write(
                ServerFiles.nginx(sites: sites, files: site.path("www"), scratch: scratch), to: name)
            _ = try await children.start(
                "web-\(space.rawValue)", in: space, ["nginx", "-e", "stderr", "-c", site.path(name)])
        }
    }

    @discardableResult
    private func writeKeysAndRules() async throws -> Keys {
        let keys = try Keys()
        try site.write(keys.corporate.certificatePEM, to: "vpn/corporate.crt")
        try site.write(
            keys.corporate.certificatePEM + keys.thirdParty.certificatePEM, to: "vpn/authorities.crt")
        let credentials = keys.devices.map { ("\($0.key)", $0.value) } + [("server", keys.server)]
        for (name, credential) in credentials {
            try site.write(credential.certificatePEM + credential.pathPEM, to: "vpn/\(name).crt")
            try site.write(credential.keyPEM, to: "vpn/\(name).key")
        }
        try site.write(
            VPNFiles.networksBehindClient, to: "vpn/clients/\(Actor.colleague.device.commonName)")
        for issuer in [Issuer.field, .depot] {
            let lists = RevocationLists(of: issuer, at: site)
            try lists.begin(keys[issuer])
            try await lists.publish(until: .now + 86_400)
        }
        try pack.install(at: site, keys: keys, contract: VendorContract(from: .now - 86400, until: nil))
        try site.write(DaemonFiles.seeds(codes), to: "totp-seeds")
        try site.write(DaemonFiles.sealKey(), to: "seal-key")
        try site.write(Whereabouts.countries, to: "countries")
        try await SignalTransmitter(site: site).begin()
        try site.write(DaemonFiles.configuration(site), to: "gatehouse.yaml")
        return keys
    }

    /// Its name among the children.
    static let vpnServer = "vpn-server"

    func startVPNServer() async throws {
        var files = VPNFiles.server(
            managementSocket: site.management, directory: site.path("vpn"),
            handOver: (options.helperPath, site.handOver))
        // A client that has lost its server without a word finds out sooner: its faults would be most of the time.
        if options.letsThingsGoWrong { files = files.replacing("keepalive 5 20", with: "keepalive 2 8") }
        try site.write(files, to: "server.conf")
        let server = try await children.start(
            Self.vpnServer, in: .gateway, ["openvpn", "--config", site.path("server.conf")])
        try await Wait.until("the VPN server's management socket", log: server.log) {
            FileManager.default.fileExists(atPath: site.management)
        }
    }

    /// Everything that is refused later answers the gateway now: the network itself stops nothing.
    private func waitForEverybody() async throws {
        let targets: [Target] = [
            .crm, .finance, .portal, .resolver, .internetWeb, .internetQUIC, .internetResolver, .internetPing,
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for family in AddressFamily.allCases {
                for target in targets {
                    group.addTask { try await self.wait(for: target, family) }
                }
                group.addTask { try await self.waitForProxy(family) }
            }
            try await group.waitForAll()
        }
    }

    private func wait(for target: Target, _ family: AddressFamily) async throws {
        guard let address = target.fixedAddress(family) else { return }
        try await Wait.until("\(target.title) to answer the gateway over \(family)", every: .milliseconds(50))
        {
            try await Probe.run(target, family: family, address: address, from: .gateway) == .reached
        }
    }

    /// The proxy serves the tunnel only; that it answers at all, even with a refusal, is enough.
    private func waitForProxy(_ family: AddressFamily) async throws {
        let url = "http://\(Network.urlHost(Network.Host.proxy.address(family))):\(Network.proxyPort)/"
        try await Wait.until("the proxy to answer over \(family)", every: .milliseconds(50)) {
            try await Command(in: .gateway, ["curl", "-q", "-g", "-s", "--noproxy", "*", "-m", "2", url])
                .output()
                .status == 0
        }
    }
}
