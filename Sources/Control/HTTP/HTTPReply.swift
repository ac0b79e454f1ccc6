internal import ControlAPI
internal import Foundation

/// A response of HTTP/1.1 (RFC 9112) as this server writes it: whole, with its length, and the end of its connection.
struct HTTPReply {
    let status: Int
    let body: Data

    /// Nil for anything else: what is cut short is no answer.
    init?(_ bytes: [UInt8]) {
        let blank: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
        guard let end = bytes.firstRange(of: blank) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
            let status = Int(first.dropFirst(9).prefix(3)), (200..<600).contains(status)
        else { return nil }
        let length = lines.dropFirst().compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].drop { $0 == " " })
        }
        guard length == [bytes.count - end.upperBound] else { return nil }
        self.status = status
        body = Data(bytes[end.upperBound...])
    }
}

extension ControlRequest {
    /// In one go, with the end of the connection after the answer.
    func bytes() throws(ControlFailure) -> [UInt8] {
        var target = operation.path
        var lines = ["Host: gatehouse", "Connection: close"]
        var body = Data()
        if operation.method == .get {
            let query = try query()
            if !query.isEmpty { target += "?" + query }
        } else {
            body = self.body
            lines += ["Content-Type: application/json", "Content-Length: \(body.count)"]
        }
        let head = ["\(operation.method.rawValue) \(target) HTTP/1.1"] + lines + ["", ""]
        return Array(head.joined(separator: "\r\n").utf8) + body
    }
}
