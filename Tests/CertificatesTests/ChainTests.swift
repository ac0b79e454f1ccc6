import Certificates
import Crypto
import Evidence
import Sessions
import Testing

/// A chain with one thing wrong, and the one reason that must be said.
struct Fault: Sendable, CustomTestStringConvertible {
    let role: ChainReason.Role
    let reason: String
    let usage: CertificateUsage
    let edit: @Sendable (inout ChainSpec) -> Void

    init(
        _ role: ChainReason.Role, _ reason: String, for usage: CertificateUsage = .clientAuth,
        _ edit: @escaping @Sendable (inout ChainSpec) -> Void
    ) {
        self.role = role
        self.reason = reason
        self.usage = usage
        self.edit = edit
    }

    var testDescription: String { "\(role) \(reason)" }
}

@Suite("Chains") struct ChainTests {
    static let now = "2027-01-01T00:00:00Z"

    static func verdict(
        _ chain: ChainSpec, usage: CertificateUsage = .clientAuth, at time: String = now
    ) throws -> (verdict: ChainVerdict, reasons: [ChainReason]) {
        let instant = try #require(TimeText.timestamp(time))
        let verifier = ChainVerifier(
            authorities: [try DecodedCertificate(der: chain.root.der)], usage: usage)
        let verdict = verifier.verify(
            try DecodedCertificate(der: chain.leaf.der),
            intermediates: [try DecodedCertificate(der: chain.intermediate.der)], at: instant)
        return (verdict, verdict.reasons + verdict.reasons(at: instant))
    }

    @Test func aGoodChainHasNoReason() throws {
        let (verdict, reasons) = try Self.verdict(ChainSpec())
        #expect(reasons == [])
        #expect(verdict.chain.count == 3 && verdict.reachesAuthority)
        #expect("\(verdict.validFrom)" == "2026-01-01T00:00:00Z")
        // The last second is part of the validity.
        #expect("\(verdict.validUntil)" == "2030-01-01T00:00:01Z")
    }

    static let faults: [Fault] = [
        // The chain itself.
        Fault(.leaf, "is issued by CN=Nobody,O=Example, which is neither") {
            $0.leaf.issuer = Write.name("Nobody")
        },
        Fault(.leaf, "is not signed by CN=Intermediate") { $0.leaf.signer = $0.leafKey },
        Fault(.intermediate, "is not signed by CN=Root") { $0.intermediate.signer = $0.leafKey },
        Fault(.intermediate, "is issued by itself and is none of the authorities") {
            $0.intermediate.issuer = $0.intermediate.subject
            $0.intermediate.signer = $0.intermediateKey
        },
        Fault(.leaf, "names another key in authorityKeyIdentifier than that of CN=Intermediate") {
            $0.intermediate["2.5.29.14"] = ExtensionSpec(
                type: "2.5.29.14", critical: false, value: Write.octets([1]))
            $0.leaf["2.5.29.35"] = ExtensionSpec(
                type: "2.5.29.35", critical: false, value: Write.sequence(Write.element(0x80, [2])))
        },
        // Time, each end of each certificate.
        Fault(.leaf, "has expired: its last second was 2026-12-31T23:59:59Z") {
            $0.leaf.notAfter = "261231235959Z"
        },
        Fault(.intermediate, "has expired") { $0.intermediate.notAfter = "261231235959Z" },
        Fault(.authority, "has expired") { $0.root.notAfter = "261231235959Z" },
        Fault(.leaf, "is not valid before 2027-01-01T00:00:01Z") { $0.leaf.notBefore = "270101000001Z" },
        Fault(.authority, "is not valid before") { $0.root.notBefore = "20270101000001Z" },
        // Authorities.
        Fault(.intermediate, "is no authority: it has no basicConstraints") {
            $0.intermediate["2.5.29.19"] = nil
        },
        Fault(.intermediate, "is no authority: basicConstraints say so") {
            $0.intermediate["2.5.29.19"] = .basicConstraints(false)
        },
        Fault(.authority, "is no authority: it has no basicConstraints") { $0.root["2.5.29.19"] = nil },
        Fault(.intermediate, "may not sign certificates") { $0.intermediate["2.5.29.15"] = .keyUsage(6) },
        Fault(.authority, "may not sign certificates") { $0.root["2.5.29.15"] = .keyUsage(0, 6) },
        Fault(.authority, "allows 0 intermediates below it, and there are 1") {
            $0.root["2.5.29.19"] = .basicConstraints(true, pathLength: 0)
        },
        Fault(.intermediate, "is not for client authentication: its extKeyUsage has serverAuth") {
            $0.intermediate["2.5.29.37"] = .purposes(CertificateSpec.serverAuth)
        },
        // The leaf's purpose.
        Fault(.leaf, "is not for client authentication: its extKeyUsage has serverAuth") {
            $0.leaf["2.5.29.37"] = .purposes(CertificateSpec.serverAuth)
        },
        Fault(.leaf, "is not for client authentication: its extKeyUsage has anyExtendedKeyUsage") {
            $0.leaf["2.5.29.37"] = .purposes("2.5.29.37.0")
        },
        Fault(.leaf, "is not for server authentication: its extKeyUsage has clientAuth", for: .serverAuth) {
            _ in
        },
        Fault(.leaf, "has a keyUsage without digitalSignature") { $0.leaf["2.5.29.15"] = .keyUsage(2) },
        Fault(.leaf, "has a keyUsage with keyCertSign and is no authority") {
            $0.leaf["2.5.29.15"] = .keyUsage(0, 5)
        },
        Fault(.leaf, "says that it is an authority and has a keyUsage without keyCertSign") {
            $0.leaf["2.5.29.19"] = .basicConstraints(true)
        },
        Fault(.leaf, "has no subjectAltName, and a server is known by nothing else", for: .serverAuth) {
            $0.leaf["2.5.29.17"] = nil
            $0.leaf["2.5.29.37"] = .purposes(CertificateSpec.serverAuth)
        },
        // Form.
        Fault(.leaf, "has version 2, not 3") { $0.leaf.version = 1 },
        Fault(.leaf, "has a serial number that is not above zero") { $0.leaf.serial = [0] },
        Fault(.leaf, "has a serial number that is not above zero") { $0.leaf.serial = [0x80] },
        Fault(.leaf, "has a serial number of more than 20 bytes") {
            $0.leaf.serial = [UInt8](repeating: 1, count: 21)
        },
        Fault(.leaf, "names one signature algorithm in its signed part and another") {
            $0.leaf.innerAlgorithm = Write.sequence(Write.oid("1.2.840.10045.4.3.3"))
        },
        Fault(.leaf, "has no name at all") {
            $0.leaf.subject = Write.sequence()
            $0.leaf["2.5.29.17"] = nil
        },
        Fault(.leaf, "has no subject name, and a subjectAltName that is not critical") {
            $0.leaf.subject = Write.sequence()
        },
        // Extensions.
        Fault(.leaf, "has a critical extension that is not known here, 1.3.6.1.4.1.99999.1") {
            $0.leaf.extensions.append(
                ExtensionSpec(type: "1.3.6.1.4.1.99999.1", critical: true, value: [5, 0]))
        },
        Fault(.intermediate, "has a critical extension that is not known here") {
            $0.intermediate.extensions.append(
                ExtensionSpec(type: "1.3.6.1.4.1.99999.1", critical: true, value: [5, 0]))
        },
        Fault(.authority, "has a critical extension that is not known here") {
            $0.root.extensions.append(
                ExtensionSpec(type: "1.3.6.1.4.1.99999.1", critical: true, value: [5, 0]))
        },
        Fault(.leaf, "has the extension keyUsage twice") { $0.leaf.extensions.append(.keyUsage(0)) },
        Fault(.leaf, "has a broken extension extKeyUsage") { $0.leaf["2.5.29.37"] = .purposes() },
        Fault(.leaf, "has a broken extension subjectAltName") {
            $0.leaf["2.5.29.17"]?.value = Array("garbage".utf8)
        },
        Fault(.leaf, "marks authorityKeyIdentifier as critical") {
            $0.leaf.extensions.append(
                ExtensionSpec(type: "2.5.29.35", critical: true, value: Write.sequence()))
        },
        Fault(.leaf, "is no authority and has nameConstraints") {
            $0.leaf.extensions.append(.nameConstraints(permitted: [ExtensionSpec.dns("example.com")]))
        },
        Fault(.intermediate, "maps anyPolicy") {
            $0.intermediate.extensions.append(
                ExtensionSpec(
                    type: "2.5.29.33", critical: true,
                    value: Write.sequence(Write.sequence(Write.oid("2.5.29.32.0"), Write.oid("1.2.3.4")))))
        },
        Fault(.leaf, "has no certificate policy that an authority above it demands") {
            let policies = ExtensionSpec(
                type: "2.5.29.32", critical: false,
                value: Write.sequence(Write.sequence(Write.oid("1.2.3.4"))))
            let demand = ExtensionSpec(
                type: "2.5.29.36", critical: true, value: Write.sequence(Write.element(0x80, [0])))
            $0.intermediate.extensions += [policies, demand]
        },
        // Keys and signatures.
        Fault(.leaf, "has an RSA key of 1024 bits, which is too weak") {
            $0.leaf.publicKey = Write.rsaKey(bits: 1024)
        },
        Fault(.leaf, "has an RSA key of 2052 bits, which is no whole number") {
            $0.leaf.publicKey = Write.rsaKey(bits: 2052)
        },
        Fault(.leaf, "has a key on a curve other than") {
            $0.leaf.publicKey = Write.sequence(
                Write.sequence(Write.oid("1.2.840.10045.2.1"), Write.oid("1.3.132.0.10")),
                Write.bits([4] + [UInt8](repeating: 1, count: 64)))
        },
        Fault(.leaf, "has a DSA key") {
            $0.leaf.publicKey = Write.sequence(
                Write.sequence(Write.oid("1.2.840.10040.4.1")), Write.bits([1]))
        },
        Fault(.leaf, "has a broken public key") {
            $0.leaf.publicKey = Write.sequence(
                Write.sequence(Write.oid("1.2.840.10045.2.1"), Write.oid("1.2.840.10045.3.1.7")),
                Write.bits([4] + [UInt8](repeating: 1, count: 64)))
        },
        Fault(.leaf, "has a signature that does not count: SHA-1 is too weak") {
            $0.leaf.innerAlgorithm = Write.sequence(Write.oid("1.2.840.113549.1.1.5"), [5, 0])
            $0.leaf.outerAlgorithm = $0.leaf.innerAlgorithm
        },
        Fault(.intermediate, "has a signature that does not count: MD5 is too weak") {
            $0.intermediate.innerAlgorithm = Write.sequence(Write.oid("1.2.840.113549.1.1.4"), [5, 0])
            $0.intermediate.outerAlgorithm = $0.intermediate.innerAlgorithm
        },
        // Names.
        Fault(.leaf, "has a malformed subjectAltName, DNS name a..b: no host name") {
            $0.leaf["2.5.29.17"] = .alternativeNames(ExtensionSpec.dns("a..b"))
        },
        Fault(.leaf, "has a malformed subjectAltName, DNS name 192.0.2.1: an address") {
            $0.leaf["2.5.29.17"] = .alternativeNames(ExtensionSpec.dns("192.0.2.1"))
        },
        Fault(.leaf, "has a malformed subjectAltName, email a@b@c: no mailbox") {
            $0.leaf["2.5.29.17"] = .alternativeNames(ExtensionSpec.email("a@b@c"))
        },
        Fault(.leaf, "has the DNS name laptop.example.com, excluded by CN=Intermediate") {
            $0.intermediate.extensions.append(.nameConstraints(excluded: [ExtensionSpec.dns("example.com")]))
        },
        Fault(.leaf, "has the DNS name laptop.example.com, not permitted by CN=Root") {
            $0.root.extensions.append(.nameConstraints(permitted: [ExtensionSpec.dns("example.org")]))
        },
        Fault(.authority, "has a malformed name constraint, DNS name .example.com") {
            $0.root.extensions.append(.nameConstraints(permitted: [ExtensionSpec.dns(".example.com")]))
        },
    ]

    @Test("One fault, one reason", arguments: faults) func oneFaultOneReason(_ fault: Fault) throws {
        var chain = ChainSpec()
        fault.edit(&chain)
        let (_, reasons) = try Self.verdict(chain, usage: fault.usage)
        try #require(reasons.count == 1, "\(reasons.map(\.description))")
        #expect(reasons[0].role == fault.role)
        #expect(reasons[0].text.hasPrefix(fault.reason), "\(reasons[0])")
    }

    /// What looks unusual and is allowed.
    static let fine: [Fault] = [
        Fault(.leaf, "no purpose is every purpose") { $0.leaf["2.5.29.37"] = nil },
        Fault(.leaf, "no keyUsage is every usage") { $0.leaf["2.5.29.15"] = nil },
        Fault(.leaf, "no basicConstraints") { $0.leaf["2.5.29.19"] = nil },
        Fault(.leaf, "an unknown extension that is not critical") {
            $0.leaf.extensions.append(
                ExtensionSpec(type: "1.3.6.1.4.1.99999.1", critical: false, value: [0xff]))
        },
        Fault(.authority, "basicConstraints that are not critical, as small authorities write them") {
            $0.root["2.5.29.19"]?.critical = false
        },
        Fault(.intermediate, "anyExtendedKeyUsage in an authority") {
            $0.intermediate["2.5.29.37"] = .purposes("2.5.29.37.0")
        },
        Fault(.authority, "a path length that is just enough") {
            $0.root["2.5.29.19"] = .basicConstraints(true, pathLength: 1)
            $0.intermediate["2.5.29.19"] = .basicConstraints(true, pathLength: 0)
        },
        Fault(.leaf, "an underscore in a client's host name") {
            $0.leaf["2.5.29.17"] = .alternativeNames(ExtensionSpec.dns("laptop_1.example.com"))
        },
        Fault(.leaf, "an issuer name in other letters and another string type") {
            $0.leaf.issuer = Write.name([
                ("2.5.4.10", Write.printable(" EXAMPLE ")), ("2.5.4.3", Write.printable("intermediate")),
            ])
        },
        Fault(.leaf, "a serial number of twenty bytes and a sign") {
            $0.leaf.serial = [0] + [UInt8](repeating: 0xff, count: 20)
        },
        Fault(.leaf, "an end that no clock reaches") { $0.leaf.notAfter = "99991231235959Z" },
        Fault(.authority, "a root whose own signature is worth nothing") { $0.root.signer = $0.leafKey },
    ]

    @Test("Allowed", arguments: fine) func allowed(_ case_: Fault) throws {
        var chain = ChainSpec()
        case_.edit(&chain)
        let (_, reasons) = try Self.verdict(chain)
        #expect(reasons == [], "\(reasons.map(\.description))")
    }

    @Test func everyReasonIsSaid() throws {
        var chain = ChainSpec()
        chain.leaf["2.5.29.37"] = .purposes(CertificateSpec.serverAuth)
        chain.leaf.notAfter = "260601000000Z"
        chain.intermediate["2.5.29.15"] = .keyUsage(6)
        chain.root.extensions.append(.nameConstraints(permitted: [ExtensionSpec.dns("example.org")]))
        let (_, reasons) = try Self.verdict(chain)
        #expect(reasons.count == 4, "\(reasons.map(\.description))")
    }

    @Test func anIntermediateCanBeTrusted() throws {
        let chain = ChainSpec()
        let verifier = ChainVerifier(authorities: [try DecodedCertificate(der: chain.intermediate.der)])
        let verdict = verifier.verify(
            try DecodedCertificate(der: chain.leaf.der),
            intermediates: [try DecodedCertificate(der: chain.root.der)])
        #expect(verdict.reasons == [])
        #expect(verdict.chain.count == 2)
    }

    @Test func anAuthorityIsNoDevice() throws {
        let chain = ChainSpec()
        let root = try DecodedCertificate(der: chain.root.der)
        let verdict = ChainVerifier(authorities: [root]).verify(root, intermediates: [])
        #expect(verdict.reasons.contains { $0.text == "is itself one of the authorities" })
    }

    /// An authority whose old certificate has expired, and a new one for the same key: order must not matter.
    @Test(arguments: [false, true]) func theValidWayIsFound(oldFirst: Bool) throws {
        let chain = ChainSpec()
        var old = chain.intermediate
        old.notAfter = "260201000000Z"
        let both = [
            try DecodedCertificate(der: old.der), try DecodedCertificate(der: chain.intermediate.der),
        ]
        let instant = try #require(TimeText.timestamp(Self.now))
        let verdict = ChainVerifier(authorities: [try DecodedCertificate(der: chain.root.der)]).verify(
            try DecodedCertificate(der: chain.leaf.der), intermediates: oldFirst ? both : both.reversed(),
            at: instant)
        #expect(verdict.reasons == [] && verdict.isValid(at: instant))
    }

    /// Authorities that have all signed each other, none of them trusted: every order of them is a way to nowhere.
    @Test func hostileIntermediatesAreBounded() throws {
        let chain = ChainSpec()
        let keys = (0..<14).map { _ in P256.Signing.PrivateKey() }
        var crowd: [DecodedCertificate] = []
        for (index, key) in keys.enumerated() {
            for (other, signer) in keys.enumerated() where other != index {
                var spec = chain.intermediate
                spec.serial = [UInt8(index + 1), UInt8(other + 1)]
                spec.subject = Write.name("Crowd \(index)")
                spec.issuer = Write.name("Crowd \(other)")
                spec.publicKey = Write.key(key.publicKey)
                spec.signer = signer
                crowd.append(try DecodedCertificate(der: spec.der))
            }
        }
        var leaf = chain.leaf
        leaf.issuer = Write.name("Crowd 0")
        leaf.signer = keys[0]
        let verdict = ChainVerifier(authorities: [try DecodedCertificate(der: chain.root.der)]).verify(
            try DecodedCertificate(der: leaf.der), intermediates: crowd)
        #expect(verdict.reasons.contains { $0.text.hasPrefix("has too many ways to an authority") })
    }

    @Test func namesAreEscapedAndBounded() throws {
        var chain = ChainSpec()
        chain.leaf.subject = Write.name("\u{1b}[31m\u{202e}" + String(repeating: "x", count: 65_536))
        chain.leaf["2.5.29.37"] = .purposes(CertificateSpec.serverAuth)
        let (_, reasons) = try Self.verdict(chain)
        let line = try #require(reasons.first).description
        #expect(line.hasPrefix("leaf CN=\\u{1b}[31m\\u{202e}xxx"))
        #expect(line.utf8.count < 400)
    }
}
