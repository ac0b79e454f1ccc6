import Evidence
import TestSupport
import Testing

@Suite struct BinaryTextTests {
    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", "", ""),
        ("f", "Zg==", "MY======"),
        ("fo", "Zm8=", "MZXQ===="),
        ("foo", "Zm9v", "MZXW6==="),
        ("foob", "Zm9vYg==", "MZXW6YQ="),
        ("fooba", "Zm9vYmE=", "MZXW6YTB"),
        ("foobar", "Zm9vYmFy", "MZXW6YTBOI======"),
    ])
    func writesAndReadsTheVectors(clear: String, base64: String, base32: String) {
        for (form, text) in [(BinaryText.base64, base64), (.base32, base32)] {
            #expect(String(decoding: form.encode(clear.utf8), as: UTF8.self) == text)
            let bare = text.filter { $0 != "=" }
            #expect(String(decoding: form.encode(clear.utf8, isPadded: false), as: UTF8.self) == bare)
            #expect(form.decode(text.utf8) == Array(clear.utf8))
            #expect(form.decode(bare.utf8) == Array(clear.utf8))
        }
        #expect(BinaryText.base32.decode(base32.lowercased().utf8) == Array(clear.utf8))
    }

    @Test(arguments: [
        "M", "MZX", "MZXW6Y",  // lengths that no bytes make
        "MZ", "MZXR====",  // bits left over
        "M1======", "M0======", "M8======", "MY=====", "MY=======", "=", "MY==MY==", "MÄ======", "MY ",
    ])
    func refusesOtherTexts(_ text: String) {
        #expect(BinaryText.base32.decode(text.utf8) == nil)
    }

    @Test(arguments: UInt64(1)...4)
    func readsWhatItWrites(randomSeed: UInt64) {
        var random = Seeded(randomSeed)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            for form in [BinaryText.base32, .base64] {
                #expect(form.decode(form.encode(bytes)) == bytes, "random seed \(randomSeed)")
                #expect(form.decode(form.encode(bytes, isPadded: false)) == bytes)
            }
        }
    }
}
