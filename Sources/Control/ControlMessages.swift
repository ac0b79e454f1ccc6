package import ControlAPI
package import Foundation

/// What both ends of the control socket hold to.
package enum ControlProtocol {
    /// The longest body of a request.
    package static let requestBytes = 1 << 20
    /// The longest reply that a client reads.
    static let replyBytes = 1 << 28
}

/// A request that may be carried out: its operation is known, its sender may ask for it, its arguments are what the operation's
/// schema allows.
package struct ControlRequest: Sendable {
    package let operation: ControlOperation
    private let json: Data

    /// For a client, or to try a handler without a socket. Throws `bad-arguments` when the arguments have no JSON form, or are
    /// none of the operation's.
    package init(_ operation: ControlOperation, arguments: some Encodable) throws(ControlFailure) {
        do {
            json = try encodedJSON(arguments)
        } catch {
            throw ControlFailure(
                id: "bad-arguments", message: "cannot put the arguments in JSON: \(error)")
        }
        self.operation = operation
        try operation.arguments.check(read())
    }

    /// A body as it came; an empty one is `{}`. Throws `bad-arguments` with the place.
    package init(_ operation: ControlOperation, body: Data) throws(ControlFailure) {
        self.operation = operation
        json = body.isEmpty ? Data("{}".utf8) : body
        try operation.arguments.check(read())
    }

    /// Arguments of a query.
    package init(_ operation: ControlOperation, arguments: JSON) throws(ControlFailure) {
        self.operation = operation
        try operation.arguments.check(arguments)
        json = Data(arguments.text().utf8)
    }

    private func read() throws(ControlFailure) -> JSON {
        do {
            return try JSON(reading: Array(json))
        } catch {
            throw ControlFailure(id: "bad-arguments", message: "the arguments are no JSON: \(error)")
        }
    }

    /// Throws `bad-arguments` with the place for a type that is not the operation's.
    package func arguments<Value: Decodable>(as type: Value.Type = Value.self) throws(ControlFailure) -> Value
    {
        do {
            return try JSONDecoder().decode(Value.self, from: json)
        } catch {
            throw ControlFailure(id: "bad-arguments", message: describe(error))
        }
    }

    var body: Data { json }

    /// For the query of a request without a body.
    func query() throws(ControlFailure) -> String {
        guard let query = QueryText.query(of: try read()) else {
            throw ControlFailure(id: "bad-arguments", message: "the arguments do not go into a query")
        }
        return query
    }
}

/// A reply: a result, or a failure.
package struct ControlReply: Sendable {
    /// JSON.
    package let body: Data
    /// Nil in a reply with a result.
    package let failure: ControlFailure?

    /// A result that has no JSON form (a NaN, say) makes a reply with the failure `internal`.
    package static func success(_ result: some Encodable) -> Self {
        guard let body = try? encodedJSON(result) else {
            return .failure(ControlFailure(id: "internal", message: "the result has no JSON form"))
        }
        return Self(body: body, failure: nil)
    }

    package static func success(_ result: JSON) -> Self {
        Self(body: Data(result.text(isIndented: true).utf8), failure: nil)
    }

    /// Done, and nothing to say: the result `{}`.
    package static var done: Self { success([String: String]()) }

    package static func failure(_ failure: ControlFailure) -> Self {
        Self(body: Data(failure.problem.text().utf8), failure: failure)
    }

    /// As a server said it; nil for what is no reply.
    package init?(status: Int, body: Data) {
        guard status != 200 else {
            self.init(body: body, failure: nil)
            return
        }
        guard let problem = try? JSON(reading: Array(body)), let failure = ControlFailure(problem: problem)
        else { return nil }
        self.init(body: body, failure: failure)
    }

    private init(body: Data, failure: ControlFailure?) {
        self.body = body
        self.failure = failure
    }

    /// Reads the result. Throws the failure of a reply that has one, and `bad-result` with the place for a result of
    /// another form.
    package func result<Value: Decodable>(as type: Value.Type = Value.self) throws(ControlFailure) -> Value {
        if let failure { throw failure }
        do {
            return try JSONDecoder().decode(Value.self, from: body)
        } catch {
            throw ControlFailure(id: "bad-result", message: describe(error))
        }
    }
}

/// One line, the same for the same value: people compare and tests read it.
private func encodedJSON(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}

/// A decoding error in one line, with the path to the place: `statements[3].user: no value`.
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
