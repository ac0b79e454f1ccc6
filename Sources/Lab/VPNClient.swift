import Foundation
package import NetworkTypes

/// A VPN client that has been started, and how its login ended.
package struct VPNClient: Sendable {
    package enum Login: Sendable, Equatable {
        case connected
        /// The server said no; the text is what the person at the client is told.
        case turnedAway(String)
        /// No tunnel came up in time, and nobody said why.
        case unanswered
    }

    package let actor: Actor
    package let process: Child
    package let login: Login
    /// Its addresses inside the tunnel; empty unless connected.
    package let addresses: [AddressFamily: String]

    package func address(_ family: AddressFamily) -> String? { addresses[family] }

    /// What a client's log says of its login; nil while it is still trying.
    package static func outcome(log: String) -> Login? {
        if log.contains("Initialization Sequence Completed") { return .connected }
        let words = "AUTH_FAILED"
        guard let line = log.split(separator: "\n").first(where: { $0.contains(words) }),
            let found = line.firstRange(of: words)
        else { return nil }
        // Some versions put all of it in quotation marks, in which reasons may have apostrophes.
        var reason = line[found.upperBound...].drop { $0 == "," }
        if reason.hasSuffix("'") { reason = reason.dropLast() }
        return .turnedAway(reason.isEmpty ? "no reason given" : String(reason))
    }

    /// Starts a client and waits for the end of its login: a tunnel, a refusal, or `patience` without either.
    package static func start(
        _ actor: Actor, at site: Site, code: OneTimeCode?, children: Children, patience: Duration
    ) async throws -> Self {
        let code = code.map { $0.code(at: UInt64(Date().timeIntervalSince1970)) }
        let login = VPNFiles.login(person: actor.person, password: "not looked at", code: code)
        let name = "vpn/\(actor.rawValue)"
        try site.write(login, to: "\(name).login")
        let configuration = VPNFiles.client(
            directory: site.path("vpn"), device: actor.device, login: site.path("\(name).login"))
        try site.write(configuration, to: "\(name).conf")
        let process = try await children.start(
            "client-\(actor.rawValue)", in: actor.space, ["openvpn", "--config", site.path("\(name).conf")])
        let outcome = try await ending(process, patience: patience)
        let addresses = outcome == .connected ? try await tunnelAddresses(in: actor.space) : [:]
        return Self(actor: actor, process: process, login: outcome, addresses: addresses)
    }

    private static func ending(_ process: Child, patience: Duration) async throws -> Login {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let running = process.isRunning
            if let outcome = outcome(log: Wait.text(process.log)) { return outcome }
            if !running { return .turnedAway(Wait.tail(process.log, lines: 1)) }
            try await Task.sleep(for: .milliseconds(20))
        }
        return .unanswered
    }

    /// What OpenVPN put on the interface. The pool depends on the order of the logins: never guess.
    private static func tunnelAddresses(in space: Network.Space) async throws -> [AddressFamily: String] {
        struct Interface: Decodable {
            struct Address: Decodable { let local: String, scope: String }
            let addr_info: [Address]
        }
        let listing = try await Command(["ip", "-json", "-n", space.name, "address", "show", "dev", "tun0"])
            .succeed()
        let interfaces = try JSONDecoder().decode([Interface].self, from: Data(listing.utf8))
        let addresses = interfaces.flatMap(\.addr_info).filter { $0.scope == "global" }.compactMap {
            IPAddress($0.local)
        }
        return Dictionary(addresses.map { ($0.family, "\($0)") }, uniquingKeysWith: { first, _ in first })
    }
}
