package import Foundation

/// The control protocol: one JSON object a line each way over a Unix socket.
///
/// A request is `{"version":1,"command":"sessions","arguments":{...}}`, a reply `{"ok":true,"result":{...}}` or
/// `{"ok":false,"error":{"id":"not-found","message":"..."}}`. What commands there are, and what goes with them, is
/// the business of those at both ends.
package enum ControlProtocol {
    package static let version = 1
    /// The longest request, line feed included.
    package static let requestBytes = 1 << 20
    /// The longest reply that a client reads.
    static let replyBytes = 1 << 28
}

/// Why a request was refused: an id for programs, a sentence for people.
package struct ControlFailure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    package var id: String
    package var message: String

    package init(id: String, message: String) {
        self.id = id
        self.message = message
    }

    package var description: String { "\(message) [\(id)]" }
}

/// A request as it came: the command is read, the arguments are read by who knows the command.
package struct ControlRequest: Sendable {
    package let command: String
    private let line: Data

    /// For a client, or to try a handler without a socket. Throws `bad-arguments` when the arguments have no JSON form.
    package init(command: String, arguments: some Encodable) throws(ControlFailure) {
        do {
            let message = Message(version: ControlProtocol.version, command: command, arguments: arguments)
            line = try encodedJSON(message)
        } catch {
            throw ControlFailure(id: "bad-arguments", message: "cannot put the arguments in JSON: \(error)")
        }
        self.command = command
    }

    /// Throws `bad-request`, or `version` for a request of another version, whatever else is in it.
    package init(line: Data) throws(ControlFailure) {
        let decoder = JSONDecoder()
        guard let version = try? decoder.decode(Version.self, from: line).version else {
            throw ControlFailure(
                id: "bad-request", message: "expected one JSON object with a version in one line")
        }
        guard version == ControlProtocol.version else {
            let message = "this gatehouse speaks version \(ControlProtocol.version), not version \(version)"
            throw ControlFailure(id: "version", message: message)
        }
        guard let command = try? decoder.decode(Command.self, from: line).command else {
            throw ControlFailure(id: "bad-request", message: "expected a command")
        }
        self.command = command
        self.line = line
    }

    /// Reads the arguments; none are the same as `{}`. Throws `bad-arguments` with the place.
    package func arguments<Value: Decodable>(as type: Value.Type = Value.self) throws(ControlFailure) -> Value
    {
        do {
            let decoder = JSONDecoder()
            let given = try decoder.decode(Arguments<Value>.self, from: line).arguments
            return try given ?? decoder.decode(Value.self, from: Data("{}".utf8))
        } catch {
            throw ControlFailure(id: "bad-arguments", message: describe(error))
        }
    }

    /// With the line feed.
    package var encoded: Data { line + [0x0a] }

    private struct Message<Value: Encodable>: Encodable {
        let version: Int
        let command: String
        let arguments: Value
    }

    private struct Version: Decodable { let version: Int }
    private struct Command: Decodable { let command: String }
    private struct Arguments<Value: Decodable>: Decodable { let arguments: Value? }
}

/// A reply: a result, or a failure.
package struct ControlReply: Sendable {
    private let line: Data
    /// Nil in a reply with a result.
    package let failure: ControlFailure?

    /// A result that has no JSON form (a NaN, say) makes a reply with the failure `internal`.
    package static func success(_ result: some Encodable) -> Self {
        guard let line = try? encodedJSON(Success(ok: true, result: result)) else {
            return .failure(ControlFailure(id: "internal", message: "the result has no JSON form"))
        }
        return Self(line: line, failure: nil)
    }

    /// Done, and nothing to say: the result `{}`.
    package static var done: Self { success([String: String]()) }

    package static func failure(_ failure: ControlFailure) -> Self {
        let encoded = try? encodedJSON(Failure(ok: false, error: failure))
        return Self(
            line: encoded ?? Data(#"{"ok":false,"error":{"id":"internal","message":""}}"#.utf8),
            failure: failure)
    }

    /// Returns nil for what is no reply.
    package init?(line: Data) {
        let decoder = JSONDecoder()
        guard let ok = try? decoder.decode(Outcome.self, from: line).ok else { return nil }
        if ok {
            self.init(line: line, failure: nil)
        } else {
            guard let failure = try? decoder.decode(Failure.self, from: line).error else { return nil }
            self.init(line: line, failure: failure)
        }
    }

    private init(line: Data, failure: ControlFailure?) {
        self.line = line
        self.failure = failure
    }

    /// Reads the result. Throws the failure of a reply that has one, and `bad-result` with the place for a result of
    /// another form.
    package func result<Value: Decodable>(as type: Value.Type = Value.self) throws(ControlFailure) -> Value {
        if let failure { throw failure }
        do {
            return try JSONDecoder().decode(Result<Value>.self, from: line).result
        } catch {
            throw ControlFailure(id: "bad-result", message: describe(error))
        }
    }

    /// With the line feed.
    var encoded: Data { line + [0x0a] }

    private struct Outcome: Decodable { let ok: Bool }
    private struct Result<Value: Decodable>: Decodable { let result: Value }

    private struct Success<Value: Encodable>: Encodable {
        let ok: Bool
        let result: Value
    }

    private struct Failure: Codable {
        let ok: Bool
        let error: ControlFailure
    }
}

/// One line, the same for the same value: people compare and tests read it.
private func encodedJSON(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}

/// A decoding error in one line, with the path to the place: `arguments.user: no value`.
private func describe(_ error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
        context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
        return [path(context), key.stringValue].filter { !$0.isEmpty }.joined(separator: ".") + ": missing"
    case DecodingError.typeMismatch(let type, let context): return "\(path(context)): expected \(type)"
    case DecodingError.valueNotFound(let type, let context):
        return "\(path(context)): expected \(type), found null"
    case DecodingError.dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
    default: return "\(error)"
    }
}
