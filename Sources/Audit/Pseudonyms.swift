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

    /// Nothing is recalled any more, and all is made anew.
    mutating func forget() { known = [:] }

    mutating func recalled(_ kind: String, _ name: String) -> String {
        let asked = Name(kind: kind, name: name)
        if let pseudonym = known[asked] { return pseudonym }
        if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
        let made = pseudonym(kind, of: name)
        known[asked] = made
        return made
    }

    /// The same record without a name, an address or a serial number.
    package mutating func cleaned(_ entry: AuditEntry) -> AuditEntry {
        var clean = entry.mapContents { value in
            switch (value.field.privacy, value.content) {
            case (.withheld, _), (.keyed, .number): nil
            case (.open, let content): content
            case (.keyed(let kind), .text(let text)): .text(keyed(value.field, kind, text))
            case (.keyed(let kind), .list(let list)): .list(list.map { recalled(kind, $0) })
            }
        }
        clean.evidence = entry.evidence.map { cleaned($0) }
        return clean
    }

    mutating func keyed(_ field: AuditField, _ kind: String, _ text: String) -> String {
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
        let clean = CleanFact(ofKind: fact.kind, name: fact.what)
        return AuditFact(
            kind: clean.kind, what: clean.isHarmlessName ? fact.what : recalled("what", fact.what),
            value: clean.valueKind.map { recalled($0, fact.value) } ?? fact.value, at: fact.at,
            until: fact.until)
    }

    /// What is shown of a fact.
    struct CleanFact {
        private let known: FactKind?
        var name: String

        init(ofKind kind: String = "", name: String = "") {
            known = Pseudonyms.kinds.first { $0.kind == kind }
            self.name = name
        }

        var kind: String { known?.kind ?? "other" }
        var isHarmlessName: Bool { known?.harmlessNames.contains(name) ?? false }
        /// What its value names; nil where it is shown as it is.
        var valueKind: String? {
            guard let known else { return "value" }
            guard !known.harmlessValues.contains(name) else { return nil }
            // Whose device it is, is a person like the session's.
            return known.kind == "device" && name == "owner" ? "person" : known.values
        }
    }

    /// What is known of a kind of fact. Lists, not sets: they are short, and comparing short texts is faster than hashing one.
    fileprivate struct FactKind {
        let kind: String
        /// What its values name where nothing else is said.
        let values: String
        /// Names of facts that are the gateway's own words.
        var harmlessNames: [String] = []
        /// Facts whose values are a choice of a few words, a date or a number.
        var harmlessValues: [String] = []
    }

    private static let kinds = [
        FactKind(
            kind: "certificate", values: "certificate",
            harmlessNames: ["certificate", "digest", "subject", "issuer", "chain", "withdrawn"],
            harmlessValues: ["withdrawn"]),
        FactKind(
            kind: "device", values: "device",
            harmlessNames: [
                "register", "id", "owner", "kind", "status", "managed", "organisation", "serial",
                "last-on-site",
            ],
            harmlessValues: ["register", "kind", "status", "managed", "last-on-site"]),
        FactKind(
            kind: "posture", values: "value",
            harmlessNames: ["antivirus", "patches", "disk-encryption", "screen-lock", "firewall"],
            harmlessValues: ["antivirus", "patches", "disk-encryption", "screen-lock", "firewall"]),
        FactKind(
            kind: "user", values: "person",
            harmlessNames: ["name", "register", "groups", "organisation", "steps", "acknowledged"],
            harmlessValues: ["register", "steps", "acknowledged"]),
        FactKind(
            kind: "mfa", values: "value", harmlessNames: ["one-time code"],
            harmlessValues: ["one-time code"]),
        FactKind(
            kind: "client", values: "value", harmlessNames: ["IV_PLAT", "IV_VER", "UV_SPLIT_TUNNEL"]),
        FactKind(
            kind: "place", values: "address", harmlessNames: ["outer address", "country"],
            harmlessValues: ["country"]),
        FactKind(
            kind: "behaviour", values: "value", harmlessNames: ["scanning"], harmlessValues: ["scanning"]),
        FactKind(kind: "loan", values: "person"),
        FactKind(kind: "approval", values: "value"),
        FactKind(kind: "hold", values: "value"),
    ]
}
