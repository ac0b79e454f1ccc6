/// Holds the names of certificates against the name constraints of the authorities above them (RFC 5280 section
/// 4.2.1.10).
struct NameConstraintRules {
    /// A hostile chain can ask for the product of its names and constraints.
    static let maximumComparisons = 20_000

    private var left = maximumComparisons
    private var above: [(authority: String, constraints: CertificateMeaning.NameConstraints)] = []

    /// Adds an authority's constraints to those for everything below it. Returns what is wrong with them: a constraint
    /// that cannot be understood forbids everything.
    mutating func add(_ certificate: DecodedCertificate) -> [String] {
        guard let constraints = certificate.meaning.nameConstraints else { return [] }
        for name in constraints.permitted + constraints.excluded where !Self.isWellFormed(name) {
            return ["has a malformed name constraint, \(name.shown)"]
        }
        above.append((certificate.shownName, constraints))
        return []
    }

    /// What the constraints forbid of this certificate's names; the first of each authority, which is enough to know.
    ///
    /// `alreadyRefused` are alternative names that are refused without this, and not again.
    mutating func problems(
        of certificate: DecodedCertificate, alreadyRefused: (GeneralName) -> Bool = { _ in false }
    ) -> [String] {
        guard !above.isEmpty else { return [] }
        let names = Self.names(of: certificate).filter { !alreadyRefused($0) }
        var problems: [String] = []
        for (authority, constraints) in above {
            for name in names {
                guard left > 0 else {
                    return problems + ["has more names and constraints than can be compared"]
                }
                if let problem = check(name, constraints) {
                    problems.append(
                        "has the \(name.shown), \(problem) \(authority) (RFC 5280 section 4.2.1.10)")
                    break
                }
            }
        }
        return problems
    }

    private mutating func check(_ name: GeneralName, _ constraints: CertificateMeaning.NameConstraints)
        -> String?
    {
        let permitted = constraints.permitted.filter { $0.form == name.form }
        let excluded = constraints.excluded.filter { $0.form == name.form }
        left -= constraints.permitted.count + constraints.excluded.count + 1
        guard !permitted.isEmpty || !excluded.isEmpty else { return nil }
        switch name {
        // Constrained, and nobody knows how: refused, as the RFC demands.
        case .other, .unsupported: return "a form of name that cannot be checked, constrained by"
        case .uri(let text) where NameSyntax.host(ofURI: text) == nil:
            return "which has no host, constrained by"
        case .dns(let text) where !NameSyntax.isDNSName(text, mayHaveWildcard: true, mayHaveUnderscore: true):
            return "which is malformed, constrained by"
        case .email(let text) where Mailbox(text) == nil: return "which is malformed, constrained by"
        default: break
        }
        if excluded.contains(where: { Self.touches(name, $0) }) { return "excluded by" }
        if !permitted.isEmpty, !permitted.contains(where: { Self.isInside(name, $0) }) {
            return "not permitted by"
        }
        return nil
    }

    /// Alternative names, the subject, and mailboxes in the subject: the RFC asks for those only when there is no
    /// subjectAltName, but rules read them always.
    private static func names(of certificate: DecodedCertificate) -> [GeneralName] {
        var names = certificate.meaning.alternativeNames
        if !certificate.subject.isEmpty { names.append(.directory(certificate.subject)) }
        for attribute in certificate.subject.attributes where attribute.type == .emailAddress {
            names.append(.email(attribute.text ?? ""))
        }
        return names
    }

    private static func isWellFormed(_ constraint: GeneralName) -> Bool {
        switch constraint {
        case .dns(let text): return text.isEmpty || NameSyntax.isDNSName(text, mayHaveUnderscore: true)
        case .email(let text):
            if text.utf8.contains(UInt8(ascii: "@")) { return Mailbox(text) != nil }
            return isDomain(text)
        case .uri(let text): return isDomain(text)
        case .address(let bytes):
            guard bytes.count == 8 || bytes.count == 32 else { return false }
            // RFC 4632 notation: ones, then zeros.
            let mask = bytes[(bytes.count / 2)...]
            let rest = mask.drop { $0 == 0xff }
            guard let first = rest.first else { return true }
            return (~first) & (~first &+ 1) == 0 && rest.dropFirst().allSatisfy { $0 == 0 }
        // Whether they can be applied shows when there is a name of that form.
        case .directory, .other, .unsupported: return true
        }
    }

    /// A host, or with a leading period every host below it.
    private static func isDomain(_ text: String) -> Bool {
        NameSyntax.isDNSName(text.hasPrefix(".") ? String(text.dropFirst()) : text, mayHaveUnderscore: true)
    }

    /// Everything that the name stands for is inside the constraint.
    private static func isInside(_ name: GeneralName, _ constraint: GeneralName) -> Bool {
        switch (name, constraint) {
        case (.dns(let name), .dns(let base)):
            // `*.example.com` is inside `example.com`, and inside nothing smaller.
            return isBelow(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name, base)
        default: return matches(name, constraint)
        }
    }

    /// Something that the name stands for is inside the constraint: for excluded subtrees, a wildcard that covers one
    /// host in them is too much (CVE-2025-61727).
    private static func touches(_ name: GeneralName, _ constraint: GeneralName) -> Bool {
        guard case .dns(let name) = name, case .dns(let base) = constraint else {
            return matches(name, constraint)
        }
        guard name.hasPrefix("*.") else { return isBelow(name, base) }
        let parent = String(name.dropFirst(2))
        return isBelow(parent, base) || isBelow(base, parent)
    }

    private static func isBelow(_ name: String, _ base: String) -> Bool {
        let (name, base) = (name.lowercased(), base.lowercased())
        return base.isEmpty || name == base || name.hasSuffix("." + base)
    }

    private static func matches(_ name: GeneralName, _ constraint: GeneralName) -> Bool {
        switch (name, constraint) {
        case (.directory(let name), .directory(let base)): return name.isWithin(base)
        case (.email(let text), .email(let base)):
            guard let mailbox = Mailbox(text) else { return true }
            if let wanted = Mailbox(base) {
                return mailbox.local == wanted.local && mailbox.host == wanted.host
            }
            return isHost(mailbox.host, in: base)
        case (.uri(let text), .uri(let base)):
            guard let host = NameSyntax.host(ofURI: text) else { return true }
            return isHost(host, in: base)
        case (.address(let bytes), .address(let base)):
            guard base.count == bytes.count * 2 else { return false }
            return bytes.indices.allSatisfy { (bytes[$0] ^ base[$0]) & base[$0 + bytes.count] == 0 }
        default: return false
        }
    }

    private static func isHost(_ host: String, in base: String) -> Bool {
        let base = base.lowercased()
        return base.hasPrefix(".") ? host.hasSuffix(base) && host.utf8.count > base.utf8.count : host == base
    }
}
