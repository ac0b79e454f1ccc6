/// Why a request was refused: an id for programs, a sentence for people.
package struct ControlFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package var id: String
    package var message: String

    package init(id: String, message: String) {
        self.id = id
        self.message = message
    }

    package var description: String { "\(message) [\(id)]" }
}

extension ControlFailure {
    /// Every id that there is, with the status of HTTP (RFC 9110 section 15) that it is told with.
    package static let statuses: [String: Int] = [
        // What was sent is no request, or none of this server's.
        "bad-http": 400, "bad-arguments": 400, "forbidden": 403, "unknown-path": 404, "unknown-version": 404,
        "method": 405, "timed-out": 408, "too-long": 413, "content-type": 415, "expectation": 417,
        // It is one, and what it says has no meaning here: a time that there is not, rules with mistakes.
        "bad-request": 422, "wrong-rules": 422,
        // It has, and something that it is about is not there, or does not allow it now.
        "not-found": 404, "refused": 409, "registers-moved": 409, "incomplete": 409, "busy": 409,
        "no-sealing-key": 409, "waiting": 409, "too-late": 409,
        // Not the request's fault.
        "internal": 500, "not-audited": 500, "kernel": 503, "stopping": 503, "too-many-connections": 503,
    ]

    /// Those that any request can meet, whatever it asks for.
    package static let common: Set<String> = [
        "bad-http", "bad-arguments", "forbidden", "method", "timed-out", "too-long", "content-type",
        "expectation", "internal", "stopping", "too-many-connections",
    ]

    /// An id without a status is a mistake of ours, and so is whatever it was about.
    package var status: Int { Self.statuses[id] ?? 500 }

    /// As problem details (RFC 9457), `id` being a member of our own.
    package var problem: JSON {
        [
            "type": "about:blank", "title": .string(Self.title(status)), "status": .number("\(status)"),
            "detail": .string(message), "id": .string(id),
        ]
    }

    /// Nil for what are no problem details of ours.
    package init?(problem: JSON) {
        guard case .string(let id)? = problem["id"], case .string(let detail)? = problem["detail"] else {
            return nil
        }
        self.init(id: id, message: detail)
    }

    /// RFC 9457 section 4.2.1: of `about:blank` the title is that of the status.
    package static func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}
