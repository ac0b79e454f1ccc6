import Foundation
import Testing

@testable import gatehouse

/// The keys that were fetched, across a restart.
@Suite struct KeptKeysTests {
    @Test func areThereAgainForTheAddressThatTheyCameFrom() async throws {
        try await Gateway.inFolder { folder in
            let keys = KeptKeys(of: "idp", from: "https://idp/jwks", in: folder)
            #expect(keys.bytes == nil)
            for text in [#"{"keys":[1]}"#, "", "a\nb\n"] {
                try keys.keep(Array(text.utf8))
                #expect(KeptKeys(of: "idp", from: "https://idp/jwks", in: folder).bytes == Array(text.utf8))
            }
            for (name, url) in [
                ("idp", "https://idp/jwks2"), ("idp", "https://idp/"), ("mdm", "https://idp/jwks"),
            ] {
                #expect(KeptKeys(of: name, from: url, in: folder).bytes == nil)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/signal-keys")
            #expect(names == ["idp.json"])
        }
    }

    @Test func sayWhenTheyCannotBeKept() async throws {
        try await Gateway.inFolder { folder in
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            let keys = KeptKeys(of: "idp", from: "https://idp/jwks", in: folder + "/file")
            #expect(throws: (any Error).self) { try keys.keep([1]) }
        }
    }
}
