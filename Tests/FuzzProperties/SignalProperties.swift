import Evidence
import Foundation
import Sessions
import SharedSignals

/// What holds for tokens of other systems whatever they send: as tokens, as the claims of one whose signature is good,
/// and as answers to polls.
enum SignalProperties {
    private static let now = Instant(secondsSince1970: 1_800_000_000)
    private static let transmitter = Transmitter(
        name: "idp", issuer: "https://idp.example.org/", audience: "https://gateway.example.org/signals",
        domains: ["example.org"])

    static func violation(in input: [UInt8]) -> String? {
        if (try? TokenReader(transmitter, keys: .none).read(input, at: now)) != nil {
            return "a token that no key has signed is taken"
        }
        if let answer = PollAnswer(input), answer.tokens.contains(where: { !PlainText.isName($0.id) }) {
            return "a token is called what is no name"
        }
        do throws(TokenProblem) {
            let signal = try TokenReader.signal(of: input, from: transmitter, at: now)
            let again = try? TokenReader.signal(of: input, from: transmitter, at: now)
            return signal == again ? violation(of: signal, input) : "read otherwise the second time"
        } catch {
            return error.json.contains("example") ? "a reason names what is known here" : nil
        }
    }

    private static func violation(of signal: ReceivedSignal, _ input: [UInt8]) -> String? {
        // Foundation is the laxer reader: what is JSON here is JSON there.
        let root = try? JSONSerialization.jsonObject(with: Data(input)) as? [String: Any]
        guard let root, root["iss"] as? String == transmitter.issuer else { return "the issuer is another" }
        guard root["jti"] as? String == signal.token.id else { return "the token's name is another" }
        guard signal.until > now else { return "forgotten while it is still taken" }
        guard signal.facts.count <= 32, signal.notes.count <= 16 else { return "too much of one token" }
        for fact in signal.facts {
            if fact.key.subject.isEmpty { return "a fact about everybody" }
            if fact.happenedAt > now { return "a fact of the future" }
            if fact.key.issuer != transmitter.issuer { return "a fact of another issuer" }
            let names = fact.key.subject.users + fact.key.subject.devices
            // Folding may lengthen a name a little.
            if names.contains(where: { $0.isEmpty || $0.utf8.count > 1024 }) {
                return "a name of no good length"
            }
            if let violation = CertificateProperties.unshowable(fact.reason) { return violation }
        }
        return signal.notes.lazy.compactMap(CertificateProperties.unshowable).first
    }

    /// The good tokens of the tests, and their claims.
    static var seeds: [[UInt8]] {
        let file = FuzzFixtures.files(in: "SharedSignalsTests/Fixtures", withSuffix: ".json").first
        guard let file,
            let root = try? JSONSerialization.jsonObject(with: Data(file.bytes)) as? [String: Any],
            let good = root["good"] as? [[String: String]]
        else { return [] }
        return good.compactMap { $0["token"] }.flatMap { token -> [[UInt8]] in
            let parts = token.split(separator: ".")
            guard parts.count == 3 else { return [] }
            var claims = parts[1].replacing("-", with: "+").replacing("_", with: "/")
            while !claims.count.isMultiple(of: 4) { claims += "=" }
            return [Array(token.utf8)] + (Data(base64Encoded: String(claims)).map { [Array($0)] } ?? [])
        } + [Array(#"{"sets":{"one":"a.b.c"},"moreAvailable":true}"#.utf8)]
    }
}
