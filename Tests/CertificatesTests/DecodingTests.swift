import Certificates
import Evidence
import Foundation
import Sessions
import Testing

@Suite("Decoding") struct DecodingTests {
    @Test func attributesOfALeaf() throws {
        var chain = ChainSpec()
        chain.leaf.serial = [0, 0x8f, 1]
        chain.leaf.subject = Write.name([
            ("2.5.4.6", Write.printable("GB")), ("2.5.4.10", Write.utf8("Example")),
            ("2.5.4.11", Write.utf8("One")), ("2.5.4.11", Write.utf8("Two")),
            ("2.5.4.3", Write.utf8("laptop")),
            ("0.9.2342.19200300.100.1.1", Write.utf8("u42")), ("1.2.3.4", Write.utf8("odd")),
        ])
        chain.leaf["2.5.29.17"] = .alternativeNames(
            ExtensionSpec.email("u@example.com"), ExtensionSpec.uri("urn:device:42"),
            ExtensionSpec.dns("laptop.example.com"), ExtensionSpec.principal("u@corp.example.com"),
            ExtensionSpec.address(192, 0, 2, 1))
        chain.leaf.extensions += [
            ExtensionSpec(type: "1.3.6.1.4.1.99999.1", critical: false, value: Write.utf8("managed")),
            ExtensionSpec(type: "1.3.6.1.4.1.99999.2", critical: false, value: Write.integer([0xff, 0x7f])),
            ExtensionSpec(type: "1.3.6.1.4.1.99999.3", critical: false, value: Write.boolean(true)),
            ExtensionSpec(
                type: "1.3.6.1.4.1.99999.4", critical: false, value: Write.sequence(Write.integer([1]))),
            ExtensionSpec(type: "1.3.6.1.4.1.99999.5", critical: false, value: [0xde, 0xad]),
        ]
        let attributes = try DecodedCertificate(der: chain.leaf.der).attributes
        #expect(attributes.subject["OU"] == ["One", "Two"])
        #expect(attributes.subject["C"] == ["GB"] && attributes.subject["UID"] == ["u42"])
        #expect(attributes.subject["1.2.3.4"] == ["odd"])
        #expect(attributes.emails == ["u@example.com"] && attributes.uris == ["urn:device:42"])
        #expect(attributes.dnsNames == ["laptop.example.com"])
        #expect(attributes.userPrincipalNames == ["u@corp.example.com"])
        #expect(attributes.serial == "8f01")
        let own = (1...5).map { attributes.extensions["1.3.6.1.4.1.99999.\($0)"] }
        #expect(own == ["managed", "-129", "true", "3003020101", "dead"])
        #expect(attributes.notAfter == TimeText.timestamp("2030-01-01T00:00:01Z"))
    }

    @Test func theReportLeavesTimeToTheCaller() throws {
        let chain = ChainSpec()
        let root = try DecodedCertificate(der: chain.root.der)
        let verifier = ChainVerifier(authorities: [root])
        let intermediates = [try DecodedCertificate(der: chain.intermediate.der)]
        let report = verifier.report(
            leaf: try DecodedCertificate(der: chain.leaf.der), intermediates: intermediates)
        #expect(report.problems == [] && report.anchor == root.digest)
        #expect(report.validFrom == TimeText.timestamp("2026-01-01T00:00:00Z"))

        var late = chain.leaf
        late.notBefore = "310101000000Z"
        late.notAfter = "320101000000Z"
        let never = verifier.report(leaf: try DecodedCertificate(der: late.der), intermediates: intermediates)
        #expect(never.problems == ["the certificates of the chain are never valid at the same time"])

        var foreign = chain.leaf
        foreign.issuer = Write.name("Nobody")
        #expect(
            verifier.report(leaf: try DecodedCertificate(der: foreign.der), intermediates: []).anchor == nil)
    }

    /// What is no certificate, and where that shows.
    @Test(arguments: [
        ("", "byte 0: the certificate is missing"),
        ("30", "byte 0: the certificate is cut short"),
        ("3080", "byte 1: the certificate has an indefinite length, which DER forbids"),
        ("308105000000000000", "byte 1: the certificate has a length that is not in its shortest form"),
        ("30850000000001", "byte 1: the certificate has a length out of range"),
        ("3003", "byte 0: the certificate is cut short: 3 bytes announced, 0 there"),
        ("1f01", "byte 0: the certificate has a tag of several bytes, which X.509 has none of"),
        ("0400", "byte 0: the certificate: expected tag 0x30, found 0x04"),
        ("3000", "byte 2: the signed part is missing"),
        ("30000000", "byte 2: 2 bytes too many after the certificate"),
    ]) func places(hex: String, expected: String) throws {
        let bytes = try Self.bytes(hex)
        let error = #expect(throws: DERError.self) { try DecodedCertificate(der: bytes) }
        #expect(error?.description == expected)
    }

    static func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16))
        }
    }

    @Test func bytesAfterTheCertificateAreNoCertificate() throws {
        var leaf = ChainSpec().leaf
        leaf.trailing = [0]
        #expect(throws: DERError.self) { try DecodedCertificate(der: leaf.der) }
    }

    @Test(arguments: [
        "250230000000Z", "251301000000Z", "250101240000Z", "250101000060Z", "2501010000Z",
        "250101000000+0100",
        "20250101000000.5Z",
    ]) func noTimes(text: String) throws {
        var leaf = ChainSpec().leaf
        leaf.notBefore = text
        #expect(throws: DERError.self) { try DecodedCertificate(der: leaf.der) }
    }

    static let leafPEM = pem(ChainSpec().leaf.der)

    static func pem(_ der: [UInt8], label: String = "CERTIFICATE") -> String {
        let text = Data(der).base64EncodedString(options: .lineLength64Characters).split(separator: "\r\n")
        return (["-----BEGIN \(label)-----"] + text.map(String.init) + ["-----END \(label)-----"])
            .joined(separator: "\n") + "\n"
    }

    @Test func partsOfAFile() throws {
        let der = ChainSpec().leaf.der
        let file =
            "subject=x\n" + Self.pem(der) + "\r\n" + Self.pem([1, 2], label: "PRIVATE KEY") + Self.pem(der)
        let parts = try PEMDocument.parts(of: Array(file.utf8), labels: ["CERTIFICATE"])
        #expect(parts.map(\.der) == [der, der])
        #expect(parts[0].place == "line 2")
        let raw = try PEMDocument.parts(of: der + der, labels: ["CERTIFICATE"])
        #expect(raw.map(\.der) == [der, der] && raw[1].place == "byte \(der.count)")
    }

    @Test(arguments: [
        ("", "byte 0: the file is empty"),
        ("hello\n", "1: no CERTIFICATE in PEM or DER here"),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n", "1: no END line for this BEGIN"),
        ("-----BEGIN CERTIFICATE-----\nM!A=\n-----END CERTIFICATE-----\n", "2: this is no base64 text"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA\n-----END CERTIFICATE-----\n",
            "3: the base64 text before this line is cut short"
        ),
        ("-----BEGIN CERTIFICATE-----\nMAA=MAA=\n-----END CERTIFICATE-----\n", "2: this is no base64 text"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END X-----\n",
            "3: 'X' ends what began as 'CERTIFICATE' on line 1"
        ),
        (
            "-----BEGIN CERTIFICATE-----\nBAA=\n-----END CERTIFICATE-----\n",
            "1: this is no DER inside: byte 0: the CERTIFICATE: expected tag 0x30, found 0x04"
        ),
        ("0\u{5}abc", "byte 0: the CERTIFICATE is cut short: 5 bytes announced, 3 there"),
    ]) func noPEM(text: String, expected: String) throws {
        let error = #expect(throws: PEMDocument.Failure.self) {
            try PEMDocument.parts(of: Array(text.utf8), labels: ["CERTIFICATE"])
        }
        #expect(error?.description == expected)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\\b", "a\\\\b"), ("a\u{0}b\u{7f}", "a\\u{0}b\\u{7f}"),
        ("\u{200b}\u{202e}", "\\u{200b}\\u{202e}"),
        ("žluť", "žluť"), ("0123456789abcdefghijk", "0123456789abcdefghij…"),
    ]) func shown(text: String, expected: String) { #expect(ShownText.shown(text, bound: 20) == expected) }
}
