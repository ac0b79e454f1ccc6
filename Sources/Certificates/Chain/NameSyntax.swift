/// The forms that names of certificates must have, so that comparing them means something.
enum NameSyntax {
    /// Why the name of a leaf cannot be taken as it is, or nil.
    static func problem(of name: GeneralName, usage: CertificateUsage) -> String? {
        switch name {
        case .dns(let text):
            // Hosts of Windows domains have underscores in their names, and clients are not looked up by them. A server
            // is, and RFC 5280 section 4.2.1.6 asks for the preferred name syntax.
            if !isDNSName(text, mayHaveWildcard: true, mayHaveUnderscore: usage == .clientAuth) {
                return "no host name"
            }
            return looksLikeAddress(text) ? "an address where a name belongs" : nil
        case .email(let text): return Mailbox(text) == nil ? "no mailbox" : nil
        case .address(let bytes): return bytes.count == 4 || bytes.count == 16 ? nil : "\(bytes.count) bytes"
        case .uri, .other, .directory, .unsupported: return nil
        }
    }

    /// RFC 1034 section 3.5, with what is said of wildcards in RFC 9525 section 6.3: a whole label, the first.
    static func isDNSName(_ text: String, mayHaveWildcard: Bool = false, mayHaveUnderscore: Bool = false)
        -> Bool
    {
        var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...]
        if mayHaveWildcard, labels.count > 1, labels.first?.elementsEqual("*".utf8) == true {
            labels = labels.dropFirst()
        }
        guard !labels.isEmpty, text.utf8.count <= 253 else { return false }
        return labels.allSatisfy { label in
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"),
                label.last != UInt8(ascii: "-")
            else { return false }
            return label.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    return true
                case UInt8(ascii: "_"): return mayHaveUnderscore
                default: return false
                }
            }
        }
    }

    /// No top-level domain is a number.
    private static func looksLikeAddress(_ text: String) -> Bool {
        guard let last = text.utf8.split(separator: UInt8(ascii: ".")).last else { return false }
        return last.allSatisfy { (48...57).contains($0) }
    }

    /// The host of a URI's authority, in lower case; nil when it has none, or an address.
    static func host(ofURI text: String) -> String? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = text[text.utf8.index(after: colon)...]
        guard rest.hasPrefix("//") else { return nil }
        var authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        if let port = authority.firstIndex(of: ":") { authority = authority[..<port] }
        let host = authority.lowercased()
        return isDNSName(host, mayHaveUnderscore: true) && !looksLikeAddress(host) ? host : nil
    }
}

/// A mailbox (RFC 5321 section 4.1.2), as far as comparing needs it.
struct Mailbox {
    /// Case counts.
    let local: String
    /// In lower case.
    let host: String

    init?(_ text: String) {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let local = String(text[..<at])
        let host = text[text.utf8.index(after: at)...].lowercased()
        let isQuoted = local.utf8.count >= 2 && local.hasPrefix("\"") && local.hasSuffix("\"")
        guard !local.isEmpty, isQuoted || !local.utf8.contains(UInt8(ascii: "@")), NameSyntax.isDNSName(host)
        else { return nil }
        self.local = local
        self.host = host
    }
}
