import Evidence
import Sessions

/// Conditions that have parts: each part is a condition of its own, so that each that is missing is named by itself.
extension ConditionReader {
    static let certificateKeys = [
        "authority", "subject", "email", "uri", "dns", "upn", "extension",
    ]

    /// Authorities, or `{ authority: ..., subject: { OU: ... }, email: ..., extension: { 1.3.6.1: ... } }`.
    func certificate(_ mapping: MappingReader) -> [Condition] {
        guard let node = mapping.node("certificate") else { return [] }
        guard case .mapping = node else {
            return authorities(mapping, "certificate").map {
                [Condition(.certificate(authorities: $0), at: mapping.keyRange("certificate").start)]
            } ?? []
        }
        guard
            let parts = MappingReader(node, "a certificate", keys: Self.certificateKeys, log: log)
        else { return [] }
        var conditions: [Condition] = []
        // An attribute is worth no more than whoever certified it.
        if let found = authorities(parts, "authority", isRequired: true) {
            conditions.append(
                Condition(.certificate(authorities: found), at: parts.keyRange("authority").start))
        }
        conditions += attributes(parts, "subject", .attributeType, CertificateAttribute.subject)
        for (key, attribute) in [
            ("email", CertificateAttribute.email), ("uri", .uri), ("dns", .dns), ("upn", .userPrincipalName),
        ] {
            guard let patterns = values(parts, key, .pattern) else { continue }
            conditions.append(Condition(.attribute(attribute, patterns), at: parts.keyRange(key).start))
        }
        return conditions
            + attributes(parts, "extension", .objectIdentifier, CertificateAttribute.extension)
    }

    /// A mapping from names of attributes to what they may be.
    private func attributes(
        _ parts: MappingReader, _ key: String, _ name: TextForm<String>,
        _ make: (String) -> CertificateAttribute
    ) -> [Condition] {
        guard let node = parts.node(key) else { return [] }
        let entries = log.pairs(node)
        refuseEmpty(node, key, "name an attribute, or leave the key out")
        return entries.flatMap { attribute($0, name, make) }
    }

    /// Reports a mapping with nothing in it: to read it as no condition would open more than was meant.
    private func refuseEmpty(_ node: DocumentNode, _ key: String, _ instead: String) {
        guard case .mapping(let entries, let range) = node, entries.isEmpty else { return }
        log.add(.emptyMapping(key, instead: instead), at: range)
    }

    private func attribute(
        _ entry: DocumentNode.Entry, _ name: TextForm<String>, _ make: (String) -> CertificateAttribute
    ) -> [Condition] {
        guard let name = log.read(entry.keyNode, name) else { return [] }
        let patterns = log.readList(entry.value, .pattern)
        if case .sequence(let items, let range) = entry.value, items.isEmpty {
            log.add(.emptyList(entry.key, instead: "name one, or leave the key out"), at: range)
        }
        guard !patterns.isEmpty else { return [] }
        return [Condition(.attribute(make(name.value), Set(patterns.map(\.value))), at: entry.keyRange.start)]
    }

    static let deviceKeys = [
        "status", "kind", "managed", "organisation", "owner", "loan", "on-site",
    ]

    /// `unregistered`, statuses, or `{ status: in-use, kind: laptop, managed: true, ... }`.
    func device(_ mapping: MappingReader) -> [Condition] {
        let place = mapping.keyRange("device").start
        switch mapping.node("device") {
        case nil: return []
        case .scalar("unregistered", _, _): return [Condition(.unregistered, at: place)]
        case .mapping(let entries, let range)?:
            let node = DocumentNode.mapping(entries, range)
            refuseEmpty(node, "device", "say what is asked of it, or leave the key out")
            guard let parts = MappingReader(node, "a device", keys: Self.deviceKeys, log: log) else {
                return []
            }
            return Self.deviceKeys.compactMap { key in
                deviceTest(key, parts).map { Condition($0, at: parts.keyRange(key).start) }
            }
        default:
            let form: TextForm<DeviceStatus> = .choice("'unregistered' alone, or statuses")
            let statuses = mapping.requireList(
                "device", form, ifEmpty: "name a status, or leave the key out")
            return statuses.isEmpty ? [] : [Condition(.device(Set(statuses.map(\.value))), at: place)]
        }
    }

    private func deviceTest(_ key: String, _ parts: MappingReader) -> Condition.Test? {
        switch key {
        case "status": values(parts, key, .choice("a status")).map { .device($0) }
        case "kind": values(parts, key, .choice("a kind of device")).map { .deviceKind($0) }
        case "managed": parts.read(key, .boolean()).map { .deviceManaged($0.value) }
        case "organisation": values(parts, key, .freeName).map { .deviceOrganisation($0) }
        case "owner": parts.read(key, .thisUser).map { _ in .deviceOwned }
        case "loan": parts.read(key, .thisUser).map { _ in .deviceLent }
        case "on-site": parts.node(key).flatMap { age($0, "on-site") }.map { .deviceOnSite(within: $0) }
        default: nil
        }
    }

    static let userKeys = ["name", "organisation", "steps", "acknowledged"]

    /// Names, or `{ steps: [training], acknowledged: { within: 180d }, ... }`.
    func user(_ mapping: MappingReader) -> [Condition] {
        guard let node = mapping.node("user") else { return [] }
        guard case .mapping = node else {
            return names(mapping, "user", .user).map {
                [Condition(.user($0), at: mapping.keyRange("user").start)]
            } ?? []
        }
        refuseEmpty(node, "user", "say what is asked of the person, or leave the key out")
        guard let parts = MappingReader(node, "a user", keys: Self.userKeys, log: log) else { return [] }
        return Self.userKeys.compactMap { key in
            userTest(key, parts).map { Condition($0, at: parts.keyRange(key).start) }
        }
    }

    private func userTest(_ key: String, _ parts: MappingReader) -> Condition.Test? {
        switch key {
        case "name": names(parts, key, .user).map { .user($0) }
        case "organisation": values(parts, key, .freeName).map { .userOrganisation($0) }
        case "steps": values(parts, key, .freeName).map { .steps($0) }
        case "acknowledged":
            parts.node(key).flatMap { age($0, "acknowledged") }.map { .acknowledged(within: $0) }
        default: nil
        }
    }

    static let postureKeys = ["antivirus", "patches", "disk-encryption", "firewall", "screen-lock"]

    /// `{ antivirus: { within: 24h }, disk-encryption: on, screen-lock: { at-most: 15m } }`
    func posture(_ node: DocumentNode) -> [Condition] {
        guard let parts = MappingReader(node, "a posture", keys: Self.postureKeys, log: log) else {
            return []
        }
        refuseEmpty(node, "posture", "say what is asked of the device, or leave the key out")
        return Self.postureKeys.compactMap { key in
            parts.node(key).flatMap { need(key, $0) }
                .map { Condition(.posture($0), at: parts.keyRange(key).start) }
        }
    }

    private func need(_ key: String, _ node: DocumentNode) -> PostureNeed? {
        switch key {
        case "antivirus": age(node, "antivirus").map { .antivirus(within: $0) }
        case "patches": age(node, "patches").map { .patches(within: $0) }
        case "disk-encryption": switchedOn(node, key).map { .diskEncryption(seenWithin: $0) }
        case "firewall": switchedOn(node, key).map { .firewall(seenWithin: $0) }
        case "screen-lock": screenLock(node)
        default: nil
        }
    }

    /// `on`, or `{ within: 7d }` for how old the sight of it may be.
    private func switchedOn(_ node: DocumentNode, _ what: String) -> Duration? {
        if case .mapping = node { return age(node, what) }
        return log.read(node, .on).map { _ in PostureNeed.usualAge }
    }

    static var minutes: TextForm<Int> {
        TextForm<Int>("whole minutes from 1m to 1d, such as 15m", .duration) { text in
            guard let seconds = TimeText.duration(text)?.components.seconds, seconds % 60 == 0,
                (60...86_400).contains(seconds)
            else { return nil }
            return Int(seconds / 60)
        }
    }

    private func screenLock(_ node: DocumentNode) -> PostureNeed? {
        let minutes = Self.minutes
        if case .scalar(let text, _, let range) = node {
            let suggestion = minutes.parse(text) == nil ? nil : "{ at-most: \(text) }"
            log.addWrongType(
                expected: "a limit such as { at-most: 15m }", found: node.kind, at: range,
                suggestion: suggestion)
            return nil
        }
        guard let parts = MappingReader(node, "screen-lock", keys: ["at-most", "within"], log: log),
            let atMost = parts.require("at-most", minutes)
        else { return nil }
        let seen = parts.has("within") ? parts.read("within", .duration())?.value : PostureNeed.usualAge
        return seen.map { .screenLock(atMostMinutes: atMost.value, seenWithin: $0) }
    }

    static let clientKeys = ["platform", "version", "split-tunnel"]

    /// `{ platform: [linux, win], version: { at-least: "2.6.0" }, split-tunnel: refused }`
    func client(_ node: DocumentNode) -> [Condition] {
        guard let parts = MappingReader(node, "a client", keys: Self.clientKeys, log: log) else { return [] }
        refuseEmpty(node, "client", "say what is asked of it, or leave the key out")
        return Self.clientKeys.compactMap { key in
            parts.node(key).flatMap { need(key, ofClient: $0) }
                .map { Condition(.client($0), at: parts.keyRange(key).start) }
        }
    }

    private func need(_ key: String, ofClient node: DocumentNode) -> ClientNeed? {
        switch key {
        case "platform":
            let platforms = log.readWords(node, key, "what the client runs on", ClientPlatform.self)
            return platforms.isEmpty ? nil : .platform(Set(platforms.map(\.value)))
        case "version": return leastVersion(node).map { .version(atLeast: $0) }
        case "split-tunnel":
            // There is nothing else to ask for: without this a client may do as it likes.
            return log.read(node, .refused).map { _ in .noSplitTunnel }
        default: return nil
        }
    }

    private func leastVersion(_ node: DocumentNode) -> ClientVersion? {
        if case .scalar(let text, _, let range) = node {
            let suggestion = ClientVersion(text) == nil ? nil : "{ at-least: \(text) }"
            log.addWrongType(
                expected: "a limit such as { at-least: 2.6.0 }", found: node.kind, at: range,
                suggestion: suggestion)
            return nil
        }
        return MappingReader(node, "version", keys: ["at-least"], log: log)?
            .require("at-least", .clientVersion)?.value
    }

    /// `remote-working`, `travel`, `system` (in the needs of one), `{ exception: NAME }`, or a list: all of them.
    func approvals(_ node: DocumentNode, at place: SourceLocation) -> [Condition] {
        if case .sequence(let items, let range) = node {
            if items.isEmpty {
                log.add(.emptyList("approval", instead: "name one, or leave the key out"), at: range)
            }
            return items.compactMap { item in
                approval(item).map { Condition(.approval($0), at: item.range.start) }
            }
        }
        return approval(node).map { [Condition(.approval($0), at: place)] } ?? []
    }

    private func approval(_ node: DocumentNode) -> ApprovalNeed? {
        if case .mapping = node {
            return MappingReader(node, "an approval", keys: ["exception"], log: log)?
                .require("exception", .freeName).map { .exception($0.value) }
        }
        let system = system
        let choices =
            system == nil
            ? "remote-working or travel (system: in the needs of a system only)"
            : "remote-working, travel or system"
        let words = ["remote-working", "travel"] + (system == nil ? [] : ["system"])
        let form = TextForm<ApprovalNeed>(
            "\(choices), or a mapping such as { exception: no-token }", .words(words)
        ) { text in
            switch text {
            case "remote-working": .remoteWorking
            case "travel": .travel
            case "system": system.map { .system(name: $0.name, label: $0.label) }
            default: nil
            }
        }
        return log.read(node, form)?.value
    }
}

extension TextForm where Value == String {
    /// The one person that a device can be given or lent to here.
    static var thisUser: Self {
        Self("this-user: the user of the session", .words(["this-user"])) { $0 == "this-user" ? $0 : nil }
    }

    static var on: Self {
        Self("on, or how old the sight of it may be, such as { within: 7d }", .words(["on"])) {
            $0 == "on" ? $0 : nil
        }
    }

    static var refused: Self {
        Self("the word refused, or no such key", .words(["refused"])) { $0 == "refused" ? $0 : nil }
    }

    /// Dotted decimal, as ITU-T X.660 has it: the first number is 0, 1 or 2, and below 0 and 1 there are forty each.
    static var objectIdentifier: Self {
        Self(
            "an object identifier such as 1.3.6.1.4.1.311.20.2.3",
            .pattern("^\(TextSchema.objectIdentifier)$")
        ) { text in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            let isGood = parts.allSatisfy { part in
                part.utf8.allSatisfy { (48...57).contains($0) } && UInt64(part) != nil
                    && (part.count == 1 || part.first != "0")
            }
            guard isGood, parts.count >= 2, let first = UInt64(parts[0]), let second = UInt64(parts[1]) else {
                return nil
            }
            return first == 2 || first < 2 && second < 40 ? text : nil
        }
    }

    /// A short name that verification knows, or a dotted object identifier.
    static var attributeType: Self {
        let known = ["CN", "O", "OU", "C", "ST", "L", "serialNumber", "UID", "emailAddress", "DC"]
        let pattern = "^(\((known + [TextSchema.objectIdentifier]).joined(separator: "|")))$"
        return Self("one of \(known.joined(separator: ", ")), or an object identifier", .pattern(pattern)) {
            text in
            known.contains(text) ? text : objectIdentifier.parse(text)
        }
    }
}

extension TextForm {
    static var pattern: TextForm<TextPattern> {
        TextForm<TextPattern>(
            "a text of one line, with at most one * in it",
            .patternOrNumber("^(?!\\s)[^*\\n]*\\*?[^*\\n]*(?<!\\s)$")
        ) { text in
            PlainText.isName(text) ? TextPattern(text) : nil
        }
    }

    static func boolean() -> TextForm<Bool> {
        TextForm<Bool>("true or false", .truth) { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    static func countryCode() -> TextForm<CountryCode> {
        TextForm<CountryCode>(CountryCode.expected, .country) { CountryCode(register: $0) }
    }
}

extension TextForm where Value == ClientVersion {
    static var clientVersion: Self {
        Self("a version of numbers and dots, such as 2.6.0", .pattern("^[0-9]{1,9}(\\.[0-9]{1,9}){0,7}$")) {
            ClientVersion($0)
        }
    }
}
