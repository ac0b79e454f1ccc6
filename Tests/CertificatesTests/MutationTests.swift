import Certificates
import Crypto
import Evidence
import Sessions
import SwiftASN1
import TestSupport
import Testing
import X509

/// Bytes from outside, changed at random: an answer or an error, never a trap; and nothing accepted that should not be.
@Suite("Mutated bytes") struct MutationTests {
    private static func mutate(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2:
                bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert(contentsOf: [UInt8](repeating: bytes[place], count: 3), at: place)
            case 4: bytes.removeSubrange(place...)
            default:
                bytes[place] = [0, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff].randomElement(using: &random) ?? 0
            }
            if bytes.isEmpty { bytes = [0x30] }
        }
        return bytes
    }

    /// A leaf with everything in it.
    private static func rich() -> ChainSpec {
        var chain = ChainSpec()
        chain.leaf["2.5.29.17"] = .alternativeNames(
            ExtensionSpec.email("u@example.com"), ExtensionSpec.uri("https://a.example.com/"),
            ExtensionSpec.dns("*.example.com"), ExtensionSpec.principal("u@a"),
            ExtensionSpec.address(192, 0, 2, 1),
            ExtensionSpec.directory(Write.name("x")))
        chain.leaf.extensions += [
            ExtensionSpec(type: "2.5.29.14", critical: false, value: Write.octets([1, 2, 3])),
            ExtensionSpec(
                type: "2.5.29.35", critical: false, value: Write.sequence(Write.element(0x80, [1]))),
            ExtensionSpec(
                type: "2.5.29.32", critical: false,
                value: Write.sequence(Write.sequence(Write.oid("1.2.3.4")))),
        ]
        chain.intermediate.extensions += [
            .nameConstraints(
                permitted: [
                    ExtensionSpec.dns("example.com"), ExtensionSpec.email("example.com"),
                    ExtensionSpec.uri(".example.com"), ExtensionSpec.address(192, 0, 2, 0, 255, 255, 255, 0),
                ], excluded: [ExtensionSpec.directory(Write.name("y"))]),
            ExtensionSpec(type: "2.5.29.36", critical: true, value: Write.sequence(Write.element(0x80, [2]))),
        ]
        return chain
    }

    @Test func certificates() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let chain = Self.rich()
        // Signed once: a signature is another one every time.
        let (goodLeaf, goodAbove) = (chain.leaf.der, chain.intermediate.der)
        let root = try DecodedCertificate(der: chain.root.der)
        let verifier = ChainVerifier(authorities: [root])
        let now = try #require(TimeText.timestamp(ChainTests.now))
        var decoded = 0
        for round in 0..<2000 {
            let mutatesLeaf = round % 2 == 0
            let leaf = mutatesLeaf ? Self.mutate(goodLeaf, &random) : goodLeaf
            let above = mutatesLeaf ? goodAbove : Self.mutate(goodAbove, &random)
            guard let leafCertificate = try? DecodedCertificate(der: leaf),
                let aboveCertificate = try? DecodedCertificate(der: above)
            else { continue }
            decoded += 1
            _ = leafCertificate.attributes
            let check = CertificateCheck(
                leafCertificate, intermediates: [aboveCertificate], verifier: verifier, lists: nil, at: now)
            #expect(check.reasons.allSatisfy { $0.utf8.count < 2000 }, "seed \(seed)")
            // DER has one encoding, and everything but the signature is signed.
            let isChanged = leaf != goodLeaf || above != goodAbove
            #expect(!check.reasons.isEmpty || !isChanged, "seed \(seed), round \(round)")
        }
        #expect(decoded > 100, "seed \(seed): the mutations hardly reach the rules")
    }

    /// Signed again after the change, so that the rules see what the signature would have stopped.
    @Test func whatAnAuthorityCouldHaveSigned() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let chain = Self.rich()
        let verifier = ChainVerifier(authorities: [try DecodedCertificate(der: chain.root.der)])
        for _ in 0..<600 {
            var changed = chain
            for index in changed.leaf.extensions.indices where Bool.random(using: &random) {
                changed.leaf.extensions[index].value = Self.mutate(
                    changed.leaf.extensions[index].value, &random)
            }
            for index in changed.intermediate.extensions.indices where Bool.random(using: &random) {
                let value = changed.intermediate.extensions[index].value
                changed.intermediate.extensions[index].value = Self.mutate(value, &random)
            }
            let leaf = try DecodedCertificate(der: changed.leaf.der)
            let report = verifier.report(
                leaf: leaf, intermediates: [try DecodedCertificate(der: changed.intermediate.der)])
            // Somebody else's parser of these extensions is no stricter than this one, for a chain that is good.
            guard report.problems.isEmpty else { continue }
            let other = try Certificate(derEncoded: changed.leaf.der)
            #expect(throws: Never.self, "seed \(seed)") {
                _ = try other.extensions.keyUsage
                _ = try other.extensions.basicConstraints
                _ = try other.extensions.subjectAlternativeNames
            }
        }
    }

    @Test func lists() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let chain = ChainSpec()
        var spec = ListSpec(issuer: chain.intermediate.subject, signer: chain.intermediateKey)
        spec.entries = (3..<40).map { ListSpec.Entry(serial: [$0], extensions: [ListSpec.reason($0 % 11)]) }
        let good = spec.der
        let issuer = try DecodedCertificate(der: chain.intermediate.der)
        let now = try #require(TimeText.timestamp(ChainTests.now))
        for _ in 0..<3000 {
            let bytes = Self.mutate(good, &random)
            guard bytes != good, let list = try? RevocationList(der: bytes) else { continue }
            let known = IssuerRevocation(issuer: issuer, lists: [list])
            guard case .unknown = known.status(of: [2 as UInt8], at: now) else {
                Issue.record("seed \(seed): a changed list says something")
                continue
            }
        }
    }

    @Test func files() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let good = Array(DecodingTests.leafPEM.utf8)
        for _ in 0..<3000 {
            guard let parts = try? PEMDocument.parts(of: Self.mutate(good, &random), labels: ["CERTIFICATE"])
            else { continue }
            for part in parts { _ = try? DecodedCertificate(der: part.der) }
        }
    }
}
