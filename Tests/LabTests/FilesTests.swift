import Foundation
import Lab
import NetworkTypes
import Testing

struct FilesTests {
    @Test func aCodeTravelsAsTheStaticChallengeProtocolSays() {
        #expect(
            VPNFiles.login(person: .alice, password: "pw", code: "123456") == "alice\nSCRV1:cHc=:MTIzNDU2\n")
        #expect(VPNFiles.login(person: .alice, password: "pw", code: nil) == "alice\npw\n")
    }

    @Test(arguments: [
        ("Initialization Sequence Completed", VPNClient.Login?.some(.connected)),
        (
            "2026-11-21 02:00:00 AUTH: Received control message: AUTH_FAILED,This device is not registered.\n",
            .turnedAway("This device is not registered.")
        ),
        (
            "AUTH: Received control message: AUTH_FAILED,This device's certificate has expired.\n",
            .turnedAway("This device's certificate has expired.")
        ),
        ("PUSH: Received control message: 'AUTH_FAILED,Session's over'\n", .turnedAway("Session's over")),
        ("AUTH: Received control message: AUTH_FAILED\n", .turnedAway("no reason given")),
        ("TLS: Initial packet from [AF_INET]198.51.100.1:1194", nil), ("", nil),
    ])
    func aClientsLogTellsTheEndOfItsLogin(_ log: String, _ login: VPNClient.Login?) {
        #expect(VPNClient.outcome(log: log) == login)
    }

    @Test func theDaemonIsToldEverythingItNeeds() {
        let text = DaemonFiles.configuration(Site(directory: "/x y"))
        for line in [
            #"rules: "/x y/rules""#, #"control: "/x y/control.sock""#, #"totp-seeds: "/x y/totp-seeds""#,
            "lease: 20s", #"hand-over: "/x y/hand-over/socket""#,
            #"    openvpn: { management: "/x y/ovpn/management.sock" }"#, "    tunnel: tunovpn",
        ] { #expect(text.split(separator: "\n").contains(Substring(line))) }
    }

    /// OpenVPN's lexer reads the line once for its file and once more for the command.
    @Test func theVPNServerHandsOverAsTheDocumentationHasIt() {
        let text = VPNFiles.server(
            managementSocket: "/m", directory: "/d", handOver: ("/b in/gatehouse-hand-over", "/s"))
        for line in [
            "script-security 2", "tls-export-cert /d/handed",
            #"tls-verify "'/b in/gatehouse-hand-over' /s""#,
        ] { #expect(text.split(separator: "\n").contains(Substring(line))) }
    }

    @Test(arguments: [
        ("/usr/bin/gatehouse", "/usr/bin/gatehouse-hand-over"),
        ("/a b/debug/gatehouse", "/a b/debug/gatehouse-hand-over"),
    ])
    func theHelperIsLookedForBesideTheExecutable(_ executable: String, _ helper: String) {
        #expect(Lab.Options(executablePath: executable, rulesDirectory: "").helperPath == helper)
    }

    @Test func aMissingHelperIsSaidWithWhatMakesIt() {
        let words = LabError.missingHelper(path: "/x/gatehouse-hand-over").description
        #expect(words.contains("'/x/gatehouse-hand-over'"))
        #expect(words.contains("swift build --product gatehouse-hand-over"))
    }

    @Test(arguments: [
        (
            "1763690000.123456 20 MANAGEMENT: CMD 'client-kill 7'\n1763690001.000000 20 MANAGEMENT: CMD 'client-kill 7'",
            Int64?.some(1_763_690_000_123_456_000)
        ),
        ("1763690000.123456 20 MANAGEMENT: CMD 'client-kill 77'", nil),
        ("1763690000.12 20 MANAGEMENT: CMD 'client-kill 7'", nil),
        ("2026-11-21 11:00:55 MANAGEMENT: CMD 'client-kill 7'", nil), ("", nil),
    ])
    func theServersLogTellsWhenItWasToldToEndAClient(_ log: String, _ told: Int64?) {
        #expect(VPNFiles.killed(client: "7", log: log) == told)
    }

    @Test(arguments: [
        // What the person is told, and then what was seen.
        (
            "x notice gatehouse: common-name=laptop-0061 session=office/1 user=nora [Enforcement] "
                + "login refused: no class: Call (01234) 555. (nearest class 'certified' needs a: b)",
            String?.some("nearest class 'certified' needs a: b")
        ),
        ("x common-name=laptop-0061 user=nora [Enforcement] login refused: lost: Call.", "lost: Call."),
        (
            "common-name=laptop-0061 [E] login refused: first\ncommon-name=laptop-0061 [E] login refused: last",
            "last"
        ),
        ("x common-name=laptop-0062 user=omar [Enforcement] login refused: other", nil),
        ("x common-name=laptop-0061 user=nora [Enforcement] cut: withdrawn", nil), ("", nil),
    ])
    func theDaemonsLogTellsWhy(_ log: String, _ reason: String?) {
        #expect(Demonstration.reason(for: "login refused", .housingLaptop, log: log) == reason)
    }

    /// What openssl takes: seconds, and no fraction.
    @Test func listsEndAtAWholeSecond() {
        #expect(RevocationLists.time(Date(timeIntervalSince1970: 1_795_255_200)) == "20261121100000Z")
    }

    @Test(arguments: [("plain", #""plain""#), (#"a"b\c"#, #""a\"b\\c""#)])
    func quotesForYAML(_ text: String, _ quoted: String) { #expect(DaemonFiles.quoted(text) == quoted) }

    @Test func seedsAreOnePersonALine() {
        let seeds = DaemonFiles.seeds([
            .bob: OneTimeCode(seed: [0]), .alice: OneTimeCode(seed: Array("f".utf8)),
        ])
        #expect(seeds == "alice MY\nbob AA\n")
    }

    @Test func theRegisterHoldsTheRegisteredAndNobodyElse() throws {
        let keys = try Keys()
        let text = RulePack.devices(keys)
        for device in Device.allCases {
            #expect(text.contains(keys.digest(device)) == device.isRegistered)
        }
        let authorities = RulePack.authorities(keys, lists: "/x y/lists")
        #expect(authorities.contains("  corporate: { digest: \"\(keys.corporate.digest)\" }\n"))
        #expect(authorities.contains("  field:\n    chain: required\n    crl: \"/x y/lists\"\n"))
        #expect(authorities.contains("    certificate: |\n      -----BEGIN CERTIFICATE-----\n"))
        // The depot's is for the VPN server to hand over.
        #expect(!authorities.contains(keys.depot.digest))
        let users = RulePack.users(acknowledged: Date(timeIntervalSince1970: 1_795_255_200))
        #expect(
            users.contains(
                "  alice: { groups: [staff], steps: [training, agreement], acknowledged: 2026-11-21 }\n"))
        #expect(users.contains("  lena: { groups: [assessed] }\n"))
        #expect(!users.contains("bob"))
    }

    @Test(arguments: [
        (Date?.none, "2027-11-22"), (Date(timeIntervalSince1970: 1_795_255_200), "2026-11-21T10:00:00Z"),
    ])
    func contractsEndOnADayOrAtAnInstant(_ until: Date?, _ text: String) {
        let contract = VendorContract(from: Date(timeIntervalSince1970: 1_795_255_200), until: until)
        #expect(contract.text.contains("  from: 2026-11-21\n"))
        #expect(contract.text.contains("  until: \(text)\n"))
    }

    @Test(arguments: AddressFamily.allCases)
    func everyServerListensInBothFamilies(_ family: AddressFamily) {
        let crm = Network.urlHost(Network.Host.crm.address(family))
        let site = ServerFiles.nginx(sites: [.init(.crm)], files: "/f", scratch: "/s")
        #expect(site.contains("listen \(crm):80;"))
        #expect(
            ServerFiles.squid.contains(
                "http_port \(Network.urlHost(Network.Host.proxy.address(family))):3128"))
        #expect(
            ServerFiles.dnsmasq(.resolver).contains(
                "--listen-address=\(Network.Host.resolver.address(family))"))
    }

    @Test func everyNamespaceIsMadeOnceAndBearsTheLabsName() {
        let made = Network.creation(of: Network.Space.allCases).split(separator: "\n")
            .filter { $0.hasPrefix("netns add ") }
        #expect(made == Network.Space.allCases.map { "netns add \($0.name)" })
        #expect(Network.Space.allCases.allSatisfy { $0.name.hasPrefix("gh-lab-") })
    }

    /// Interface names are at most 15 bytes (IFNAMSIZ), and unlike each other on a bridge.
    @Test func cablesHaveNamesThatTheKernelTakes() {
        let words = Network.creation(of: Network.Space.allCases).split(separator: "\n")
            .filter { $0.contains(" veth ") }
            .map { $0.split(separator: " ") }
        #expect(words.count == Network.legs.count)
        #expect(words.allSatisfy { $0[3].utf8.count <= 15 && $0[10].utf8.count <= 15 })
        #expect(Set(words.map { "\($0[10]) \($0[12])" }).count == words.count)
    }
}
