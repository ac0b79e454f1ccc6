import Foundation

/// Whoever tells of people and devices: keys and signatures of the `jose` tool, pushes of curl, from the internet.
///
/// None of it is gatehouse's own, so nothing that it makes of tokens can make a row come out right.
struct SignalTransmitter: Sendable {
    let site: Site

    static let port: UInt16 = 8444
    static let issuer = "https://idp.example.test/"
    private static let audience = "https://\(Keys.serverName)/signals"
    private static let kid = "lab"
    private static let gateway = "203.0.113.1"

    /// Follows in the daemon's configuration.
    static func configuration(_ site: Site, polls: Bool) -> String {
        """
        shared-signals:
          listen: ["0.0.0.0:\(port)"]
          certificate: \(DaemonFiles.quoted(site.path("vpn/server.crt")))
          key: \(DaemonFiles.quoted(site.path("vpn/server.key")))
          transmitters:
            - name: idp
              issuer: \(issuer)
              audience: \(audience)
              keys: \(polls ? PollServer.keys(site) : DaemonFiles.quoted(site.path("signals/keys.json")))
              push-token: \(DaemonFiles.quoted(site.path("signals/push-token")))
              domains: [example.test]
        """ + (polls ? PollServer.configuration(site) : "")
    }

    /// Makes the key, its public half for the daemon, and the secret by which pushes are known.
    func begin() async throws {
        try FileManager.default.createDirectory(
            atPath: site.signals, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let key = site.path("signals/key.json")
        try await Command(
            ["jose", "jwk", "gen", "-i", #"{"alg":"ES256","kid":"\#(Self.kid)"}"#, "-o", key]
        ).succeed()
        try await Command(
            ["jose", "jwk", "pub", "-s", "-i", key, "-o", site.path("signals/keys.json")]
        ).succeed()
        let token = UUID().uuidString + UUID().uuidString
        try site.write(token + "\n", to: "signals/push-token")
        try site.write(
            "authorization: Bearer \(token)\ncontent-type: application/secevent+jwt\n", to: "signals/headers")
    }

    enum Event: Sendable {
        case sessionRevoked(Actor)
        case compliance(Actor, isCompliant: Bool)

        private static let types = "https://schemas.openid.net/secevent/caep/event-type/"

        var json: String {
            switch self {
            case .sessionRevoked: #"{"\#(Self.types)session-revoked":{"reason_admin":{"en":"lab"}}}"#
            case .compliance(_, let isCompliant):
                #"{"\#(Self.types)device-compliance-change":{"previous_status":"#
                    + #""\#(isCompliant ? "not-compliant" : "compliant")","current_status":"#
                    + #""\#(isCompliant ? "compliant" : "not-compliant")"}}"#
            }
        }

        var subject: String {
            let actor =
                switch self {
                case .sessionRevoked(let actor), .compliance(let actor, _): actor
                }
            return #"{"format":"complex","user":{"format":"email","email":""#
                + #"\#(actor.person.rawValue)@example.test"},"device":{"format":"opaque","id":"\#(actor.device.rawValue)"}}"#
        }
    }

    /// A token, and the name that it has.
    struct Token: Sendable {
        let id: String
        let text: String
    }

    func sign(_ event: Event) async throws -> Token {
        let id = UUID().uuidString
        let claims =
            #"{"iss":"\#(Self.issuer)","aud":"\#(Self.audience)","iat":\#(Int(Date().timeIntervalSince1970)),"#
            + #""jti":"\#(id)","sub_id":\#(event.subject),"events":\#(event.json)}"#
        let header = #"{"protected":{"alg":"ES256","typ":"secevent+jwt","kid":"\#(Self.kid)"}}"#
        let text = try await Command(
            ["jose", "jws", "sig", "-I", "-", "-s", header, "-k", site.path("signals/key.json"), "-c"]
        ).input(claims).succeed()
        return Token(id: id, text: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// What came of a push.
    struct Answer: Sendable {
        let status: Int
        /// From the end of the TLS handshake to the answer's first byte: the token is sent, checked, on the disk, in force
        /// and on the record in that time.
        let took: Duration
    }

    func push(_ token: Token) async throws -> Answer {
        let server = "\(Keys.serverName):\(Self.port)"
        let output = try await Command(
            in: .internet,
            [
                "curl", "-q", "-s", "-m", "10", "-o", "/dev/null", "--cacert", site.path("vpn/corporate.crt"),
                "--resolve", "\(server):\(Self.gateway)", "-H", "@\(site.path("signals/headers"))",
                "--data-binary", "@-", "-w", "%{http_code} %{time_pretransfer} %{time_starttransfer}",
                "https://\(server)/signals/v1/events",
            ]
        ).input(token.text).succeed()
        let words = output.split(separator: " ").map { Double($0) ?? 0 }
        guard words.count == 3 else {
            throw LabError.commandFailed(command: "curl", status: 0, output: output)
        }
        return Answer(status: Int(words[0]), took: .seconds(words[2] - words[1]))
    }

    /// When the kernel had it in force, as the daemon says in its log. Nanoseconds since 1970.
    func committedAt(_ token: Token, log: String) async throws -> Int64 {
        try await Wait.forValue("the daemon to say that \(token.id) is in force", within: .seconds(10)) {
            let line = Wait.text(log).split(separator: "\n").last {
                $0.contains("in force") && $0.contains(token.id)
            }
            guard let line, let found = line.firstRange(of: "committed=") else { return nil }
            return Int64(line[found.upperBound...].prefix { $0.isNumber })
        }
    }
}
