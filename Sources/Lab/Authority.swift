import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority of the lab, and what it signs.
package struct Authority {
    package let credential: Credential
    private let name: DistinguishedName
    private let key: Certificate.PrivateKey

    /// A self-signed authority, valid from an hour ago for a day: the lab does not outlive it.
    package init(organisation: String, commonName: String) throws {
        let secret = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(secret)
        name = try DistinguishedName {
            OrganizationName(organisation)
            CommonName(commonName)
        }
        let certificate = try Self.certificate(
            subject: name, publicKey: key.publicKey, issuer: name, issuerKey: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            })
        credential = try Credential(certificate: certificate, secret: secret)
    }

    /// A certificate for a VPN client or, with `server`, for the VPN server of that DNS name.
    package func issue(organisation: String, commonName: String, server: Bool = false) throws -> Credential {
        let secret = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            OrganizationName(organisation)
            CommonName(commonName)
        }
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([server ? .serverAuth : .clientAuth])
        }
        if server {
            try extensions.append(.init(SubjectAlternativeNames([.dnsName(commonName)]), critical: false))
        }
        let certificate = try Self.certificate(
            subject: subject, publicKey: Certificate.PrivateKey(secret).publicKey, issuer: name,
            issuerKey: key,
            extensions: extensions)
        return try Credential(certificate: certificate, secret: secret)
    }

    private static func certificate(
        subject: DistinguishedName, publicKey: Certificate.PublicKey, issuer: DistinguishedName,
        issuerKey: Certificate.PrivateKey, extensions: Certificate.Extensions
    ) throws -> Certificate {
        let now = Date()
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: now.addingTimeInterval(-3600), notValidAfter: now.addingTimeInterval(86400),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: issuerKey)
    }
}

/// A certificate and its key, as the files that a VPN client is given.
package struct Credential: Sendable {
    package let certificatePEM: String
    package let keyPEM: String
    /// SHA-256 of the certificate's DER, as 64 hexadecimal digits: what registers name it by.
    package let digest: String

    fileprivate init(certificate: Certificate, secret: P256.Signing.PrivateKey) throws {
        let document = try certificate.serializeAsPEM()
        certificatePEM = document.pemString + "\n"
        keyPEM = secret.pemRepresentation + "\n"
        digest = Self.digest(ofDER: document.derBytes)
    }

    package static func digest(ofDER bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
