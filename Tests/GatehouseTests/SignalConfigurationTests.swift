import PolicyLanguage
import Portal
import SharedSignals
import Testing

@testable import gatehouse

/// The daemon's settings for signals of other systems.
@Suite struct SignalConfigurationTests {
    private static let server = "listen: \"0.0.0.0:8444\"\ncertificate: /a.pem\nkey: /a.key\n"
    private static let peer = "name: idp, issuer: \"https://idp/\", audience: gw, keys: /k.json"

    private static func read(_ text: String) -> (configuration: SignalConfiguration?, problems: [String]) {
        let log = DiagnosticLog()
        let configuration = DocumentReader.read(SourceText(path: "g.yaml", text: text), log: log)
            .flatMap { SignalConfiguration.read($0, log) }
        return (configuration, log.diagnostics.map { "\($0.range.start.line): \($0.message)" })
    }

    @Test func readsEverything() throws {
        let (read, problems) = Self.read(
            """
            listen: ["0.0.0.0:8444", "[::]:8444"]
            certificate: /etc/gatehouse/portal.pem
            key: /etc/gatehouse/portal.key
            transmitters:
              - name: idp
                issuer: https://idp.example.org/
                audience: https://gateway.example.org/signals
                keys: /etc/gatehouse/idp.json
                push-token: /etc/gatehouse/idp.token
                domains: [Example.org]
                max-age: 2h
                poll: { url: "https://idp.example.org/poll", token: /t, authorities: /ca.pem, every: 5s }
            """)
        #expect(problems.isEmpty)
        let configuration = try #require(read)
        #expect(configuration.listen.map(\.description) == ["0.0.0.0:8444", "[::]:8444"])
        #expect(configuration.files?.key == "/etc/gatehouse/portal.key")
        let peer = try #require(configuration.peers.first)
        #expect(peer.transmitter.issuer == "https://idp.example.org/")
        #expect(peer.transmitter.audience == "https://gateway.example.org/signals")
        #expect(peer.transmitter.domains == ["example.org"])
        #expect(peer.transmitter.maximumAge == .seconds(7200))
        #expect(peer.pushToken == "/etc/gatehouse/idp.token")
        guard case .file("/etc/gatehouse/idp.json") = peer.keys else { throw Unexpected() }
        #expect(peer.poll?.url == "https://idp.example.org/poll" && peer.poll?.every == .seconds(5))
        #expect(peer.poll?.token == "/t" && peer.poll?.authorities == "/ca.pem")
    }

    private struct Unexpected: Error {}

    @Test func keysCanBePublished() throws {
        let read = { (keys: String) in
            Self.read(
                Self.server
                    + "transmitters: [{ name: idp, issuer: i, audience: gw, push-token: /t, keys: \(keys) }]")
        }
        let whole = read("{ url: \"https://idp/jwks\", authorities: /ca.pem, every: 5m }")
        guard
            case .fetched("https://idp/jwks", "/ca.pem", .seconds(300)) = whole.configuration?.peers.first?
                .keys
        else { throw Unexpected() }
        let least = read("{ url: \"https://idp/jwks\" }")
        guard case .fetched("https://idp/jwks", nil, .seconds(3600)) = least.configuration?.peers.first?.keys
        else { throw Unexpected() }
        for bad in [
            "https://idp/jwks", "{ url: \"http://idp/jwks\" }", "{ url: /k.json }",
            "{ authorities: /ca.pem }",
            "{ url: \"https://idp/jwks\", every: 59s }", "{ url: \"https://idp/jwks\", file: /k.json }",
            "[/k.json]",
            "{ url: \"https://idp/jwks\", authorities: ca.pem }", "{}",
        ] {
            let (configuration, problems) = read(bad)
            #expect(configuration == nil && !problems.isEmpty, "\(bad)")
        }
    }

    @Test func pollingAloneNeedsNoServer() {
        let poll = "poll: { url: \"https://idp/\", token: /t }"
        #expect(Self.read("transmitters: [{ \(Self.peer), \(poll) }]").configuration?.files == nil)
        #expect(Self.read("transmitters: [{ \(Self.peer), \(poll) }]").configuration != nil)
    }

    private static let mistakes: [(String, String)] = [
        ("no transmitters", server), ("none in the list", server + "transmitters: []"),
        ("neither push nor poll", server + "transmitters: [{ \(peer) }]"),
        ("push without listen", "transmitters: [{ \(peer), push-token: /t }]"),
        (
            "listen without push",
            server + "transmitters: [{ \(peer), poll: { url: \"https://idp/\", token: /t } }]"
        ),
        ("listen without a key", "listen: \"0.0.0.0:8444\"\ntransmitters: [{ \(peer), push-token: /t }]"),
        ("no issuer", server + "transmitters: [{ name: a, audience: gw, keys: /k, push-token: /t }]"),
        ("a relative file", server + "transmitters: [{ \(peer), push-token: token }]"),
        ("an unknown key", server + "transmitters: [{ \(peer), push-token: /t, secret: x }]"),
        ("an age beyond all", server + "transmitters: [{ \(peer), push-token: /t, max-age: 60d }]"),
        ("polling in the clear", "transmitters: [{ \(peer), poll: { url: \"http://idp/\", token: /t } }]"),
        (
            "one issuer twice",
            server + "transmitters: [{ \(peer), push-token: /t }, "
                + "{ name: b, issuer: \"https://idp/\", audience: g, keys: /k, push-token: /u }]"
        ),
        (
            "one name twice",
            server + "transmitters: [{ \(peer), push-token: /t }, "
                + "{ name: idp, issuer: b, audience: g, keys: /k, push-token: /u }]"
        ),
    ]

    @Test(arguments: SignalConfigurationTests.mistakes)
    func mistakesAreNamed(_ what: String, _ text: String) {
        let (configuration, problems) = Self.read(text)
        #expect(configuration == nil, "\(what)")
        #expect(!problems.isEmpty, "\(what)")
    }
}
