/// One thing that can be asked of the daemon: a row of the table from which routing, the check of roles, the served document
/// and the reference page come.
package struct ControlOperation: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// Changes nothing; arguments are parameters of the query.
        case get = "GET"
        /// An order; arguments are one JSON object.
        case post = "POST"
        /// An order that says what something is to be, and may be given again.
        case put = "PUT"
    }

    /// For programs: what the CLI calls it, and the document's `operationId`.
    package let id: String
    package let method: Method
    package let path: String
    /// The least role that may ask.
    package let role: Role
    /// One line, as an order.
    package let summary: String
    package let arguments: Schema
    package let result: Schema
    /// Ids of failures that it has beside those that every request can meet.
    package let failures: [String]

    package init(
        _ id: String, _ method: Method, _ path: String, _ role: Role, _ summary: String, arguments: Schema,
        result: Schema, failures: [String] = []
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.role = role
        self.summary = summary
        self.arguments = arguments
        self.result = result
        self.failures = failures
    }

    /// The arguments' fields.
    package var fields: [Schema.Property] {
        guard case .object(let schema) = arguments else { return [] }
        return schema.properties
    }
}

/// A row whose types its users know.
package struct TypedOperation<Arguments: Codable, Answer: Codable>: Sendable {
    package let row: ControlOperation

    package init(
        _ id: String, _ method: ControlOperation.Method, _ path: String, _ role: Role, _ summary: String,
        failures: [String] = []
    ) {
        row = ControlOperation(
            id, method, path, role, summary, arguments: Self.schema(of: Arguments.self),
            result: Self.schema(of: Answer.self), failures: failures)
    }

    /// A type that no schema can be made of is a mistake of ours, which the first look at the table shows.
    private static func schema<Value: Decodable>(of type: Value.Type) -> Schema {
        do {
            return try Schema.of(type)
        } catch {
            preconditionFailure("\(type) cannot be a message: \(error)")
        }
    }
}
