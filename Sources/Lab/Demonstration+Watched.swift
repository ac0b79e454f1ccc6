import Foundation
import Glibc
import NetworkTypes

/// What the packet path sees beside the kernel, and what the daemon makes of it.
extension Demonstration {
    func watched(_ daemon: Child, employee: VPNClient?) async throws {
        for row in Scenario.rows(of: .watched) where row.subject == .ruleByHand {
            await ledger.record(try await ruleByHand(row, daemon, employee), for: row)
        }
        let colleague = try await login(.colleague, stage: .watched)
        for row in Scenario.rows(of: .watched) where row.subject == .spoofedSource {
            await ledger.record(try await spoofedSource(row, daemon, colleague), for: row)
        }
        await record(.scan, try await scan(colleague))
        try await reach(.watched, .colleague, client: colleague)
        await record(.silence, try await silence(colleague))
        if let colleague { await children.end(colleague.process) }
    }

    private func record(_ subject: Row.Subject, _ outcome: Outcome) async {
        for row in Scenario.rows(of: .watched) where row.subject == subject {
            await ledger.record(outcome, for: row)
        }
    }

    // MARK: A second opinion

    private static let alarm = "kernel and core disagree"
    private static let portByHand = 8443

    /// Somebody hands packets of the tunnel on where they come in, past every chain that judges forwarded packets. One
    /// leaves for the inside, and there is an alarm: one that says which packet, and not before.
    private func ruleByHand(_ row: Row, _ daemon: Child, _ client: VPNClient?) async throws -> Outcome {
        guard let client, let family = row.family, let source = client.address(family) else {
            return .notMeasured("no session")
        }
        let target = Network.Host.finance.address(family)
        let packet = "\(source) to \(Network.urlHost(target)):\(Self.portByHand)/tcp"
        let before = Wait.text(daemon.log).contains("\(Self.alarm): \(packet)")
        try await knock(at: target, from: client)
        try await Command(in: .gateway, ["nft", "-f", "-"]).input(Self.shortCut(family, target)).succeed()
        try await knock(at: target, from: client)
        let line = try? await Wait.forValue("the alarm", within: .seconds(5)) {
            Wait.text(daemon.log).split(separator: "\n").first { $0.contains("\(Self.alarm): \(packet)") }
        }
        try await Command(in: .gateway, ["nft", "delete", "table", "netdev", Self.tableByHand]).succeed()
        return Outcome(
            seen: line == nil ? "no alarm" : before ? "alarm before the rule" : "alarm",
            matches: line != nil && !before,
            decidedBy: line == nil ? "" : "the kernel let it pass, the core refuses it")
    }

    private static let tableByHand = "by-hand"

    /// Rules of the inside interface's neighbour, at the tunnel's entrance (nft(8), "fwd statement").
    private static func shortCut(_ family: AddressFamily, _ target: String) -> String {
        let word = family == .ipv4 ? "ip" : "ip6"
        return """
            table netdev \(tableByHand) {
                chain entrance {
                    type filter hook ingress device "\(Network.tunnel)" priority 0;
                    \(word) daddr \(target) tcp dport \(portByHand) fwd \(word) to \(target) device "\(Network.insideInterface)"
                }
            }

            """
    }

    private func knock(at address: String, from client: VPNClient) async throws {
        let url = "http://\(Network.urlHost(address)):\(Self.portByHand)/"
        _ = try await Command(
            in: client.actor.space, ["curl", "-q", "-g", "-s", "--noproxy", "*", "-m", "2", url]
        ).output()
    }

    // MARK: Spoofed sources

    /// The colleague's laptop takes an address that is no session's, and asks for a page with it.
    private func spoofedSource(_ row: Row, _ daemon: Child, _ client: VPNClient?) async throws -> Outcome {
        guard let client, let family = row.family else { return .notMeasured("no session") }
        let source = Network.spoofed(family)
        let prefix = family == .ipv4 ? "32" : "128"
        let address = ["ip", "address", "add", "\(source)/\(prefix)", "dev", "tun0"]
        try await Command(in: client.actor.space, address + (family == .ipv6 ? ["nodad"] : [])).succeed()
        let url = "http://\(Network.urlHost(Network.Host.crm.address(family)))/"
        let output = try await Command(
            in: client.actor.space,
            ["curl", "-q", "-g", "-s", "--noproxy", "*", "--interface", source, "-m", "2", url]
        ).output()
        let report = "spoofed source on \(Network.tunnel): \(source) to "
        let isReported =
            (try? await Wait.until("the report", within: .seconds(5)) {
                Wait.text(daemon.log).contains(report)
            }) != nil
        let answer = output.status == 0 ? "answered" : "no answer"
        return Outcome(
            seen: "\(answer), \(isReported ? "reported" : "not reported")",
            matches: output.status != 0 && isReported, decidedBy: "no session has \(source)")
    }

    // MARK: Scans

    private func scan(_ client: VPNClient?) async throws -> Outcome {
        guard let client, let address = client.address(.ipv4) else { return .notMeasured("no session") }
        let began = ContinuousClock.now
        try await client.actor.space.inside {
            for host in 100..<120 {
                for family in AddressFamily.allCases { try Knock.atDoor(host, family) }
            }
        }
        let session = try? await Wait.forValue("the quarantine", within: .seconds(6)) {
            try await control.session(at: address).flatMap { $0.className == "quarantine" ? $0 : nil }
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let text = seconds.formatted(.number.precision(.fractionLength(1)))
        return Outcome(
            seen: session == nil ? "not seen" : "quarantined within \(text) s", matches: session != nil,
            decidedBy: session?.className ?? "")
    }

    // MARK: Silence

    /// From here on nobody does anything in the colleague's session.
    private func silence(_ client: VPNClient?) async throws -> Outcome {
        guard let client, let address = client.address(.ipv4) else { return .notMeasured("no session") }
        let began = ContinuousClock.now
        let limit = Duration.seconds(RulePack.idleSeconds + 8)
        let hasEnded =
            (try? await Wait.until("the session to end", within: limit, every: .milliseconds(100)) {
                try await control.session(at: address) == nil
            }) != nil
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let text = seconds.formatted(.number.precision(.fractionLength(1)))
        return Outcome(
            seen: hasEnded ? "ended after \(text) s of silence" : "still there after \(text) s",
            matches: hasEnded && seconds > Double(RulePack.idleSeconds) - 1.5)
    }
}

/// A connection that is begun and not waited for.
private enum Knock {
    /// Knocks at TCP port 445 of a host inside. Call it on a thread of the namespace.
    static func atDoor(_ host: Int, _ family: AddressFamily) throws {
        let descriptor = Glibc.socket(
            family == .ipv4 ? AF_INET : AF_INET6,
            Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LabError.system(operation: "socket", errno: errno) }
        defer { close(descriptor) }
        let port = in_port_t(445).bigEndian
        // The structures live through the calls that read them.
        switch family {
        case .ipv4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port
            unsafe inet_pton(AF_INET, "10.10.0.\(host)", &address.sin_addr)
            unsafe knock(descriptor, &address)
        case .ipv6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port
            unsafe inet_pton(AF_INET6, "fd10:10::\(host)", &address.sin6_addr)
            unsafe knock(descriptor, &address)
        }
    }

    private static func knock<Address>(_ descriptor: Int32, _ address: UnsafeMutablePointer<Address>) {
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = unsafe connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
