import PolicyLanguage
import Portal
import Sessions
import SharedSignals

/// Who tells of people and devices, and how they are known. Without it nobody is heard.
///
///     shared-signals:
///       listen: ["0.0.0.0:8444", "[::]:8444"]
///       certificate: /etc/gatehouse/portal.pem
///       key: /etc/gatehouse/portal.key
///       transmitters:
///         - name: idp
///           issuer: https://idp.example.org/
///           audience: https://gateway.example.org/signals
///           keys: /etc/gatehouse/idp-keys.json
///           push-token: /etc/gatehouse/idp-push-token
///           domains: [example.org]
///           poll: { url: "https://idp.example.org/ssf/poll", token: /etc/gatehouse/idp-poll-token }
struct SignalConfiguration: Sendable {
    /// Where pushes are taken; empty for nowhere.
    var listen: [ListenAddress]
    /// Nil only where nothing is listened on.
    var files: TLSFiles?
    var peers: [Peer]

    struct Peer: Sendable {
        var transmitter: Transmitter
        var keys: Keys
        /// The file of the bearer token that it pushes with; nil when it does not.
        var pushToken: String?
        var poll: Poll?
    }

    /// Where its key set is.
    enum Keys: Sendable {
        /// In a file, which is read anew when it changes.
        case file(String)
        /// Where it publishes it.
        case fetched(url: String, authorities: String?, every: Duration)
    }

    struct Poll: Sendable {
        var url: String
        var token: String
        var authorities: String?
        var every: Duration
    }

    /// Reads the mapping behind `shared-signals`; nil when it is wrong, which has been reported then.
    static func read(_ node: DocumentNode, _ log: DiagnosticLog) -> SignalConfiguration? {
        let errorsBefore = log.errorCount
        let known = ["listen", "certificate", "key", "transmitters"]
        guard let mapping = MappingReader(node, "shared-signals", keys: known, log: log) else { return nil }
        let listen = mapping.list("listen", .listenAddress) ?? []
        var files: TLSFiles?
        if !listen.isEmpty, let certificate = mapping.require("certificate", .absolutePath),
            let key = mapping.require("key", .absolutePath)
        {
            files = TLSFiles(certificate: certificate.value, key: key.value, clientAuthorities: [])
        }
        let peers =
            mapping.requiredNode("transmitters").map { log.items($0).compactMap { peer($0, log) } } ?? []
        check(peers, at: mapping, listens: !listen.isEmpty, log)
        guard log.errorCount == errorsBefore else { return nil }
        return SignalConfiguration(listen: listen.map(\.value), files: files, peers: peers)
    }

    private static func check(_ peers: [Peer], at mapping: MappingReader, listens: Bool, _ log: DiagnosticLog)
    {
        func complain(_ expected: String, _ found: String) {
            log.add(.wrongValue(expected: expected, found: found), at: mapping.range)
        }
        let names = peers.map(\.transmitter.name)
        // What was told is kept by its issuer: two that share one would lift each other's word.
        let issuers = peers.map(\.transmitter.issuer)
        if Set(names).count < names.count { complain("a name for each transmitter", "one twice") }
        if Set(issuers).count < issuers.count { complain("an issuer for each transmitter", "one twice") }
        if peers.isEmpty { complain("at least one transmitter", "none") }
        if !listens, peers.contains(where: { $0.pushToken != nil }) {
            complain("listen, since there is a push-token", "no listen")
        }
        if listens, !peers.contains(where: { $0.pushToken != nil }) {
            complain("a push-token of some transmitter, since there is listen", "none")
        }
    }

    private static func peer(_ node: DocumentNode, _ log: DiagnosticLog) -> Peer? {
        let known = [
            "name", "issuer", "audience", "keys", "push-token", "domains", "max-age", "poll",
        ]
        guard let mapping = MappingReader(node, "a transmitter", keys: known, log: log) else { return nil }
        let name = mapping.require("name", .name)
        let issuer = mapping.require("issuer", .freeName)
        let audience = mapping.require("audience", .freeName)
        let keys = mapping.requiredNode("keys").flatMap { readKeys($0, log) }
        let domains = mapping.list("domains", .freeName)?.map(\.value) ?? []
        let age = mapping.read("max-age", .tokenAge)?.value ?? .seconds(86_400)
        let push = mapping.read("push-token", .absolutePath)?.value
        let poll = mapping.node("poll").flatMap { readPoll($0, log) }
        if push == nil, !mapping.has("push-token"), !mapping.has("poll") {
            log.add(.wrongValue(expected: "push-token, poll or both", found: "neither"), at: mapping.range)
        }
        guard let name, let issuer, let audience, let keys else { return nil }
        return Peer(
            transmitter: Transmitter(
                name: name.value, issuer: issuer.value, audience: audience.value, domains: Set(domains),
                maximumAge: age), keys: keys, pushToken: push, poll: poll)
    }

    /// The name of a file, or where the keys are fetched from.
    private static func readKeys(_ node: DocumentNode, _ log: DiagnosticLog) -> Keys? {
        guard case .mapping = node else { return log.read(node, .absolutePath).map { .file($0.value) } }
        let known = ["url", "authorities", "every"]
        guard let mapping = MappingReader(node, "published keys", keys: known, log: log) else { return nil }
        let url = mapping.require("url", .secureURL)
        let authorities = mapping.read("authorities", .absolutePath)?.value
        let every = mapping.read("every", .keyPause)?.value ?? .seconds(3600)
        return url.map { .fetched(url: $0.value, authorities: authorities, every: every) }
    }

    private static func readPoll(_ node: DocumentNode, _ log: DiagnosticLog) -> Poll? {
        let known = ["url", "token", "authorities", "every"]
        guard let mapping = MappingReader(node, "polling", keys: known, log: log) else { return nil }
        let url = mapping.require("url", .secureURL)
        let token = mapping.require("token", .absolutePath)
        let authorities = mapping.read("authorities", .absolutePath)?.value
        let every = mapping.read("every", .pollPause)?.value ?? .seconds(15)
        guard let url, let token else { return nil }
        return Poll(url: url.value, token: token.value, authorities: authorities, every: every)
    }
}

extension TextForm {
    /// A day of a transmitter's silence is to be made up for; a month of tokens need not be remembered.
    fileprivate static var tokenAge: TextForm<Duration> {
        TextForm<Duration>("a duration from 1m to 30d") { text in
            TimeText.duration(text).flatMap {
                (.seconds(60)...Duration.seconds(30 * 86_400)).contains($0) ? $0 : nil
            }
        }
    }

    fileprivate static var pollPause: TextForm<Duration> {
        TextForm<Duration>("a duration from 1s to 1h") { text in
            TimeText.duration(text).flatMap { (.seconds(1)...Duration.seconds(3600)).contains($0) ? $0 : nil }
        }
    }

    fileprivate static var keyPause: TextForm<Duration> {
        TextForm<Duration>("a duration from 1m to 1d") { text in
            TimeText.duration(text).flatMap {
                (.seconds(60)...Duration.seconds(86_400)).contains($0) ? $0 : nil
            }
        }
    }

    fileprivate static var secureURL: TextForm<String> {
        TextForm<String>("an address that begins with https://") { text in
            text.hasPrefix("https://") && text.utf8.count > 8 && PlainText.isName(text)
                && !text.contains(where: \.isWhitespace) ? text : nil
        }
    }
}
