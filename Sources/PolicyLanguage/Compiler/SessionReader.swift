import Evidence
import NetworkTypes
import Sessions

/// Reads a session as tests and session files describe it.
struct SessionReader {
    let names: PackNames
    let log: DiagnosticLog

    static let keys = [
        "certificate", "organisation", "revocation", "device", "loans", "user", "approvals", "mfa",
        "tenant-mfa", "client", "posture", "outer", "country", "behaviour", "withdrawn",
    ]

    func read(_ node: DocumentNode) -> SessionDescription? {
        guard let mapping = MappingReader(node, "a session", keys: Self.keys, log: log) else { return nil }
        var session = SessionDescription()
        readCertificate(mapping, &session)
        if let organisation = mapping.read("organisation", .freeName) {
            session.organisation = organisation.value
        }
        session.revocation = mapping.read("revocation", .choice("an answer"))?.value
        readDevice(mapping, &session)
        readUser(mapping, &session)
        let user = session.user.isEmpty ? nil : session.user
        session.loans = lines(.loan, mapping, ["device": session.device, "user": user]).loans.all
        session.approvals =
            lines(.approval, mapping, ["user": user, "approver": "somebody"]).approvals.all
        session.claims = mapping.node("client").map(claims) ?? [:]
        session.mfaAge = mapping.read("mfa", Self.codeAge)?.value
        session.tenantMFAAges = mapping.node("tenant-mfa").map(tenantMFAAges) ?? [:]
        session.posture = mapping.node("posture").map(posture) ?? []
        session.outer = mapping.read("outer", .address)?.value
        session.country = mapping.read("country", .countryCode())?.value
        session.scan = mapping.node("behaviour").flatMap(scan)
        session.isWithdrawn = mapping.read("withdrawn", .boolean())?.value ?? false
        return session
    }

    // MARK: Certificate

    private func readCertificate(_ mapping: MappingReader, _ session: inout SessionDescription) {
        guard let node = mapping.node("certificate"), case .mapping = node else {
            session.authority = named(mapping, "certificate", .authority)
            return
        }
        guard
            let parts = MappingReader(node, "a certificate", keys: ConditionReader.certificateKeys, log: log)
        else { return }
        if parts.has("authority") {
            session.authority = named(parts, "authority", .authority)
        } else {
            _ = parts.requiredNode("authority")
        }
        var attributes: [CertificateAttribute: [String]] = [:]
        let lists: [(String, CertificateAttribute)] = [
            ("email", .email), ("uri", .uri), ("dns", .dns), ("upn", .userPrincipalName),
        ]
        for (key, attribute) in lists {
            attributes[attribute] = parts.list(key, .freeName)?.map(\.value)
        }
        for entry in parts.node("subject").map(log.pairs) ?? [] {
            guard let name = log.read(entry.keyNode, .attributeType) else { continue }
            attributes[.subject(name.value)] = log.readList(entry.value, .freeName).map(\.value)
        }
        for entry in parts.node("extension").map(log.pairs) ?? [] {
            guard let name = log.read(entry.keyNode, .objectIdentifier),
                let value = log.read(entry.value, .freeName)
            else { continue }
            attributes[.extension(name.value)] = [value.value]
        }
        session.attributes = attributes
        // VPN servers hand the organisation over by itself too; it is one certificate.
        session.organisation = attributes[.subject("O")]?.first
    }

    /// A name that must be defined; nil for `none`.
    private func named(_ mapping: MappingReader, _ key: String, _ kind: PackNames.Kind) -> String? {
        guard let name = mapping.read(key, .freeName), name.value != "none" else { return nil }
        return names.check(kind, name, log: log) ? name.value : nil
    }

    // MARK: Registers

    /// An inventory id, or a mapping of what the register says; with an `id` there, on top of what it says.
    private func readDevice(_ mapping: MappingReader, _ session: inout SessionDescription) {
        guard let node = mapping.node("device"), case .mapping = node else {
            session.device = named(mapping, "device", .device)
            return
        }
        (session.device, session.deviceFields) = statement(.device, node, "id") ?? (nil, [:])
    }

    private func readUser(_ mapping: MappingReader, _ session: inout SessionDescription) {
        guard let node = mapping.node("user"), case .mapping = node else {
            session.user = mapping.read("user", .freeName)?.value ?? ""
            return
        }
        (session.user, session.userFields) = statement(.user, node, "name") ?? ("", [:])
    }

    /// What is said of one device or user; the name stands for a test's own when it is left out.
    private func statement(
        _ kind: RegisterKind, _ node: DocumentNode, _ key: String
    ) -> (name: String, fields: RegisterFields)? {
        let fields = kind.fields.map(\.name)
        guard let mapping = MappingReader(node, "a \(kind.rawValue)", keys: [key] + fields, log: log) else {
            return nil
        }
        let name = mapping.read(key, .freeName)?.value ?? "the-\(kind.rawValue)-of-the-test"
        return (name, stated(kind, mapping))
    }

    private func stated(_ kind: RegisterKind, _ mapping: MappingReader) -> RegisterFields {
        var fields: RegisterFields = [:]
        for field in kind.fields {
            let values =
                field.isList
                ? mapping.list(field.name, field.form) : mapping.read(field.name, field.form).map { [$0] }
            guard let values, !values.isEmpty else { continue }
            fields[field.name] = Set(values.map(\.value)).sorted()
        }
        return fields
    }

    /// A list of lines; what a line leaves out is what the session says.
    private func lines(
        _ kind: RegisterKind, _ mapping: MappingReader, _ usual: [String: String?]
    ) -> Registers {
        var registers = Registers()
        let items = mapping.node(kind.plural).map(log.items) ?? []
        for (index, item) in items.enumerated() {
            let keys = [kind.keyName] + kind.fields.map(\.name)
            guard let parts = MappingReader(item, "a line", keys: keys, log: log) else { continue }
            let errorsBefore = log.errorCount
            let name = parts.read(kind.keyName, .freeName)?.value ?? "test-\(index + 1)"
            var fields = stated(kind, parts)
            for (key, value) in usual where fields[key] == nil { fields[key] = value.map { [$0] } }
            if fields["from"] == nil, !parts.has("from") { fields["from"] = [Self.beginning.description] }
            guard log.errorCount == errorsBefore else { continue }
            log.put(RegisterSubject(kind, name), fields, into: &registers, at: item.range)
        }
        return registers
    }

    /// Long before any test.
    private static let beginning = Instant(secondsSince1970: 0)

    // MARK: The rest

    static let postureKeys = [
        "antivirus", "patches", "disk-encryption", "firewall", "screen-lock", "seen",
    ]

    /// Ages, and what was seen: `{ antivirus: 5h, disk-encryption: on, screen-lock: 10m, seen: 1h }`.
    private func posture(_ node: DocumentNode) -> [SessionDescription.Posture] {
        guard let parts = MappingReader(node, "a posture", keys: Self.postureKeys, log: log) else {
            return []
        }
        let seen = parts.read("seen", .duration())?.value ?? .zero
        let items: [SessionDescription.Posture?] = [
            parts.read("antivirus", .duration()).map { .antivirus(age: $0.value) },
            parts.read("patches", .duration()).map { .patches(age: $0.value) },
            parts.read("disk-encryption", Self.onOff).map { .diskEncryption($0.value, seen: seen) },
            parts.read("firewall", Self.onOff).map { .firewall($0.value, seen: seen) },
            parts.read("screen-lock", Self.lock).map { .screenLock(minutes: $0.value, seen: seen) },
        ]
        return items.compactMap(\.self)
    }

    static var onOff: TextForm<Bool> {
        TextForm<Bool>("on or off", .words(["on", "off"])) { $0 == "on" ? true : $0 == "off" ? false : nil }
    }

    static var lock: TextForm<Int> {
        TextForm<Int>("whole minutes such as 10m, or never", .duration(or: "never")) { text in
            if text == "never" { return 0 }
            // Rounding would make a lock after half a minute one that never locks.
            guard let seconds = TimeText.duration(text)?.components.seconds, seconds % 60 == 0 else {
                return nil
            }
            return Int(seconds / 60)
        }
    }

    /// `scanning`: in this session; `{ scanning: 30m }`: so long ago, in an earlier one of the same device or person.
    private func scan(_ node: DocumentNode) -> SessionDescription.Scan? {
        guard case .mapping = node else {
            return log.readList(node, .behaviour()).isEmpty ? nil : .inThisSession
        }
        let keys = Behaviour.allCases.map(\.rawValue)
        return MappingReader(node, "what was seen", keys: keys, log: log)?
            .read(Behaviour.scanning.rawValue, .duration()).map { .earlier(ago: $0.value) }
    }

    /// `{ platform: linux, version: 2.6.12, split-tunnel: false }`, in whatever words a client may have.
    private func claims(_ node: DocumentNode) -> NamedTexts {
        guard
            let parts = MappingReader(
                node, "what the client says", keys: ConditionReader.clientKeys, log: log)
        else {
            return [:]
        }
        var claims: [ClientClaim: String] = [:]
        claims[.platform] = parts.read("platform", .freeName)?.value
        claims[.version] = parts.read("version", .freeName)?.value
        claims[.splitTunnel] = parts.read("split-tunnel", .boolean()).map { $0.value ? "1" : "0" }
        return NamedTexts(Dictionary(uniqueKeysWithValues: claims.map { ($0.key.rawValue, $0.value) }))
    }

    /// `{ boston: 5m }`
    private func tenantMFAAges(_ node: DocumentNode) -> [String: Duration] {
        var ages: [String: Duration] = [:]
        for entry in log.pairs(node) {
            guard let name = log.read(entry.keyNode, .freeName), names.check(.tenant, name, log: log) else {
                continue
            }
            ages[name.value] = log.read(entry.value, Self.codeAge)?.value
        }
        return ages
    }

    static var codeAge: TextForm<Duration?> {
        TextForm<Duration?>("how long ago the code was given, such as 5m, or none", .duration(or: "none")) {
            text in
            text == "none" ? .some(nil) : TimeText.duration(text).map(Optional.some)
        }
    }
}
