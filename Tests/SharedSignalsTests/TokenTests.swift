import Evidence
import Foundation
import Sessions
import Testing

@testable import SharedSignals

/// Tokens of another JOSE library: what the good ones say, and the one reason of each bad one.
@Suite struct TokenTests {
    private static let alice = "session-revoked users=alice,alice@example.org"

    /// What is read of each good token: kind, direction, names, and seconds before now.
    private static let expected: [String: [String]] = [
        "signed with ES256": [alice + " -20"], "signed with ES384": [alice + " -20"],
        "signed with EdDSA": [alice + " -20"], "signed with RS256": [alice + " -20"],
        "signed with PS256": [alice + " -20"],
        "rs256 by a key without alg, ps256 too": [alice + " -20"],
        "typ with its prefix": [alice + " -20"], "audience in a list": [alice + " -20"],
        "iat with a fraction": [alice + " -20"],
        "clock ahead by less than the skew": [alice + " -20"], "as old as may be": [alice + " -20"],
        "time from toe": [alice + " -30"], "time from iat": [alice + " -10"],
        "time in the future is now": [alice + " 0"], "subject in the event": [alice + " -10"],
        "subject in both, the same": [alice + " -10"],
        "credential change": [
            "credential-change users=alice,alice@example.org -20 (User self-enrollment)"
        ],
        "assurance down": ["assurance-level-change users=alice,alice@example.org -10"],
        // Levels have no order: closed when in doubt.
        "assurance without direction": ["assurance-level-change users=alice,alice@example.org -10"],
        "assurance up": ["+assurance-level-change users=alice,alice@example.org -10"],
        // The device, whoever uses it.
        "not compliant": [
            "device-compliance-change devices=laptop-0001 -10 (Location Policy Violation: C076E82F)"
        ],
        "compliant": ["+device-compliance-change devices=laptop-0001 -10"],
        "account disabled": ["account-disabled users=alice -10 (hijacking)"],
        "account enabled": ["+account-disabled users=alice,alice@example.org -10"],
        // Both must fit; the issuer's own session and tenant make it no narrower.
        "user and device": [alice + " devices=laptop-0001 -20"],
        // What may be a person or a device is both.
        "aliases": [
            "session-revoked users=+12065550100,al,alice,alice@example.org -20",
            "session-revoked devices=al -20",
        ],
        "a session of the issuer's own": ["note session-revoked of nobody that can be found here"],
        "mail of another domain": ["session-revoked users=alice@elsewhere.example -20"],
        "verification": ["note verification of the stream"],
        "stream updated": ["note the stream is paused"],
        "rfc 8417 scim": ["note an event that means nothing here: urn:ietf:params:scim:event:create"],
        "rfc 8417 logout": [
            "note an event that means nothing here: http://schemas.openid.net/event/backchannel-logout"
        ],
    ]

    private static func lines(_ signal: ReceivedSignal) -> [String] {
        signal.facts.map { fact in
            let subject = fact.key.subject
            var words = [(fact.isAgainst ? "" : "+") + fact.key.kind.rawValue]
            if !subject.users.isEmpty { words.append("users=" + subject.users.joined(separator: ",")) }
            if !subject.devices.isEmpty { words.append("devices=" + subject.devices.joined(separator: ",")) }
            words.append("\(fact.happenedAt.secondsSince1970 - Tokens.instant.secondsSince1970)")
            if !fact.reason.isEmpty { words.append("(\(fact.reason))") }
            return words.joined(separator: " ")
        } + signal.notes.map { "note " + $0 }
    }

    @Test func goodTokensSayWhatTheyAreExpectedTo() async throws {
        let tokens = try #require(Tokens.all)
        let reader = try await Tokens.reader()
        for good in tokens.good {
            do {
                let signal = try reader.read(Array(good.token.utf8), at: Tokens.instant)
                #expect(Self.lines(signal) == Self.expected[good.name], "\(good.name)")
                #expect(signal.token.issuer == tokens.issuer)
                #expect(
                    signal.until > Tokens.instant, "\(good.name): is remembered for as long as it is taken")
            } catch {
                Issue.record("\(good.name): \(error)")
            }
        }
        #expect(Set(tokens.good.map(\.name)) == Set(Self.expected.keys))
    }

    @Test func badTokensAreRefusedForTheirOneReason() async throws {
        let tokens = try #require(Tokens.all)
        let reader = try await Tokens.reader()
        for bad in tokens.bad {
            #expect(throws: TokenProblem.self, "\(bad)") {
                do {
                    _ = try reader.read(Array(bad.token.utf8), at: Tokens.instant)
                } catch {
                    #expect("\(error)" == bad.reason, "\(bad)")
                    throw error
                }
            }
        }
    }

    /// Every reason has a token that has it.
    @Test func theTableOfReasonsIsComplete() throws {
        let seen = Set(try #require(Tokens.all).bad.map(\.reason))
        #expect(seen == Set(TokenProblem.allCases.map { "\($0)" }))
    }

    /// What strangers are told is the same whatever the token held, and names nothing that is known here.
    @Test func noReasonHoldsAnythingOfTheTokenOrTheGateway() {
        for problem in TokenProblem.allCases {
            #expect(problem.json.hasPrefix("{\"err\":\"\(problem.code.rawValue)\",\"description\":\""))
            #expect(!problem.json.contains("example"), "\(problem)")
        }
    }

    /// Every byte of a token is covered: by its signature, or by the form.
    @Test func noTokenWithAChangedCharacterIsTaken() async throws {
        let reader = try await Tokens.reader()
        let token = Array(try #require(Tokens.all?.good.first).token.utf8)
        for index in token.indices {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TokenProblem.self, "byte \(index)") {
                try reader.read(changed, at: Tokens.instant)
            }
        }
        for length in token.indices {
            #expect(throws: TokenProblem.self, "cut to \(length)") {
                try reader.read(Array(token[..<length]), at: Tokens.instant)
            }
        }
    }

    @Test(arguments: [
        ("{}", KeySetProblem.notAKeySet), ("[]", .notAKeySet), ("", .notAKeySet),
        (#"{"keys":[1]}"#, .notAKeySet),
        (#"{"keys":[]}"#, .noKey), (#"{"keys":[{"kty":"OKP","crv":"X25519","x":"AA"}]}"#, .noKey),
        (#"{"keys":[{"kty":"EC","crv":"P-256","use":"enc","x":"AA","y":"AA"}]}"#, .noKey),
        (#"{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}"#, .secret),
        (#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}"#, .secret),
        (#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#, .badKey),
        (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"short"}]}"#, .badKey),
        (#"{"keys":[{"kty":"EC","crv":"P-256","x":"A\",\"kid\":\"B","y":"AA"}]}"#, .badKey),
    ])
    func badKeySetsAreRefused(_ text: String, _ problem: KeySetProblem) async {
        await #expect(throws: problem) { try await KeySet.read(Array(text.utf8)) }
    }

    @Test func shortKeysAreRefused() async {
        let modulus = "v" + String(repeating: "_", count: 170)
        await #expect(throws: KeySetProblem.badKey) {
            try await KeySet.read(
                Array(#"{"keys":[{"kty":"RSA","kid":"a","e":"AQAB","n":"\#(modulus)"}]}"#.utf8))
        }
    }

    @Test func twoKeysOfOneNameAreRefused() async throws {
        let key =
            #"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        await #expect(throws: KeySetProblem.sameName) {
            try await KeySet.read(Array("{\"keys\":[\(key),\(key)]}".utf8))
        }
    }
}
