import AlertSinks
import Alerts
import PolicyLanguage
import Sessions

/// Where alerts go. Without it nobody is alerted; what happens is on the audit record all the same.
///
///     alerts:
///       window: 10m
///       about-to-end: [14d, 7d, 1d]
///       sinks:
///         - { name: journal, journald: /run/systemd/journal/socket }
///         - { name: soc, syslog: "udp:10.0.0.5:514", from: warning }
///         - name: hook
///           webhook: { url: "https://soc.example.org/hook", secret-file: /etc/gatehouse/webhook.secret }
///           kinds: [refused-abroad, cut-abroad, scan, spoofing]
///         - name: mail
///           command: [/usr/sbin/sendmail, -oi, -t]
///           mail: { from: gatehouse@example.org, to: [security@example.org] }
struct AlertConfiguration: Sendable {
    /// In which repeats are counted instead of told.
    var window: Duration
    /// How long before something ends people are told.
    var ahead: [Duration]
    var sinks: [Sink]

    struct Sink: Sendable {
        var name: String
        var kind: Kind
        var route: AlertRoute
        var bounds: AlertQueue.Bounds
    }

    enum Kind: Sendable {
        case journal(DatagramTarget)
        case syslog(DatagramTarget, facility: Int, enterprise: UInt32)
        case webhook(Webhook)
        case command([String], from: String?, to: [String], patience: Duration)
    }

    struct Webhook: Sendable {
        var url: WebAddress
        var secretFile: String
        var authorities: [String]
        var patience: Duration
    }

    static let defaultWindow = Duration.seconds(600)
    static let defaultAhead = [14, 7, 1].map { Duration.seconds($0 * 86_400) }

    /// Reads the mapping behind `alerts`; nil when it is wrong, which has been reported then.
    static func read(_ node: DocumentNode, _ log: DiagnosticLog) -> AlertConfiguration? {
        let errorsBefore = log.errorCount
        let keys = ["window", "about-to-end", "sinks"]
        guard let mapping = MappingReader(node, "alerts", keys: keys, log: log) else { return nil }
        let window = mapping.read("window", .alertWindow)?.value
        let ahead = mapping.list("about-to-end", .timeAhead)?.map(\.value)
        let items = mapping.requiredNode("sinks").map { log.items($0) } ?? []
        if items.isEmpty, mapping.has("sinks"), log.errorCount == errorsBefore {
            log.add(
                .wrongValue(expected: "at least one sink, or no alerts at all", found: "none"),
                at: mapping.keyRange("sinks"))
        }
        var names: Set<String> = []
        let sinks = items.compactMap { item -> Sink? in
            guard let sink = sink(item, log) else { return nil }
            if !names.insert(sink.name).inserted {
                log.add(
                    .wrongValue(expected: "a name that no other sink has", found: "'\(sink.name)'"),
                    at: item.range)
            }
            return sink
        }
        guard log.errorCount == errorsBefore else { return nil }
        return AlertConfiguration(
            window: window ?? defaultWindow, ahead: ahead ?? defaultAhead, sinks: sinks)
    }

    private static let kinds = ["journald", "syslog", "webhook", "command"]

    private static func sink(_ node: DocumentNode, _ log: DiagnosticLog) -> Sink? {
        let keys =
            kinds + ["name", "kinds", "from", "queue", "facility", "enterprise-number", "mail", "timeout"]
        guard let mapping = MappingReader(node, "a sink of alerts", keys: keys, log: log) else { return nil }
        let name = mapping.require("name", .name)?.value
        let only: [Located<AlertKind>]? =
            mapping.has("kinds")
            ? mapping.requireList(
                "kinds", .choice("what people are alerted of"), ifEmpty: "leave kinds out for every kind")
            : nil
        let severity = mapping.read("from", .alertSeverity)?.value
        let bounds = mapping.node("queue").map { queue($0, log) } ?? AlertQueue.Bounds()
        guard let kind = kind(mapping, log), let name else { return nil }
        return Sink(
            name: name, kind: kind,
            route: AlertRoute(kinds: only.map { Set($0.map(\.value)) }, from: severity ?? .debug),
            bounds: bounds)
    }

    /// One of four; what belongs to another is a mistake.
    private static func kind(_ mapping: MappingReader, _ log: DiagnosticLog) -> Kind? {
        let named = kinds.filter(mapping.has)
        guard let word = named.first, named.count == 1 else {
            log.add(
                .wrongValue(
                    expected: "one of \(kinds.joined(separator: ", "))",
                    found: named.isEmpty ? "none" : named.joined(separator: " and ")), at: mapping.range)
            return nil
        }
        for (key, owners) in [
            ("facility", ["syslog"]), ("enterprise-number", ["syslog"]), ("mail", ["command"]),
            ("timeout", ["command", "webhook"]),
        ] where mapping.has(key) && !owners.contains(word) {
            log.add(
                .wrongValue(expected: "'\(key)' only with \(owners.joined(separator: " or "))", found: word),
                at: mapping.keyRange(key))
        }
        let patience = mapping.read("timeout", .alertPatience)?.value
        switch word {
        case "journald": return mapping.read(word, .socketPath).map { .journal($0.value) }
        case "syslog":
            let facility = mapping.read("facility", .facility)?.value ?? 10
            let enterprise = mapping.read("enterprise-number", .enterprise)?.value ?? 32473
            return mapping.read(word, .datagramTarget).map {
                .syslog($0.value, facility: facility, enterprise: enterprise)
            }
        case "webhook":
            return mapping.node(word).flatMap { webhook($0, patience ?? .seconds(10), log) }
        default: return command(mapping, patience ?? .seconds(30), log)
        }
    }

    private static func webhook(
        _ node: DocumentNode, _ patience: Duration, _ log: DiagnosticLog
    ) -> Kind? {
        let keys = ["url", "secret-file", "authorities"]
        guard let mapping = MappingReader(node, "a webhook", keys: keys, log: log) else { return nil }
        let url = mapping.require("url", .webhookAddress)
        let secret = mapping.require("secret-file", .absolutePath)
        let authorities = mapping.list("authorities", .absolutePath)?.map(\.value) ?? []
        guard let url, let secret else { return nil }
        return .webhook(
            Webhook(
                url: url.value, secretFile: secret.value, authorities: authorities, patience: patience))
    }

    private static func command(
        _ mapping: MappingReader, _ patience: Duration, _ log: DiagnosticLog
    ) -> Kind? {
        let words = mapping.requireList(
            "command", .argument, ifEmpty: "name the program and its arguments")
        var (from, to): (String?, [String]) = (nil, [])
        if let node = mapping.node("mail"),
            let mail = MappingReader(node, "the mail's addresses", keys: ["from", "to"], log: log)
        {
            from = mail.read("from", .mailAddress)?.value
            to = mail.list("to", .mailAddress)?.map(\.value) ?? []
        }
        guard let program = words.first else { return nil }
        guard program.value.hasPrefix("/") else {
            log.add(
                .wrongValue(expected: "a program's absolute path", found: "'\(program.value)'"),
                at: program.range)
            return nil
        }
        return .command(words.map(\.value), from: from, to: to, patience: patience)
    }

    private static func queue(_ node: DocumentNode, _ log: DiagnosticLog) -> AlertQueue.Bounds {
        var bounds = AlertQueue.Bounds()
        guard let mapping = MappingReader(node, "a queue", keys: ["alerts", "bytes"], log: log) else {
            return bounds
        }
        bounds.count = mapping.read("alerts", .queueCount)?.value ?? bounds.count
        bounds.bytes = mapping.read("bytes", .queueBytes)?.value ?? bounds.bytes
        return bounds
    }
}
