import Evidence
import PolicyLanguage
import Portal
import Testing

@testable import gatehouse

/// The daemon's settings for posture reports.
@Suite struct PostureConfigurationTests {
    private static let digest = String(repeating: "ab", count: 32)
    private static let files = "certificate: /a.pem\nkey: /a.key\n"

    private static func read(_ text: String) -> (configuration: PostureConfiguration?, problems: [String]) {
        let log = DiagnosticLog()
        let configuration = DocumentReader.read(SourceText(path: "g.yaml", text: text), log: log)
            .flatMap { PostureConfiguration.read($0, log) }
        return (configuration, log.diagnostics.map { "\($0.range.start.line): \($0.message)" })
    }

    @Test func readsEverything() throws {
        let (read, problems) = Self.read(
            """
            listen: ["0.0.0.0:8443", "[::1]:443"]
            certificate: /etc/gatehouse/portal.pem
            key: /etc/gatehouse/portal.key
            client-authorities: [/etc/gatehouse/a.pem, /etc/gatehouse/b.pem]
            api-keys:
              - { name: intune, sha256: "\(Self.digest)" }
              - { name: jamf, sha256: "\(String(repeating: "CD:", count: 31))CD", devices: [mac-1, mac-2], kinds: laptop }
            """)
        #expect(problems.isEmpty)
        let configuration = try #require(read)
        #expect(configuration.listen.map(\.description) == ["0.0.0.0:8443", "[::1]:443"])
        #expect(
            configuration.files
                == TLSFiles(
                    certificate: "/etc/gatehouse/portal.pem", key: "/etc/gatehouse/portal.key",
                    clientAuthorities: ["/etc/gatehouse/a.pem", "/etc/gatehouse/b.pem"]))
        #expect(configuration.keys.map(\.name) == ["intune", "jamf"])
        #expect(configuration.keys[0].digest == [UInt8](repeating: 0xAB, count: 32))
        #expect(configuration.keys[0].devices == nil && configuration.keys[0].kinds == nil)
        #expect(configuration.keys[1].devices == ["mac-1", "mac-2"])
        #expect(configuration.keys[1].kinds == [.laptop])
    }

    @Test func oneOfEachIsEnough() {
        #expect(
            Self.read("listen: 10.8.0.1:8443\n\(Self.files)client-authorities: /ca.pem").configuration != nil)
        let keys = "api-keys: [{ name: a, sha256: \"\(Self.digest)\" }]"
        #expect(Self.read("listen: 10.8.0.1:8443\n\(Self.files)\(keys)").configuration != nil)
    }

    @Test(arguments: [
        ("10.8.0.1:8443", "10.8.0.1:8443"), ("[2001:db8::1]:443", "[2001:db8::1]:443"), ("10.8.0.1", nil),
        ("10.8.0.1:", nil), ("10.8.0.1:0", nil), ("10.8.0.1:65536", nil), ("10.8.0.1:+80", nil),
        (":8443", nil),
        ("localhost:8443", nil), ("2001:db8::1:443", nil), ("[10.8.0.1]:8443", nil), ("[::1:443", nil),
        ("", nil),
    ])
    func readsAddresses(text: String, address: String?) {
        #expect(ListenAddress(text: text)?.description == address)
    }

    /// Lines that are wrong, each with what is said of it.
    @Test(arguments: [
        ("listen: []", "name an address"), ("listen: here", "an address and a port"),
        ("listen: [\"10.8.0.1:1\", \"10.8.0.1:1\"]", "not listened on already"),
        ("certificate: a.pem", "an absolute path"),
        ("clients: /ca.pem", "clients"), ("client-authorities: ca.pem", "an absolute path"),
        ("api-keys: [{ name: a }]", "sha256"),
        ("api-keys: [{ name: a, sha256: secret }]", "a SHA-256 digest"),
        ("api-keys: [{ name: a, sha256: D, devices: [] }]", "leave devices out"),
        ("api-keys: [{ name: a, sha256: D, kinds: [phone] }]", "a kind of device"),
        ("api-keys: [{ name: a, sha256: D }, { name: a, sha256: E }]", "no other API key has"),
        ("api-keys: [{ name: a, sha256: D }, { name: b, sha256: D }]", "no other name has"),
        ("api-keys: secret", "a list"),
    ])
    func saysWhatIsWrong(line: String, words: String) throws {
        let good = [
            "listen": "listen: 10.8.0.1:8443", "certificate": "certificate: /a.pem", "key": "key: /a.key",
            "client-authorities": "client-authorities: /ca.pem",
        ]
        let key = String(line.prefix { $0 != ":" })
        let text = (good.filter { $0.key != key }.values.sorted() + [line]).joined(separator: "\n")
            .replacing("sha256: D", with: "sha256: \"\(Self.digest)\"")
            .replacing("sha256: E", with: "sha256: \"\(String(repeating: "ef", count: 32))\"")
        let (configuration, problems) = Self.read(text)
        #expect(configuration == nil)
        #expect(problems.contains { $0.contains(words) }, "\(problems)")
    }

    @Test func believingNobodyIsAMistake() {
        let (configuration, problems) = Self.read("listen: 10.8.0.1:8443\n\(Self.files)")
        #expect(configuration == nil)
        #expect(problems.count == 1)
    }
}
