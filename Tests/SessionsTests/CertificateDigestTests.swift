import Foundation
import Sessions
import Testing

@Suite struct CertificateDigestTests {
    private static let plain = "04f1be060f71627c7276bd51869acc013ad639d6a55293829f105892e318f31c"
    private static let colons =
        "04:f1:be:06:0f:71:62:7c:72:76:bd:51:86:9a:cc:01:3a:d6:39:d6:a5:52:93:82:9f:10:58:92:e3:18:f3:1c"

    @Test(arguments: [
        (plain, "64 digits"),
        (colons, "what OpenVPN prints"),
        (colons.uppercased(), "what openssl x509 -fingerprint prints"),
        (plain.uppercased(), "capitals"),
        ("04:" + plain.dropFirst(2), "a colon here and there names no other certificate"),
    ]) func reads(_ text: String, _ why: String) throws {
        let digest = try #require(CertificateDigest(text))
        #expect(digest.description == Self.plain, "\(why)")
        #expect(digest.bytes.count == 32)
        #expect(digest.bytes.first == 0x04 && digest.bytes.last == 0x1C)
        #expect(CertificateDigest(digest.description) == digest)
    }

    @Test(arguments: [
        ("", "nothing"),
        (String(plain.dropLast(2)), "31 bytes"),
        (plain + "00", "33 bytes"),
        (String(plain.dropLast()), "half a byte"),
        (colons + ":", "a colon at the end"),
        (":" + colons, "a colon at the start"),
        (colons.replacingOccurrences(of: "04:f1", with: "04::f1"), "two colons"),
        (colons.replacingOccurrences(of: "04:f1", with: "0:4f1"), "a colon within a byte"),
        (plain.replacingOccurrences(of: "04f1", with: "04g1"), "no digit"),
        (" " + plain, "a space before"),
        (plain + "\n", "a line end"),
        (colons.replacingOccurrences(of: ":", with: "-"), "another separator"),
        ("0x" + plain, "a prefix"),
        (plain.replacingOccurrences(of: "04f1", with: "04f\u{FF11}"), "a full-width digit"),
        ("31:9c:91:48:9b:45:f0:a8:9c:ee:6e:66:31:45:f3:df:f1:6c:23:ce", "a SHA-1 digest"),
    ]) func refuses(_ text: String, _ why: String) { #expect(CertificateDigest(text) == nil, "\(why)") }

    @Test(arguments: [0, 20, 31, 33, 64]) func refusesBytes(_ count: Int) {
        #expect(CertificateDigest(bytes: Array(repeating: 1, count: count)) == nil)
    }

    @Test func survivesCoding() throws {
        let digest = try #require(CertificateDigest(Self.colons))
        let data = try JSONEncoder().encode([digest])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(Self.plain)\"]")
        #expect(try JSONDecoder().decode([CertificateDigest].self, from: data) == [digest])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([CertificateDigest].self, from: Data("[\"04\"]".utf8))
        }
    }
}
