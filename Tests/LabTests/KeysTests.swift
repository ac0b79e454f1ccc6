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
        for credential in Array(keys.devices.values) + [keys.corporate, keys.thirdParty] {
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
        let authority = try certificate(device.isCorporate ? keys.corporate : keys.thirdParty)
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
        #expect(!Device.impostor.isCorporate)
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
