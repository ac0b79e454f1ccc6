import Foundation
import Glibc
import Store
import Testing

@testable import gatehouse

/// The key that seeds are sealed with: where it is looked for, and what is no key.
@Suite struct SealKeyFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var mode: mode_t = 0o600
        /// Nil when it is a key.
        var says: String?
        var testDescription: String { name }
    }

    private static let digits = Array(String(repeating: "0aF1", count: 16).utf8)

    static let cases: [Case] = [
        Case(name: "32 bytes", bytes: Array(0..<32)),
        Case(name: "64 digits", bytes: digits),
        Case(name: "64 digits and a line feed", bytes: digits + [0x0a]),
        Case(name: "read-only", bytes: Array(0..<32), mode: 0o400),
        // Bytes are bytes: a key may end as a line does.
        Case(name: "32 bytes that end in a line feed", bytes: Array(0..<31) + [0x0a]),
        Case(name: "31 bytes", bytes: Array(0..<31), says: "expected 32 bytes, or 64 hexadecimal digits"),
        Case(name: "33 bytes", bytes: Array(0..<33), says: "expected 32 bytes"),
        Case(name: "nothing", bytes: [], says: "expected 32 bytes"),
        Case(name: "64 letters", bytes: Array(repeating: 0x67, count: 64), says: "expected 32 bytes"),
        Case(name: "a large file", bytes: Array(repeating: 1, count: 200_000), says: "too large"),
        Case(name: "readable by others", bytes: Array(0..<32), mode: 0o604, says: "mode 604"),
        Case(name: "readable by the group", bytes: Array(0..<32), mode: 0o640, says: "mode 640"),
    ]

    @Test(arguments: cases)
    func fileIsAKeyOrSaysWhyNot(_ test: Case) async throws {
        try await Gateway.inFolder { folder in
            let path = try Self.write(test, "\(folder)/key")
            do {
                let key = try SealKeyFile.read(configured: path, environment: [:])
                #expect(key != nil)
                #expect(test.says == nil)
            } catch {
                let says = try #require(test.says, "\(error)")
                #expect("\(error)".contains(says) && "\(error)".contains(path), "\(error)")
            }
        }
    }

    private static func write(_ test: Case, _ path: String) throws -> String {
        try Data(test.bytes).write(to: URL(fileURLWithPath: path))
        let outcome = unsafe chmod(path, test.mode)
        try #require(outcome == 0)
        return path
    }

    @Test func credentialOfSystemdIsFoundWhenNothingIsConfigured() async throws {
        try await Gateway.inFolder { folder in
            let environment = ["CREDENTIALS_DIRECTORY": folder]
            #expect(try SealKeyFile.read(configured: nil, environment: [:]) == nil)
            #expect(
                try SealKeyFile.read(configured: nil, environment: environment) == nil, "no such credential")
            // systemd's list of who may read shows as the mode of the group.
            let readable = Case(name: "", bytes: Array(0..<32), mode: 0o440)
            _ = try Self.write(readable, folder + "/gatehouse-seal-key")
            #expect(try SealKeyFile.read(configured: nil, environment: environment) != nil)
            let open = Case(name: "", bytes: Array(0..<32), mode: 0o444)
            _ = try Self.write(open, folder + "/gatehouse-seal-key")
            #expect(throws: PackUnreadable.self) {
                try SealKeyFile.read(configured: nil, environment: environment)
            }
        }
    }

    @Test func configuredFileThatIsMissingIsAMistake() {
        #expect(throws: PackUnreadable.self) {
            try SealKeyFile.read(configured: "/nonexistent/key", environment: [:])
        }
    }
}
