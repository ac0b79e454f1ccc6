import Foundation
import Sessions

@testable import SharedSignals

/// Tokens that another library made; `Fixtures/make.py` says how.
struct Tokens: Decodable {
    struct Good: Decodable {
        var name: String
        var token: String
    }

    struct Bad: Decodable, CustomStringConvertible {
        var reason: String
        var name: String
        var token: String
        var description: String { "\(reason): \(name)" }
    }

    var now: Int64
    var issuer: String
    var audience: String
    var good: [Good]
    var bad: [Bad]

    static let all: Tokens? = {
        try? JSONDecoder().decode(Tokens.self, from: Data(contentsOf: file))
    }()

    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/tokens.json")

    /// The key set, as a text of its own.
    static func keySet() throws -> [UInt8] {
        let root = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        return Array(try JSONSerialization.data(withJSONObject: root?["keys"] ?? [:]))
    }

    static let instant = Instant(secondsSince1970: all?.now ?? 0)

    static func reader() async throws -> TokenReader {
        let transmitter = Transmitter(
            name: "idp", issuer: all?.issuer ?? "", audience: all?.audience ?? "",
            domains: ["Example.org"])
        return TokenReader(transmitter, keys: try await KeySet.read(keySet()))
    }
}
