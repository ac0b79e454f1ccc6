import Evidence
import NetworkTypes
import Sessions

extension SessionDescription: CustomStringConvertible {
    /// On one line, as a pack's tests write it: `{ certificate: corporate, user: alice, mfa: 5m }`.
    package var description: String { Self.mapping(parts) }

    private var parts: [(String, String)] {
        var parts: [(String, String)] = []
        if let authority { parts.append(("certificate", certificate(authority))) }
        if attributes == nil, let organisation { parts.append(("organisation", Self.quoted(organisation))) }
        if let revocation { parts.append(("revocation", revocation.rawValue)) }
        if let device { parts.append(("device", Self.statement("id", device, deviceFields))) }
        if !loans.isEmpty { parts.append(("loans", "[ {} ]")) }
        if !user.isEmpty { parts.append(("user", Self.statement("name", user, userFields))) }
        if !approvals.isEmpty {
            parts.append(("approvals", "[ \(approvals.map(Self.approval).joined(separator: ", ")) ]"))
        }
        if !claims.isEmpty { parts.append(("client", Self.mapping(clientParts))) }
        if let mfaAge { parts.append(("mfa", TimeText.text(mfaAge))) }
        if !tenantMFAAges.isEmpty {
            let ages = tenantMFAAges.sorted { $0.key < $1.key }.map { ($0.key, TimeText.text($0.value)) }
            parts.append(("tenant-mfa", Self.mapping(ages)))
        }
        if !posture.isEmpty { parts.append(("posture", Self.mapping(postureParts))) }
        if let outer { parts.append(("outer", Self.quoted("\(outer)"))) }
        if let country { parts.append(("country", Self.quoted("\(country)"))) }
        if isWithdrawn { parts.append(("withdrawn", "true")) }
        switch scan {
        case .inThisSession?: parts.append(("behaviour", "scanning"))
        case .earlier(let ago)?: parts.append(("behaviour", "{ scanning: \(TimeText.text(ago)) }"))
        case nil: break
        }
        return parts
    }

    private func certificate(_ authority: String) -> String {
        guard let attributes else { return Self.quoted(authority) }
        var parts = [("authority", Self.quoted(authority))]
        var subject: [(String, String)] = []
        var extensions: [(String, String)] = []
        for (attribute, values) in attributes.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let list = "[\(values.map(Self.quoted).joined(separator: ", "))]"
            switch attribute {
            case .subject(let name): subject.append((name, list))
            case .extension(let identifier):
                if let value = values.first { extensions.append((identifier, Self.quoted(value))) }
            case .email, .uri, .dns, .userPrincipalName: parts.append(("\(attribute)", list))
            }
        }
        if !subject.isEmpty { parts.append(("subject", Self.mapping(subject))) }
        if !extensions.isEmpty { parts.append(("extension", Self.mapping(extensions))) }
        return Self.mapping(parts)
    }

    private var postureParts: [(String, String)] {
        var parts: [(String, String)] = []
        var seen = Duration.zero
        for item in posture {
            switch item {
            case .antivirus(let age): parts.append(("antivirus", TimeText.text(age)))
            case .patches(let age): parts.append(("patches", TimeText.text(age)))
            case .diskEncryption(let isOn, let age):
                parts.append(("disk-encryption", isOn ? "on" : "off"))
                seen = max(seen, age)
            case .firewall(let isOn, let age):
                parts.append(("firewall", isOn ? "on" : "off"))
                seen = max(seen, age)
            case .screenLock(let minutes, let age):
                parts.append(("screen-lock", minutes == 0 ? "never" : "\(minutes)m"))
                seen = max(seen, age)
            }
        }
        return seen > .zero ? parts + [("seen", TimeText.text(seen))] : parts
    }

    private var clientParts: [(String, String)] {
        var parts: [(String, String)] = []
        if let platform = claims[claim: .platform] { parts.append(("platform", Self.quoted(platform))) }
        if let version = claims[claim: .version] { parts.append(("version", Self.quoted(version))) }
        if let splits = claims.splitsTunnel { parts.append(("split-tunnel", "\(splits)")) }
        return parts
    }

    /// A line of a register: its name, or with what it says.
    private static func statement(_ key: String, _ name: String, _ fields: RegisterFields) -> String {
        guard !fields.isEmpty else { return quoted(name) }
        let said = fields.sorted { $0.key < $1.key }.map { field, values in
            (field, values.count == 1 ? quoted(values[0]) : "[\(values.map(quoted).joined(separator: ", "))]")
        }
        return mapping([(key, quoted(name))] + said)
    }

    private static func approval(_ approval: Approval) -> String {
        var parts = [("kind", approval.kind.rawValue)]
        if let until = approval.until { parts.append(("until", quoted("\(until)"))) }
        if !approval.countries.isEmpty {
            parts.append(
                (
                    "countries",
                    "[\(approval.countries.sorted().map { quoted("\($0)") }.joined(separator: ", "))]"
                ))
        }
        if !approval.systems.isEmpty {
            parts.append(("systems", "[\(approval.systems.sorted().map(quoted).joined(separator: ", "))]"))
        }
        if let exception = approval.exception { parts.append(("exception", quoted(exception))) }
        return mapping(parts)
    }

    private static func mapping(_ parts: [(String, String)]) -> String {
        parts.isEmpty ? "{}" : "{ \(parts.map { "\($0.0): \($0.1)" }.joined(separator: ", ")) }"
    }

    /// Bare where that is one word to YAML and no other kind of value, else in double quotes.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
        }
        let words: Set<String> = [
            "", "-", "yes", "no", "on", "off", "true", "false", "null", "none", "y", "n",
        ]
        if isPlain, !words.contains(text), !text.hasPrefix("-") { return text }
        return "\"\(text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined())\""
    }
}
