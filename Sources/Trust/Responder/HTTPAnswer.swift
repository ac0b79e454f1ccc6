/// The answer of an HTTP/1.1 server to one request, read piece by piece (RFC 9112). Pure; bounded.
package struct HTTPAnswer: Sendable {
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    package static let maximumHead = 16 * 1024

    private let maximumBody: Int
    private var waiting: [UInt8] = []
    private var state = State.head
    private var isChunked = false
    private var left: Int?
    package private(set) var status = 0
    package private(set) var body: [UInt8] = []

    private enum State { case head, body, chunkSize, chunk, chunkEnd, trailer, done }

    package init(maximumBody: Int) { self.maximumBody = maximumBody }

    package var isComplete: Bool { state == .done }

    /// More bytes of the connection; what comes after the answer's end is ignored.
    package mutating func receive(_ bytes: some Sequence<UInt8>) throws(Problem) {
        waiting += bytes
        while try step() {}
    }

    /// The server has closed the connection.
    package mutating func end() throws(Problem) {
        if state == .body, left == nil { state = .done }
        guard state == .done else {
            throw Problem(description: "the server ended in the middle of its answer")
        }
    }

    /// Returns false when it needs more.
    private mutating func step() throws(Problem) -> Bool {
        switch state {
        case .done:
            waiting = []
            return false
        case .head:
            guard let line = try line() else { return false }
            if status == 0 {
                try readStatus(line)
            } else if line.isEmpty {
                try endHead()
            } else {
                try readField(line)
            }
        case .body: return try takeBody(then: .done)
        case .chunkSize:
            guard let line = try line() else { return false }
            let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
            // No sign: an integer's text may have one.
            guard (1...7).contains(digits.count),
                !digits.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }),
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw Problem(description: "a chunk's size is no number") }
            left = size
            state = size == 0 ? .trailer : .chunk
        case .chunk: return try takeBody(then: .chunkEnd)
        case .chunkEnd:
            guard let line = try line() else { return false }
            guard line.isEmpty else { throw Problem(description: "a chunk is longer than its size") }
            state = .chunkSize
        case .trailer:
            guard let line = try line() else { return false }
            if line.isEmpty { state = .done }
        }
        return true
    }

    private var headBytes = 0

    private mutating func line() throws(Problem) -> [UInt8]? {
        guard let end = waiting.firstIndex(of: 0x0a) else {
            guard waiting.count + headBytes <= Self.maximumHead else { throw Self.longHead }
            return nil
        }
        headBytes += end + 1
        guard headBytes <= Self.maximumHead else { throw Self.longHead }
        var line = Array(waiting[..<end])
        waiting.removeFirst(end + 1)
        if line.last == 0x0d { line.removeLast() }
        return line
    }

    private static let longHead = Problem(
        description: "the answer's head is longer than \(maximumHead) bytes")

    private mutating func readStatus(_ line: [UInt8]) throws(Problem) {
        let digits = line.dropFirst(9).prefix(3)
        guard line.starts(with: "HTTP/1.".utf8), digits.count == 3,
            digits.allSatisfy({ (48...57).contains($0) }),
            line.count == 12 || line[12] == 0x20
        else { throw Problem(description: "the answer is not HTTP/1") }
        status = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        guard status >= 100 else { throw Problem(description: "the answer is not HTTP/1") }
    }

    private mutating func readField(_ line: [UInt8]) throws(Problem) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw Problem(description: "a header has no colon")
        }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self).lowercased()
            .split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
        switch name {
        case "content-length":
            guard !value.isEmpty, value.utf8.count <= 9, value.utf8.allSatisfy({ (48...57).contains($0) }),
                let length = Int(value), left == nil || left == length
            else { throw Problem(description: "Content-Length is no number") }
            guard length <= maximumBody else { throw tooLong }
            left = length
        case "transfer-encoding":
            guard value == "chunked" else { throw Problem(description: "an unknown Transfer-Encoding") }
            isChunked = true
        default: break
        }
    }

    private mutating func endHead() throws(Problem) {
        // 100 Continue and its like come before the answer.
        guard status >= 200 else {
            status = 0
            left = nil
            return
        }
        // RFC 9112 section 6.3: both at once is how requests are smuggled; nobody honest sends it.
        guard !isChunked || left == nil else {
            throw Problem(description: "both Content-Length and Transfer-Encoding")
        }
        state = isChunked ? .chunkSize : left == 0 || status == 204 || status == 304 ? .done : .body
    }

    private var tooLong: Problem { Problem(description: "the answer is longer than \(maximumBody) bytes") }

    private mutating func takeBody(then next: State) throws(Problem) -> Bool {
        let count = min(waiting.count, left ?? waiting.count)
        guard body.count + count <= maximumBody, body.count + (left ?? 0) <= maximumBody else {
            throw tooLong
        }
        body += waiting[..<count]
        waiting.removeFirst(count)
        if let before = left { left = before - count }
        guard left == 0 else { return false }
        state = next
        return true
    }
}
