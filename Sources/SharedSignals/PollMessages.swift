internal import PostureReports
internal import Sessions

/// What a receiver asks a transmitter for (RFC 8936 section 2.2): events, and what became of those before.
package struct PollRequest: Sendable, Hashable {
    /// Tokens that are on the disk here, or were before.
    package var acknowledged: [String] = []
    /// Tokens that are not taken, and why.
    package var refused: [String: TokenProblem] = [:]
    package var maximum: Int
    /// Whether to answer at once when there is nothing; otherwise the transmitter may wait until there is.
    package var returnsImmediately: Bool

    package init(maximum: Int, returnsImmediately: Bool) {
        self.maximum = maximum
        self.returnsImmediately = returnsImmediately
    }

    package var json: String {
        let acks = acknowledged.map(JSONText.quoted).joined(separator: ",")
        let errors = refused.sorted { $0.key < $1.key }.map { id, problem in
            "\(JSONText.quoted(id)):\(problem.json)"
        }.joined(separator: ",")
        return "{\"ack\":[\(acks)],\"setErrs\":{\(errors)},\"maxEvents\":\(maximum),"
            + "\"returnImmediately\":\(returnsImmediately)}"
    }
}

/// What a transmitter answers (RFC 8936 section 2.3).
package struct PollAnswer: Sendable, Hashable {
    /// Tokens by the name that they are to be acknowledged by, in the order of the answer.
    package var tokens: [(id: String, token: [UInt8])]
    package var hasMore: Bool

    /// Bytes that are read of an answer at most.
    package static let limit = 1 << 22

    /// Nil when it is no answer that can be read.
    package init?(_ bytes: [UInt8]) {
        var limits = JSONTape.Limits()
        limits.bytes = Self.limit
        limits.depth = 4
        limits.values = 4096
        guard let root = JSONObject.read(bytes, limits), let sets = root.object("sets") else { return nil }
        tokens = []
        for (id, value) in sets.entries {
            guard let token = sets.text(value), PlainText.isName(id) else { return nil }
            tokens.append((id, Array(token.utf8)))
        }
        hasMore = root.isTrue("moreAvailable")
    }

    package static func == (lhs: PollAnswer, rhs: PollAnswer) -> Bool {
        lhs.hasMore == rhs.hasMore && lhs.tokens.elementsEqual(rhs.tokens) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(hasMore)
        for (id, token) in tokens {
            hasher.combine(id)
            hasher.combine(token)
        }
    }
}

extension TokenProblem {
    /// RFC 8935 section 2.3 and RFC 8936 section 2.6: a code, and words for people.
    package var json: String { Self.json(code, description) }

    package static func json(_ code: Code, _ description: String) -> String {
        "{\"err\":\"\(code.rawValue)\",\"description\":\(JSONText.quoted(description))}"
    }
}

/// Texts in JSON.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
