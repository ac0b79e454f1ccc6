import Crypto

/// Names that stand for names: the same for the same name and key, and nobody without the key can go back.
///
/// What could name somebody and is not known to be harmless is left out, and what no table here has is a name.
package struct Pseudonyms: Sendable {
    private let key: SymmetricKey
    /// Those of late, by kind and name: most names in a record come again and again.
    private var known: [Name: String] = [:]

    private struct Name: Hashable {
        let kind: String
        let name: String
    }

    /// More than are met together; then it begins anew.
    private static let mostKnown = 1 << 16

    /// - Parameter key: At least 16 bytes that nobody guesses.
    package init?(key: [UInt8]) {
        guard key.count >= 16 else { return nil }
        self.key = SymmetricKey(data: key)
    }

    /// `person-3f9a61c04d2b`. Twelve digits: among a million names, two have the same with a probability of one in five
    /// hundred.
    package func pseudonym(_ kind: String, of name: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(kind)\n\(name)".utf8), using: key)
        var digits: [UInt8] = []
        for byte in code.prefix(6) {
            let text = String(byte, radix: 16)
            if text.utf8.count == 1 { digits.append(UInt8(ascii: "0")) }
            digits += text.utf8
        }
        return "\(kind)-\(String(decoding: digits, as: UTF8.self))"
    }

    private mutating func recalled(_ kind: String, _ name: String) -> String {
        let asked = Name(kind: kind, name: name)
        if let pseudonym = known[asked] { return pseudonym }
        if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
        let made = pseudonym(kind, of: name)
        known[asked] = made
        return made
    }

    /// The same record without a name, an address or a serial number.
    package mutating func cleaned(_ entry: AuditEntry) -> AuditEntry {
        var clean = AuditEntry(entry.kind, at: entry.at)
        for value in entry.values {
            switch (value.field.privacy, value.content) {
            case (.withheld, _): continue
            case (.open, .text(let text)): clean[value.field] = text
            case (.open, .number(let number)): clean[number: value.field] = number
            case (.open, .list(let list)): clean[list: value.field] = list
            case (.keyed(let kind), .text(let text)):
                clean[value.field] = keyed(value.field, kind, text)
            case (.keyed(let kind), .list(let list)):
                clean[list: value.field] = list.map { recalled(kind, $0) }
            case (.keyed, .number): continue
            }
        }
        clean.evidence = entry.evidence.map { cleaned($0) }
        return clean
    }

    private mutating func keyed(_ field: AuditField, _ kind: String, _ text: String) -> String {
        switch field {
        // The port says nothing of whose it is, and would give each connection a name of its own.
        case .outer: recalled(kind, OuterText.host(of: text))
        // `user alice` is the same person as in a session.
        case .subject: subject(text)
        default: recalled(kind, text)
        }
    }

    private mutating func subject(_ text: String) -> String {
        for (word, kind) in [("user ", "person"), ("device ", "device")] where text.hasPrefix(word) {
            return word + recalled(kind, String(text.dropFirst(word.count)))
        }
        return text.hasPrefix("session ") ? text : recalled("subject", text)
    }

    private mutating func cleaned(_ fact: AuditFact) -> AuditFact {
        let kind = Self.kinds[fact.kind]
        let what = Self.harmlessNames[fact.kind].map { $0.contains(fact.what) ? fact.what : nil } ?? nil
        let isHarmless = Self.harmlessValues[fact.kind]?.contains(fact.what) ?? false
        // Whose device it is, is a person like the session's.
        let valueKind = fact.kind == "device" && fact.what == "owner" ? "person" : kind ?? "value"
        return AuditFact(
            kind: kind == nil ? "other" : fact.kind, what: what ?? recalled("what", fact.what),
            value: isHarmless ? fact.value : recalled(valueKind, fact.value), at: fact.at,
            until: fact.until)
    }

    /// The kinds of facts, and what their values name where nothing else is said.
    private static let kinds = [
        "certificate": "certificate", "device": "device", "loan": "person", "posture": "value",
        "user": "person", "mfa": "value", "approval": "value", "client": "value", "place": "address",
        "behaviour": "value", "hold": "value",
    ]

    /// Names of facts that are the gateway's own words.
    private static let harmlessNames: [String: Set<String>] = [
        "certificate": ["certificate", "digest", "subject", "issuer", "chain", "withdrawn"],
        "device": [
            "register", "id", "owner", "kind", "status", "managed", "organisation", "serial", "last-on-site",
        ],
        "posture": ["antivirus", "patches", "disk-encryption", "screen-lock", "firewall"],
        "user": ["name", "register", "groups", "organisation", "steps", "acknowledged"],
        "mfa": ["one-time code"], "client": ["IV_PLAT", "IV_VER", "UV_SPLIT_TUNNEL"],
        "place": ["outer address", "country"], "behaviour": ["scanning"],
    ]

    /// Facts whose values are a choice of a few words, a date or a number.
    private static let harmlessValues: [String: Set<String>] = [
        "device": ["register", "kind", "status", "managed", "last-on-site"],
        "posture": ["antivirus", "patches", "disk-encryption", "screen-lock", "firewall"],
        "user": ["register", "steps", "acknowledged"], "mfa": ["one-time code"],
        "certificate": ["withdrawn"], "place": ["country"], "behaviour": ["scanning"],
    ]
}
