import NetworkTypes
import PolicyLanguage
package import Sessions

/// What is known of an organisation, as far as the questions were answered.
package struct PackAnswers: Sendable {
    /// How a certificate authority is known.
    package enum Authority: Sendable, Hashable {
        /// Not at all yet.
        case later
        /// 64 lower-case digits.
        case digest(String)
        /// In PEM.
        case certificate(String)
    }

    var name = "Example Council"
    var networks: [IPPrefix] = []
    var authority = Authority.later
    var proxy = Endpoints()
    var resolver: [IPAddress] = []
    var systemName = "intranet"
    var system = Endpoints()
    var helpDesk = ""
    var code = "12h"
    package private(set) var hasVendors = false
    var vendorAuthority = Authority.later
    var zone = "UTC"
    package private(set) var tunnel = "tun0"
    package private(set) var management = ""

    /// Some addresses and one port.
    struct Endpoints {
        var addresses: [IPAddress] = []
        var port: UInt16 = 0
    }

    /// Every question answered as usual.
    package init() {
        for question in PackQuestion.allCases { _ = take(question.usual(self), for: question) }
    }

    /// Takes an answer, and answers what comes after it as usual. Gives back what is wrong with it, and then takes
    /// nothing.
    ///
    /// - Parameters:
    ///   - text: as typed; for a certificate authority also what is in its file.
    ///   - now: see ``PackDraft/init(_:at:)``.
    package mutating func answer(_ question: PackQuestion, _ text: String, at now: Instant) -> String? {
        var trial = self
        if let problem = trial.take(text, for: question) { return problem }
        let all = PackQuestion.allCases
        for later in all.drop(while: { $0 != question }).dropFirst() {
            _ = trial.take(later.usual(trial), for: later)
        }
        // What was answered before was good: what is wrong now is this.
        if let problem = PackDraft(trial, at: now).problem() { return problem }
        self = trial
        return nil
    }

    private mutating func take(_ text: String, for question: PackQuestion) -> String? {
        let text = text.trimmed
        switch question {
        case .name: return takeLine(text, \.name)
        case .networks: return takeNetworks(text)
        case .authority: return takeAuthority(text, \.authority)
        case .vendorAuthority: return takeAuthority(text, \.vendorAuthority)
        case .proxy: return takeEndpoints(text, \.proxy)
        case .resolver: return takeResolver(text)
        case .system: return takeSystem(text)
        case .helpDesk: return takeLine(text, \.helpDesk)
        case .code: return keep(text, CodeAge.form, \.code)
        case .vendors: return keep(text.lowercased(), Self.yesOrNo, \.hasVendors)
        case .zone: return takeZone(text)
        case .tunnel: return keep(text, Self.interface, \.tunnel)
        case .management: return takeLine(text, \.management) ?? keep(text, .absolutePath, \.management)
        }
    }

    // MARK: One by one

    private mutating func keep<Value>(
        _ text: String, _ form: TextForm<Value>, _ place: WritableKeyPath<Self, Value>
    ) -> String? {
        guard let value = form.parse(text) else {
            return "expected \(form.expected), found '\(PlainText.shown(text))'"
        }
        self[keyPath: place] = value
        return nil
    }

    private mutating func takeLine(_ text: String, _ place: WritableKeyPath<Self, String>) -> String? {
        if let problem = LineOfText.problem(text) { return "it \(problem)" }
        self[keyPath: place] = text
        return nil
    }

    private static var yesOrNo: TextForm<Bool> {
        TextForm("yes or no") { ["yes": true, "y": true, "no": false, "n": false][$0] }
    }

    /// A name that stands in files and in commands unquoted; the kernel takes 15 bytes (IFNAMSIZ).
    private static var interface: TextForm<String> {
        TextForm("an interface name of at most 15 characters") { text in
            let signs = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            return signs && (1...15).contains(text.utf8.count) ? text : nil
        }
    }

    private mutating func takeNetworks(_ text: String) -> String? {
        var networks: [IPPrefix] = []
        for word in text.words {
            do throws(IPPrefix.Mistake) {
                networks.append(try IPPrefix(parsing: word))
            } catch {
                if case .hostBits(let meant) = error {
                    return "'\(PlainText.shown(word))' is no network: did you mean \(meant)?"
                }
                return
                    "expected networks such as 10.10.0.0/16 or fd10:10::/32, found '\(PlainText.shown(word))'"
            }
        }
        if networks.isEmpty { return "expected a network such as 10.10.0.0/16" }
        self.networks = networks
        return nil
    }

    private mutating func takeAuthority(_ text: String, _ place: WritableKeyPath<Self, Authority>) -> String?
    {
        if text.lowercased() == "later" {
            self[keyPath: place] = .later
        } else if let digest = CertificateDigest(text) {
            self[keyPath: place] = .digest(digest.description)
        } else {
            let found = Self.certificates(in: text)
            if found.isEmpty {
                return text.contains(where: \.isNewline)
                    ? "there is no certificate in PEM in that file"
                    : "'\(PlainText.shown(text))' is neither a file that can be read, nor a SHA-256 digest of 64 digits, "
                        + "nor 'later'"
            }
            guard found.count == 1 else {
                return "expected one certificate in the file, found \(found.count)"
            }
            self[keyPath: place] = .certificate(found[0])
        }
        return nil
    }

    /// Those of a text that may hold more: what tools print around them, and keys, which stay where they are.
    private static func certificates(in text: String) -> [String] {
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
        let lines = text.split(whereSeparator: \.isNewline).map { String($0).trimmed }
        return lines.indices.filter { lines[$0] == begin }.compactMap { first in
            lines[first...].firstIndex(of: end).map { last in lines[first...last].joined(separator: "\n") }
        }
    }

    private mutating func takeEndpoints(_ text: String, _ place: WritableKeyPath<Self, Endpoints>) -> String?
    {
        var endpoints = Endpoints()
        for word in text.words {
            guard let destination = Destination(parsing: word + "/tcp") else {
                return "expected an address and a port such as 10.10.0.80:3128 or [fd10:10::80]:3128, found "
                    + "'\(PlainText.shown(word))'"
            }
            if !endpoints.addresses.isEmpty, endpoints.port != destination.port {
                return "expected the same port at every address"
            }
            endpoints.addresses.append(destination.address)
            endpoints.port = destination.port
        }
        if endpoints.addresses.isEmpty { return "expected an address and a port such as 10.10.0.80:3128" }
        self[keyPath: place] = endpoints
        return nil
    }

    private mutating func takeResolver(_ text: String) -> String? {
        var addresses: [IPAddress] = []
        for word in text.words {
            guard let address = IPAddress(word) else {
                return "expected an address such as 10.10.0.53, found '\(PlainText.shown(word))'"
            }
            addresses.append(address)
        }
        if addresses.isEmpty { return "expected an address such as 10.10.0.53" }
        resolver = addresses
        return nil
    }

    private static let taken: Set<String> = ["proxy", "dns"]

    private mutating func takeSystem(_ text: String) -> String? {
        let words = text.words
        guard words.count >= 2, let name = TextForm<String>.name.parse(words[0]) else {
            return "expected a name, an address and a port, such as intranet 10.10.0.20:443"
        }
        if Self.taken.contains(name) { return "'\(name)' is the name of another system here" }
        if let problem = takeEndpoints(words.dropFirst().joined(separator: " "), \.system) { return problem }
        systemName = name
        return nil
    }

    private mutating func takeZone(_ text: String) -> String? {
        guard ZoneClock(named: text) == nil else {
            zone = text
            return nil
        }
        let nearest =
            NearestName.find(text, among: ZoneClock.knownNames).map { ": did you mean '\($0)'?" } ?? ""
        return "'\(PlainText.shown(text))' is no time zone of the IANA database\(nearest)"
    }

    // MARK: What follows

    /// An address of the first network, so many behind its beginning, or as many as fit.
    func host(_ number: UInt128) -> String {
        guard let network = networks.first else { return "10.10.0.\(number)" }
        let last = network.range.last.bits
        let bits = min(network.address.bits + number, last)
        return IPAddress(family: network.family, bits: bits).map(Self.text) ?? ""
    }

    private static func text(_ address: IPAddress) -> String { "\(address)" }

    /// The same with a port.
    func endpoint(_ number: UInt128, port: Int) -> String {
        let host = host(number)
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension String {
    fileprivate var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }

    /// Parts between commas and spaces.
    fileprivate var words: [String] {
        split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}
