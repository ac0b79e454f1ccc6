import Crypto
import Foundation
import Sessions
import SwiftASN1
import X509

/// Makes certificates for one test, and keeps their files.
final class TestAuthority: Sendable {
    struct Credential: Sendable {
        var certificate: String
        var key: String
        var digest: CertificateDigest
    }

    enum Usage { case client, server, none }

    let directory: URL
    let file: String
    private let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    private let name: DistinguishedName

    init(_ organisation: String = "Test") throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "gatehouse-portal-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        name = try DistinguishedName { CommonName("\(organisation) authority") }
        let certificate = try Self.certificate(
            name, key.publicKey, issuer: name, key, days: -1...30,
            Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            })
        file = try Self.write(certificate.serializeAsPEM().pemString, directory, "authority.pem")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func issue(
        _ commonName: String, _ usage: Usage = .client, days: ClosedRange<Double> = -1...30
    ) throws -> Credential {
        let secret = P256.Signing.PrivateKey()
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
        }
        switch usage {
        case .client: try extensions.append(.init(ExtendedKeyUsage([.clientAuth]), critical: false))
        case .server:
            try extensions.append(.init(ExtendedKeyUsage([.serverAuth]), critical: false))
            let names = SubjectAlternativeNames([
                .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
            ])
            try extensions.append(.init(names, critical: false))
        case .none: break
        }
        let certificate = try Self.certificate(
            try DistinguishedName { CommonName(commonName) }, Certificate.PrivateKey(secret).publicKey,
            issuer: name, key, days: days, extensions)
        let document = try certificate.serializeAsPEM()
        let id = UUID()
        return Credential(
            certificate: try Self.write(document.pemString, directory, "\(id).pem"),
            key: try Self.write(secret.pemRepresentation, directory, "\(id).key"),
            digest: try Self.digest(document.derBytes))
    }

    private static func certificate(
        _ subject: DistinguishedName, _ key: Certificate.PublicKey, issuer: DistinguishedName,
        _ issuerKey: Certificate.PrivateKey, days: ClosedRange<Double>, _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key,
            notValidBefore: Date(timeIntervalSinceNow: days.lowerBound * 86_400),
            notValidAfter: Date(timeIntervalSinceNow: days.upperBound * 86_400), issuer: issuer,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: issuerKey)
    }

    private static func digest(_ der: [UInt8]) throws -> CertificateDigest {
        guard let digest = CertificateDigest(bytes: Array(SHA256.hash(data: der))) else {
            throw CocoaError(.coderInvalidValue)
        }
        return digest
    }

    private static func write(_ text: String, _ directory: URL, _ name: String) throws -> String {
        let url = directory.appending(path: name)
        try Data((text + "\n").utf8).write(to: url)
        return url.path
    }
}
