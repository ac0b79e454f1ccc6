internal import Sessions

/// Whom a token names (RFC 9493, and the complex subjects of the Shared Signals Framework), before anybody says what for.
struct NamedSubject: Hashable {
    /// Names that are a person's by their form.
    var people: [String] = []
    /// Names that can be anybody's, or a device's.
    var anybody: [String] = []
    /// Names of a person, of a complex subject.
    var users: [String]?
    /// Names of a device, of a complex subject.
    var devices: [String]?
    var isComplex = false
}

enum SubjectReader {
    /// - Parameter domains: Mail domains whose people are known here by what stands before the `@`.
    static func read(_ object: JSONObject, domains: Set<String>) throws(TokenProblem) -> NamedSubject {
        let members = ["user", "device", "session", "tenant", "org_unit", "group", "application"]
        // Drafts of CAEP wrote complex subjects without a format.
        let isComplex =
            object.has("format")
            ? object.text("format") == "complex" : members.contains { object.object($0) != nil }
        guard isComplex else { return try simple(object, domains, isNested: false) }
        var subject = NamedSubject(isComplex: true)
        for member in members where object.has(member) {
            guard let nested = object.object(member) else { throw .badSubject }
            let named = try simple(nested, domains, isNested: false)
            switch member {
            case "user": subject.users = named.people + named.anybody
            case "device": subject.devices = named.people + named.anybody
            // Of the transmitter's own sessions and groups nothing is known here.
            default: break
            }
        }
        return subject
    }

    private static func simple(
        _ object: JSONObject, _ domains: Set<String>, isNested: Bool
    ) throws(TokenProblem) -> NamedSubject {
        switch object.text("format") {
        case "email": return NamedSubject(people: mail(try name(object, "email"), domains))
        case "account":
            let uri = try name(object, "uri")
            guard uri.lowercased().hasPrefix("acct:") else { throw .badSubject }
            return NamedSubject(people: mail(String(uri.dropFirst(5)), domains))
        case "phone_number": return NamedSubject(people: [try name(object, "phone_number")])
        case "iss_sub":
            _ = try name(object, "iss")
            return NamedSubject(anybody: [try name(object, "sub")])
        case "opaque": return NamedSubject(anybody: [try name(object, "id")])
        case "did": return NamedSubject(anybody: [try name(object, "url")])
        case "uri": return NamedSubject(anybody: [try name(object, "uri")])
        // Assertions of the transmitter's: nobody here can be found by one.
        case "jwt_id", "saml_assertion_id": return NamedSubject()
        case "aliases":
            // RFC 9493 section 3.2.8: at least one, and none that is a list of aliases itself.
            guard !isNested, let items = object.items("identifiers"), !items.isEmpty, items.count <= aliases
            else { throw .badSubject }
            var all = NamedSubject()
            for item in items {
                guard let alias = JSONObject(tape: object.tape, node: item) else { throw .badSubject }
                let named = try simple(alias, domains, isNested: true)
                all.people += named.people
                all.anybody += named.anybody
            }
            return all
        default: throw .badSubject
        }
    }

    private static let aliases = 16

    private static func name(_ object: JSONObject, _ key: String) throws(TokenProblem) -> String {
        guard let text = object.text(key), PlainText.isName(text) else { throw .badSubject }
        return text
    }

    private static func mail(_ address: String, _ domains: Set<String>) -> [String] {
        guard let at = address.lastIndex(of: "@") else { return [address] }
        let local = String(address[..<at])
        let domain = address[address.index(after: at)...].lowercased()
        return domains.contains(domain) && !local.isEmpty ? [address, local] : [address]
    }
}
