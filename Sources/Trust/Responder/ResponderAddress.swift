/// Where a responder is: an `http://` URL, taken apart.
///
/// Not `https://`: an answer is signed, so TLS would add nothing to it, and the certificate of the responder's TLS server
/// would have to be asked about in turn (RFC 5019 section 5).
package struct ResponderAddress: Sendable, Hashable {
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    package let host: String
    package let port: UInt16
    package let path: String
    /// For the Host header: as written, with the port where that is not 80.
    package let authority: String

    package init(_ url: String) throws(Problem) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "http", url.dropFirst(scheme.count).hasPrefix("://") else {
            if scheme == "https" {
                throw Problem(
                    description:
                        "https is not supported for responders: their answers are signed, so write http://")
            }
            throw Problem(description: "a responder's URL begins with http://")
        }
        // What is left goes into a request line: printable, and without what would end it.
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Problem(description: "a responder's URL has up to 2048 printable characters and no space")
        }
        let rest = url.dropFirst("http://".count)
        let authority = rest.prefix { !"/?#".contains($0) }
        let path = rest.dropFirst(authority.count)
        guard !authority.contains("@"), !path.contains("#") else {
            throw Problem(description: "a responder's URL has no user name and no fragment")
        }
        var host = authority
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw Problem(description: "an IPv6 address in a URL ends with ]")
            }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw Problem(description: "after ] comes a port or nothing")
            }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw Problem(description: "a responder's URL names a host") }
        var port: UInt16 = 80
        if let portText {
            guard portText.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(portText),
                number > 0
            else { throw Problem(description: "a port is a number from 1 to 65535") }
            port = number
        }
        self.host = String(host)
        self.port = port
        self.path = path.isEmpty ? "/" : path.hasPrefix("/") ? String(path) : "/\(path)"
        self.authority = String(authority)
    }
}
