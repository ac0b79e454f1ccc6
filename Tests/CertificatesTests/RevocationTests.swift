import Certificates
import Crypto
import Evidence
import Foundation
import Sessions
import TestSupport
import Testing

@Suite("Revocation lists") struct RevocationTests {
    static let now = "2027-01-01T00:00:00Z"

    /// What a list of the intermediate says of the leaf, whose serial number is 2.
    struct Case: Sendable, CustomTestStringConvertible {
        let why: String
        let expected: String
        let edit: @Sendable (inout ListSpec) -> Void

        init(_ why: String, _ expected: String, _ edit: @escaping @Sendable (inout ListSpec) -> Void) {
            self.why = why
            self.expected = expected
            self.edit = edit
        }

        var testDescription: String { why }
    }

    private static func words(_ status: RevocationStatus) -> String {
        switch status {
        case .good(let until): "good until \(until)"
        case .revoked(let since): "revoked since \(since.map(String.init(describing:)) ?? "?")"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }

    private static let listed = ListSpec.Entry(serial: [2])
    private static let unknownCritical = ExtensionSpec(
        type: "1.3.6.1.4.1.99999.2", critical: true, value: [5, 0])
    private static func partial(indirect: Bool) -> ExtensionSpec {
        ExtensionSpec(
            type: "2.5.29.28", critical: true,
            value: Write.sequence(indirect ? Write.element(0x84, [0xff]) : Write.element(0x81, [0xff])))
    }

    static let cases: [Case] = [
        Case("not on it", "good until 2027-06-01T00:00:00Z") { $0.entries = [.init(serial: [3])] },
        Case("an empty list", "good until 2027-06-01T00:00:00Z") { _ in },
        Case("on it", "revoked since 2026-03-01T00:00:00Z") { $0.entries = [listed] },
        Case("on it, with a reason", "revoked since 2026-03-01T00:00:00Z") {
            $0.entries = [.init(serial: [2], extensions: [ListSpec.reason(1)])]
        },
        Case("on hold", "revoked since 2026-03-01T00:00:00Z") {
            $0.entries = [.init(serial: [2], extensions: [ListSpec.reason(6)])]
        },
        Case("taken off hold", "good until 2027-06-01T00:00:00Z") {
            $0.entries = [.init(serial: [2], extensions: [ListSpec.reason(8)])]
        },
        Case("on it twice, once taken off", "revoked since 2026-03-01T00:00:00Z") {
            $0.entries = [.init(serial: [2], extensions: [ListSpec.reason(8)]), listed]
        },
        Case("another serial number of the same first bytes", "good until 2027-06-01T00:00:00Z") {
            $0.entries = [.init(serial: [0, 0x82]), .init(serial: [2, 0])]
        },
        Case("version 1, without extensions", "good until 2027-06-01T00:00:00Z") {
            $0.version = nil
            $0.extensions = []
        },
        Case("no number, as small authorities write them", "good until 2027-06-01T00:00:00Z") {
            $0.extensions = []
        },
        Case("overdue to the second", "unknown: the revocation list of CN=Intermediate,O=Example is overdue")
        {
            $0.nextUpdate = "270101000000Z"
        },
        Case("one second left", "good until 2027-01-01T00:00:01Z") { $0.nextUpdate = "270101000001Z" },
        Case("overdue, and on it", "revoked since 2026-03-01T00:00:00Z") {
            $0.nextUpdate = "270101000000Z"
            $0.entries = [listed]
        },
        Case(
            "without an end",
            "unknown: the revocation list of CN=Intermediate,O=Example does not say until when"
        ) {
            $0.nextUpdate = nil
        },
        Case("without an end, and on it", "revoked since 2026-03-01T00:00:00Z") {
            $0.nextUpdate = nil
            $0.entries = [listed]
        },
        Case(
            "of tomorrow", "unknown: the revocation list of CN=Intermediate,O=Example is of later, 2027-01-02"
        ) {
            $0.thisUpdate = "270102000000Z"
        },
        Case(
            "signed by somebody else",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example is not signed by it"
        ) {
            $0.signer = P256.Signing.PrivateKey()
        },
        Case("signed by somebody else, and on it: says nothing", "unknown: the revocation list of 2026-06-01")
        {
            $0.signer = P256.Signing.PrivateKey()
            $0.entries = [listed]
        },
        Case("of another issuer", "unknown: there is no revocation list of CN=Intermediate") {
            $0.issuer = Write.name("Root")
            $0.entries = [listed]
        },
        Case(
            "one algorithm inside, another outside",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example names one signature"
        ) {
            $0.innerAlgorithm = Write.sequence(Write.oid("1.2.840.10045.4.3.3"))
        },
        Case(
            "a critical extension nobody knows",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example has a critical extension"
        ) {
            $0.extensions.append(unknownCritical)
            $0.entries = [listed]
        },
        Case(
            "an entry with a critical extension nobody knows",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example has an entry with"
        ) {
            $0.entries = [.init(serial: [9], extensions: [unknownCritical])]
        },
        Case(
            "a critical number",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example marks cRLNumber"
        ) {
            $0.extensions = [ListSpec.number(1, critical: true)]
        },
        Case(
            "changes only",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example is a list of changes"
        ) {
            $0.extensions.append(ExtensionSpec(type: "2.5.29.27", critical: true, value: Write.integer([1])))
        },
        Case("changes only, and on it", "revoked since 2026-03-01T00:00:00Z") {
            $0.extensions.append(ExtensionSpec(type: "2.5.29.27", critical: true, value: Write.integer([1])))
            $0.entries = [listed]
        },
        Case(
            "a part of the certificates",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example covers a part"
        ) {
            $0.extensions.append(partial(indirect: false))
        },
        Case("a part of the certificates, and on it", "revoked since 2026-03-01T00:00:00Z") {
            $0.extensions.append(partial(indirect: false))
            $0.entries = [listed]
        },
        Case(
            "certificates of other issuers, and on it: whose is not known", "unknown: the revocation list of"
        ) {
            $0.extensions.append(partial(indirect: true))
            $0.entries = [listed]
        },
        Case(
            "an entry of another issuer",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example lists certificates"
        ) {
            $0.entries = [
                .init(
                    serial: [2],
                    extensions: [ExtensionSpec(type: "2.5.29.29", critical: true, value: [0x30, 0])])
            ]
        },
        Case(
            "version 3",
            "unknown: the revocation list of 2026-06-01T00:00:00Z by CN=Intermediate,O=Example has version 3"
        ) {
            $0.version = [2]
        },
    ]

    @Test(arguments: cases) func status(_ case_: Case) throws {
        let chain = ChainSpec()
        var spec = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        case_.edit(&spec)
        let known = IssuerRevocation(
            issuer: try DecodedCertificate(der: chain.intermediate.der),
            lists: [try RevocationList(der: spec.der)])
        let status = known.status(
            of: try DecodedCertificate(der: chain.leaf.der), at: try #require(TimeText.timestamp(Self.now)))
        #expect(Self.words(status).hasPrefix(case_.expected), "\(status)")
    }

    @Test func anIssuerWithoutCRLSignSignsNoList() throws {
        var chain = ChainSpec()
        chain.intermediate["2.5.29.15"] = .keyUsage(5)
        let list = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        let known = IssuerRevocation(
            issuer: try DecodedCertificate(der: chain.intermediate.der),
            lists: [try RevocationList(der: list.der)])
        #expect(known.obstacles.count == 1 && known.obstacles[0].contains("cRLSign"))
    }

    /// The older list says revoked, the newer good, or the other way round: the newer one counts, in whichever order
    /// they come, and an older one counts at its time.
    @Test(arguments: [false, true], [false, true]) func theNewestCounts(newerRevokes: Bool, newerFirst: Bool)
        throws
    {
        let chain = ChainSpec()
        var older = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        var newer = older
        newer.thisUpdate = "260901000000Z"
        newer.extensions = [ListSpec.number(2)]
        if newerRevokes { newer.entries = [.init(serial: [2])] } else { older.entries = [.init(serial: [2])] }
        let lists = [try RevocationList(der: newer.der), try RevocationList(der: older.der)]
        let known = IssuerRevocation(
            issuer: try DecodedCertificate(der: chain.intermediate.der),
            lists: newerFirst ? lists : lists.reversed())
        let leaf = try DecodedCertificate(der: chain.leaf.der)
        for (time, revoked) in [
            ("2027-01-01T00:00:00Z", newerRevokes), ("2026-07-01T00:00:00Z", !newerRevokes),
        ] {
            let status = known.status(of: leaf, at: try #require(TimeText.timestamp(time)))
            #expect(Self.words(status).hasPrefix("revoked") == revoked, "\(time)")
        }
    }

    @Test func theWholeCheckNeedsAListOfEveryIssuer() throws {
        let chain = ChainSpec()
        let verifier = ChainVerifier(authorities: [try DecodedCertificate(der: chain.root.der)])
        let leaf = try DecodedCertificate(der: chain.leaf.der)
        let intermediate = try DecodedCertificate(der: chain.intermediate.der)
        let own = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        let above = ListSpec(issuer: chain.root.subject, signer: chain.rootKey)
        let instant = try #require(TimeText.timestamp(Self.now))
        func reasons(_ lists: [ListSpec]) throws -> [String] {
            CertificateCheck(
                leaf, intermediates: [intermediate], verifier: verifier,
                lists: try lists.map { try RevocationList(der: $0.der) }, at: instant
            ).reasons
        }
        #expect(try reasons([own, above]) == [])
        #expect(
            try reasons([own]) == [
                "intermediate CN=Intermediate,O=Example may have been revoked: "
                    + "there is no revocation list of CN=Root,O=Example"
            ])
        var revoking = above
        revoking.entries = [.init(serial: [1])]
        #expect(
            try reasons([own, revoking]) == [
                "intermediate CN=Intermediate,O=Example is revoked since 2026-03-01T00:00:00Z"
            ])
        #expect(
            CertificateCheck(leaf, intermediates: [intermediate], verifier: verifier, lists: nil, at: instant)
                .reasons
                == [])
    }

    /// Against a dictionary, with serial numbers of every length and equal beginnings.
    @Test func lookUpsAgainstAModel() throws {
        let chain = ChainSpec()
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        func serial() -> [UInt8] {
            let count = Int.random(in: 1...20, using: &random)
            var bytes = (0..<count).map { $0 < 12 ? 1 : UInt8.random(in: 1...2, using: &random) }
            if Bool.random(using: &random) { bytes[count - 1] = UInt8.random(in: 1...0x7f, using: &random) }
            return bytes
        }
        let listed = Set((0..<400).map { _ in serial() })
        var spec = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        spec.entries = listed.map { ListSpec.Entry(serial: $0) }
        let list = try RevocationList(der: spec.der)
        #expect(list.count == listed.count)
        let known = IssuerRevocation(
            issuer: try DecodedCertificate(der: chain.intermediate.der), lists: [list])
        let instant = try #require(TimeText.timestamp(Self.now))
        for serial in Array(listed) + (0..<2000).map({ _ in serial() }) {
            let isRevoked = Self.words(known.status(of: serial, at: instant)).hasPrefix("revoked")
            #expect(isRevoked == listed.contains(serial), "seed \(seed)")
        }
    }
}
