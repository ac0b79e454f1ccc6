/// Finds the operation that a request is for, by its first line and header fields alone.
package struct Router: Sendable {
    private let paths: [String: [ControlOperation]]
    /// The only version that there is.
    package static let version = "v1"
    /// The longest request target.
    package static let targetBytes = 8192

    package init(_ operations: [ControlOperation]) {
        paths = Dictionary(grouping: operations, by: \.path)
    }

    /// What is to be answered before any body is read.
    package struct Refusal: Error, Sendable, Hashable {
        package let failure: ControlFailure
        /// For a wrong method, the right ones.
        package var allow: [String] = []

        package init(_ id: String, _ message: String, allow: [String] = []) {
            failure = ControlFailure(id: id, message: message)
            self.allow = allow
        }
    }

    package struct Head: Sendable {
        package var method: String
        /// Path and query, as they were sent.
        package var target: String
        package var contentType: String?
        /// Nil where there is no body, `Int.max` for one whose length is not said.
        package var bodyBytes: Int?

        package init(method: String, target: String, contentType: String? = nil, bodyBytes: Int? = nil) {
            self.method = method
            self.target = target
            self.contentType = contentType
            self.bodyBytes = bodyBytes
        }
    }

    package enum Admission: Sendable, Hashable {
        /// With its arguments.
        case asked(ControlOperation, JSON)
        /// The arguments are in the body.
        case ordered(ControlOperation)
    }

    package func admit(_ head: Head, as role: Role, limit: Int) throws(Refusal) -> Admission {
        let (path, query) = try Self.parts(of: head.target)
        let operation = try operation(head.method, path)
        guard role >= operation.role else {
            throw Refusal(
                "forbidden", "this takes the role \(operation.role.rawValue), and you are \(role.rawValue)")
        }
        if operation.method == .get {
            guard head.bodyBytes ?? 0 == 0 else {
                throw Refusal(
                    "bad-arguments", "arguments of \(operation.path) go into the query, not into a body")
            }
            return .asked(operation, try Self.arguments(query, of: operation))
        }
        guard query == nil else {
            throw Refusal(
                "bad-arguments", "arguments of \(operation.path) go into the body, not into the query")
        }
        if let bytes = head.bodyBytes, bytes > 0 {
            guard Self.isJSON(head.contentType) else {
                throw Refusal("content-type", "expected a body of type application/json")
            }
            guard bytes <= limit || bytes == .max else {
                throw Refusal("too-long", "a request has at most \(limit) bytes")
            }
        }
        return .ordered(operation)
    }

    private static func parts(of target: String) throws(Refusal) -> (path: String, query: String?) {
        guard target.utf8.count <= targetBytes else {
            throw Refusal("too-long", "a path with its query has at most \(targetBytes) bytes")
        }
        guard let mark = target.firstIndex(of: "?") else { return (target, nil) }
        return (String(target[..<mark]), String(target[target.index(after: mark)...]))
    }

    private func operation(_ method: String, _ path: String) throws(Refusal) -> ControlOperation {
        guard let here = paths[path] else {
            guard path.hasPrefix("/\(Self.version)/") else {
                throw Refusal(
                    "unknown-version",
                    "paths begin with /\(Self.version)/, the one version that this gatehouse speaks")
            }
            throw Refusal("unknown-path", "nothing is here; /\(Self.version)/openapi.json says what there is")
        }
        // RFC 9110 section 9.3.2: as GET, and whoever sends the answer leaves its body out.
        let asked = method == "HEAD" ? ControlOperation.Method.get.rawValue : method
        guard let found = here.first(where: { $0.method.rawValue == asked }) else {
            var allowed = here.map(\.method.rawValue)
            if here.contains(where: { $0.method == .get }) { allowed.append("HEAD") }
            allowed.sort()
            throw Refusal("method", "use \(allowed.joined(separator: " or ")) here", allow: allowed)
        }
        return found
    }

    private static func isJSON(_ contentType: String?) -> Bool {
        let type = contentType?.prefix { $0 != ";" }.lowercased()
        return type?.trimmingPrefix(while: \.isWhitespace).split(separator: " ").first == "application/json"
    }
}

extension Router {
    /// The query as an object, each value of the kind that the operation's field has.
    private static func arguments(_ query: String?, of operation: ControlOperation) throws(Refusal) -> JSON {
        var members: [JSON.Member] = []
        for part in (query ?? "").split(separator: "&") {
            let mark = part.firstIndex(of: "=") ?? part.endIndex
            guard let key = QueryText.decoded(part[..<mark]),
                let text = QueryText.decoded(part[mark...].dropFirst())
            else { throw Refusal("bad-arguments", "the query is no percent-encoded UTF-8") }
            guard !members.contains(where: { $0.key == key }) else {
                throw Refusal("bad-arguments", "the query says something twice")
            }
            let schema = operation.fields.first { $0.key == key }?.schema
            members.append(.init(key: key, value: value(text, schema)))
        }
        return .object(members)
    }

    /// What is of no such kind stays a text, which the check then refuses with its place.
    private static func value(_ text: String, _ schema: Schema?) -> JSON {
        switch schema {
        case .boolean: ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
        case .integer:
            Int64(text).flatMap { "\($0)" == text ? .number(text) : nil } ?? .string(text)
        default: .string(text)
        }
    }
}

/// Names and values in a query (application/x-www-form-urlencoded in the URL standard, which is RFC 3986 and `+`).
package enum QueryText {
    /// Nil for what is no encoding of UTF-8.
    package static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        byte.flatMap { $0 < 0x80 ? Character(UnicodeScalar($0)).hexDigitValue : nil }.map { UInt8($0) }
    }

    package static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    /// The query of an object's members that are texts, numbers and booleans; nil for one that has others.
    package static func query(of arguments: JSON) -> String? {
        guard case .object(let members) = arguments else { return nil }
        var parts: [String] = []
        for member in members {
            let text: String
            switch member.value {
            case .string(let value), .number(let value): text = value
            case .bool(let value): text = "\(value)"
            case .null, .array, .object: return nil
            }
            parts.append("\(encoded(member.key))=\(encoded(text))")
        }
        return parts.joined(separator: "&")
    }
}
