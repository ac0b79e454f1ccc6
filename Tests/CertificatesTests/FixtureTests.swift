import Certificates
import Evidence
import Foundation
import Sessions
import Testing

/// Certificates and a list that OpenSSL made, as VPN clients present them.
@Suite("Certificates of OpenSSL") struct FixtureTests {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures")
        return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func certificates(_ name: String) throws -> [DecodedCertificate] {
        try PEMDocument.parts(of: try bytes(name), labels: ["CERTIFICATE"]).map {
            try DecodedCertificate(der: $0.der)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let leaf: String
        let authority: String
        var usage = CertificateUsage.clientAuth
        var time = "2026-11-21T00:00:00Z"
        var withList = false
        let reason: String?

        var testDescription: String { "\(leaf) under \(authority)" }
    }

    @Test(arguments: [
        Case(leaf: "emp.crt", authority: "corp-ca.crt", reason: nil),
        Case(leaf: "emp.crt", authority: "corp-ca.crt", withList: true, reason: nil),
        Case(leaf: "emp2.crt", authority: "corp-ca.crt", reason: nil),
        Case(
            leaf: "emp2.crt", authority: "corp-ca.crt", withList: true,
            reason: "is revoked since 2026-11-20T22:02:20Z"),
        Case(
            leaf: "nom.crt", authority: "corp-ca.crt", time: "2026-12-24T00:00:00Z", withList: true,
            reason: "is overdue since 2026-12-20T22:02:20Z"),
        Case(leaf: "ven.crt", authority: "tp-root.crt", reason: nil),
        Case(leaf: "ven.crt", authority: "tp-ca.crt", reason: nil),
        Case(
            leaf: "ven.crt", authority: "corp-ca.crt",
            reason: "which is neither an authority nor an intermediate"),
        Case(
            leaf: "vdup.crt", authority: "corp-ca.crt",
            reason: "which is neither an authority nor an intermediate"),
        Case(leaf: "server.crt", authority: "corp-ca.crt", usage: .serverAuth, reason: nil),
        Case(leaf: "server.crt", authority: "corp-ca.crt", reason: "is not for client authentication"),
        Case(
            leaf: "rogue.crt", authority: "corp-ca.crt",
            reason: "is issued by itself and is none of the authorities"),
        Case(leaf: "emp.crt", authority: "corp-ca.crt", time: "2036-01-01T00:00:00Z", reason: "has expired"),
        Case(
            leaf: "emp.crt", authority: "corp-ca.crt", time: "2020-01-01T00:00:00Z",
            reason: "is not valid before"),
    ]) func judged(_ case_: Case) throws {
        let chain = try Self.certificates(case_.leaf)
        let list = try PEMDocument.parts(of: try Self.bytes("corp.crl"), labels: ["X509 CRL"])
        let check = CertificateCheck(
            chain[0], intermediates: Array(chain.dropFirst()),
            verifier: ChainVerifier(authorities: try Self.certificates(case_.authority), usage: case_.usage),
            lists: case_.withList ? try list.map { try RevocationList(der: $0.der) } : nil,
            at: try #require(TimeText.timestamp(case_.time)))
        if let reason = case_.reason {
            #expect(check.reasons.contains { $0.contains(reason) }, "\(check.reasons)")
        } else {
            #expect(check.reasons == [])
        }
    }

    @Test func attributesOfAnEmployee() throws {
        let attributes = try Self.certificates("emp.crt")[0].attributes
        #expect(
            attributes.subject["CN"] == ["laptop-0042"] && attributes.subject["OU"] == ["Managed Devices"])
        #expect(attributes.subject["emailAddress"] == ["alice@example.test"])
        #expect(attributes.emails == ["alice@example.test"])
        #expect(attributes.uris == ["urn:example:device:0042"])
        #expect(attributes.userPrincipalNames == ["alice@corp.example.test"])
        #expect(attributes.serial == "405e3601513fc155b729e5eec365c3b3")
    }
}
