import Crypto
import Foundation
import Lab
import SwiftASN1
import Testing
import X509

struct KeysTests {
    private func certificate(_ credential: Credential) throws -> Certificate {
        try Certificate(pemEncoded: credential.certificatePEM)
    }

    @Test func digestsAreThoseOfTheCertificatesDER() throws {
        let keys = try Keys()
        for credential in Array(keys.devices.values) + Issuer.allCases.map({ keys[$0] }) {
            let document = try PEMDocument(pemString: credential.certificatePEM)
            let digest = SHA256.hash(data: document.derBytes).description.split(separator: " ").last.map(
                String.init)
            #expect(credential.digest == digest)
            #expect(credential.digest.count == 64)
        }
        #expect(Set(keys.devices.values.map(\.digest)).count == Device.allCases.count)
    }

    @Test(arguments: Device.allCases)
    func everyDeviceIsSignedByItsAuthority(_ device: Device) throws {
        let keys = try Keys()
        let authority = try certificate(keys[device.issuer])
        let leaf = try certificate(#require(keys.devices[device]))
        #expect(authority.publicKey.isValidSignature(leaf.signature, for: leaf))
        #expect(leaf.issuer == authority.subject)
        #expect(leaf.subject.description.contains("CN=\(device.commonName)"))
        #expect(try leaf.extensions.extendedKeyUsage?.contains(.clientAuth) == true)
        #expect(try leaf.extensions.extendedKeyUsage?.contains(.serverAuth) == false)
    }

    /// The trap that the impostor sets: the employee's name, somebody else's signature.
    @Test func theImpostorHasTheEmployeesNameAndNothingElse() throws {
        let keys = try Keys()
        #expect(Device.impostor.commonName == Device.employeeLaptop.commonName)
        #expect(keys.digest(.impostor) != keys.digest(.employeeLaptop))
        #expect(Device.impostor.issuer == .thirdParty)
    }

    /// What a client sends along leads from its own certificate to a root that the VPN server has.
    @Test(arguments: Device.allCases)
    func everyPathLeadsToARoot(_ device: Device) throws {
        let keys = try Keys()
        let credential = try #require(keys.devices[device])
        let above = try PEMDocument.parseMultiple(pemString: credential.pathPEM)
            .map { try Certificate(pemDocument: $0) }
        var last = try certificate(credential)
        for issuer in above {
            #expect(issuer.publicKey.isValidSignature(last.signature, for: last))
            last = issuer
        }
        let roots = try [keys.corporate, keys.thirdParty].map(certificate)
        #expect(roots.contains { $0.publicKey.isValidSignature(last.signature, for: last) })
    }

    /// The trap of the look-alike: the right name, and the right words below it, by somebody else.
    @Test func theLookalikeDiffersByItsRootAlone() throws {
        let keys = try Keys()
        let (ours, theirs) = (try certificate(keys.depot), try certificate(keys.lookalike))
        #expect(ours.subject == theirs.subject && ours.publicKey != theirs.publicKey)
        #expect(Device.lookalikeLaptop.words == Device.housingLaptop.words)
        #expect(try certificate(keys.field).publicKey.isValidSignature(ours.signature, for: ours))
        #expect(try certificate(keys.thirdParty).publicKey.isValidSignature(theirs.signature, for: theirs))
    }

    @Test func listsNameWhatWasWithdrawn() async throws {
        let site = Site(directory: NSTemporaryDirectory() + "gatehouse-lists-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: site.directory) }
        for name in ["issuers", "lists", "vpn"] {
            try FileManager.default.createDirectory(
                atPath: site.path(name), withIntermediateDirectories: true)
        }
        let keys = try Keys()
        let leaf = try #require(keys.devices[.housingLaptop])
        try site.write(leaf.certificatePEM + leaf.pathPEM, to: "vpn/\(Device.housingLaptop).crt")
        let lists = RevocationLists(of: .depot, at: site)
        try lists.begin(keys.depot)
        let serial = try certificate(leaf).serialNumber.bytes
            .map { String(format: "%02X", $0) }.joined()
        for isWithdrawn in [false, true] {
            if isWithdrawn { try await lists.withdraw(.housingLaptop) }
            let end = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 5).rounded())
            try await lists.publish(until: end)
            let output = try await Command([
                "openssl", "crl", "-in", site.path("lists/depot.crl"), "-CAfile",
                site.path("issuers/depot.crt"), "-noout", "-text", "-nextupdate", "-dateopt", "iso_8601",
            ]).output()
            #expect(output.standardError.contains("verify OK"))
            #expect(output.standardOutput.contains("Serial Number: \(serial)") == isWithdrawn)
            let time = VendorContract.timestamp(end).replacing("T", with: " ")
            #expect(output.standardOutput.contains("nextUpdate=\(time)"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: site.lists) == ["depot.crl"])
        }
    }

    @Test func certificatesSayWhatTheyShould() throws {
        let leaf = try certificate(try #require(try Keys().devices[.housingLaptop]))
        #expect(leaf.subject.description.contains("OU=Housing North"))
        let names = try #require(try leaf.extensions.subjectAlternativeNames)
        #expect(Array(names) == [.rfc822Name("Nora@Council.example")])
        let standing = try leaf.extensions.first {
            $0.oid == (try ASN1ObjectIdentifier(dotRepresentation: CertificateWords.identifier))
        }
        // A UTF8String of seven bytes (X.690 section 8.23).
        #expect(standing.map { Array($0.value) } == [0x0c, 7] + Array("managed".utf8))
        #expect(standing?.critical == false)
    }

    @Test func keysAreThoseOfTheCertificates() throws {
        let credential = try #require(try Keys().devices[.employeeLaptop])
        let key = try P256.Signing.PrivateKey(pemRepresentation: credential.keyPEM)
        let fromKey = Certificate.PublicKey(key.publicKey)
        #expect(try certificate(credential).publicKey == fromKey)
    }

    /// RFC 6238 appendix B, with eight digits.
    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
    func codesAreThoseOfTheRFC(_ seconds: UInt64, _ code: String) {
        #expect(OneTimeCode(seed: Array("12345678901234567890".utf8)).code(at: seconds, digits: 8) == code)
    }

    /// RFC 4648 section 10, without its padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"), ("12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
    ])
    func seedsAreWrittenInBase32(_ seed: String, _ text: String) {
        #expect(OneTimeCode(seed: Array(seed.utf8)).base32 == text)
    }
}
