internal import ControlAPI
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// What is answered to one request.
struct HTTPAnswer: Sendable {
    let status: Int
    let contentType: String
    let body: Data
    var allow: [String] = []

    init(_ reply: ControlReply) {
        status = reply.failure?.status ?? 200
        contentType = reply.failure == nil ? "application/json" : "application/problem+json"
        body = reply.body
    }

    init(_ failure: ControlFailure) { self.init(ControlReply.failure(failure)) }

    init(_ refusal: Router.Refusal) {
        self.init(refusal.failure)
        allow = refusal.allow
    }

    /// Nothing here is for keeping: `no-store`, since answers tell of people.
    func head(closes: Bool) -> HTTPResponseHead {
        var fields = HTTPHeaders([
            ("content-type", contentType), ("content-length", "\(body.count)"),
            ("cache-control", "no-store"),
        ])
        if !allow.isEmpty { fields.add(name: "allow", value: allow.joined(separator: ", ")) }
        if closes { fields.add(name: "connection", value: "close") }
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
    }

    /// As bytes, for whoever is answered without having been listened to.
    var closingBytes: [UInt8] {
        let head = head(closes: true)
        let fields = head.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) \(ControlFailure.title(status))\r\n\(fields)\r\n".utf8) + body
    }
}
