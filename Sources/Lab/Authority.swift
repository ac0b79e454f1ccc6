import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority of the lab, and what it signs.
package struct Authority {
    package let credential: Credential
    private let name: DistinguishedName
    private let key: Certificate.PrivateKey
    /// In PEM: its certificate and those above it, but the root's. Empty for a root.
    private let path: String

    /// A self-signed authority, valid from an hour ago for a day: the lab does not outlive it.
    ///
    /// `below` says how many authorities may stand between it and somebody's certificate.
    package init(organisation: String, commonName: String, below: Int = 0) throws {
        let secret = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(secret)
        name = try Self.name(organisation: organisation, commonName: commonName)
        credential = try Credential(
            certificate: try Self.certificate(
                subject: name, publicKey: key.publicKey, issuer: name, issuerKey: key,
                extensions: try Self.extensions(below: below)), secret: secret)
        path = ""
    }

    /// An authority below another one.
    package init(organisation: String, commonName: String, below: Int = 0, issuedBy issuer: Authority) throws
    {
        let secret = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(secret)
        name = try Self.name(organisation: organisation, commonName: commonName)
        credential = try Credential(
            certificate: try Self.certificate(
                subject: name, publicKey: key.publicKey, issuer: issuer.name, issuerKey: issuer.key,
                extensions: try Self.extensions(below: below)), secret: secret)
        path = credential.certificatePEM + issuer.path
    }

    /// A certificate for a VPN client or, with `server`, for the VPN server of that DNS name.
    package func issue(
        organisation: String, commonName: String, says words: CertificateWords? = nil, server: Bool = false
    ) throws -> Credential {
        let secret = P256.Signing.PrivateKey()
        let subject = try Self.name(
            organisation: organisation, unit: words?.unit, commonName: commonName)
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([server ? .serverAuth : .clientAuth])
        }
        if server {
            try extensions.append(.init(SubjectAlternativeNames([.dnsName(commonName)]), critical: false))
        }
        for said in try words?.extensions ?? [] { try extensions.append(said) }
        let certificate = try Self.certificate(
            subject: subject, publicKey: Certificate.PrivateKey(secret).publicKey, issuer: name,
            issuerKey: key, extensions: extensions)
        return try Credential(certificate: certificate, secret: secret, path: path)
    }

    private static func name(
        organisation: String, unit: String? = nil, commonName: String
    ) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName(organisation)
            if let unit { OrganizationalUnitName(unit) }
            CommonName(commonName)
        }
    }

    private static func extensions(below: Int) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: below))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        }
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

/// What a client's certificate says of it beside its name.
package struct CertificateWords: Sendable, Hashable {
    package var unit: String
    package var mailbox: String
    /// The text of an extension that only this organisation knows.
    package var standing: String

    /// Of that extension.
    package static let identifier = "1.3.6.1.4.1.55555.1"

    fileprivate var extensions: [Certificate.Extension] {
        get throws {
            var text = DER.Serializer()
            try text.serialize(ASN1UTF8String(standing))
            return [
                try .init(SubjectAlternativeNames([.rfc822Name(mailbox)]), critical: false),
                .init(
                    oid: try ASN1ObjectIdentifier(dotRepresentation: Self.identifier), critical: false,
                    value: text.serializedBytes[...]),
            ]
        }
    }
}

/// A certificate and its key, as the files that a VPN client is given.
package struct Credential: Sendable {
    package let certificatePEM: String
    /// The certificates above it, but the root's: its holder sends them along.
    package let pathPEM: String
    package let keyPEM: String
    /// SHA-256 of the certificate's DER, as 64 hexadecimal digits: what registers name it by.
    package let digest: String

    fileprivate init(certificate: Certificate, secret: P256.Signing.PrivateKey, path: String = "") throws {
        let document = try certificate.serializeAsPEM()
        certificatePEM = document.pemString + "\n"
        pathPEM = path
        keyPEM = secret.pemRepresentation + "\n"
        digest = Self.digest(ofDER: document.derBytes)
    }

    package static func digest(ofDER bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
