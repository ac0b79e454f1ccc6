import Control
import ControlAPI
import Foundation
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct ControlTests {
    @Test func answersACommand() async throws {
        try await withServer { path in
            let client = ControlClient(path: path, timeout: patience)
            let said = ["text": "line\nfeed \"quoted\" ☃"]
            let echoed = try await client.call(Asked.echo, said)
            #expect(echoed == said)
            _ = try await client.call(Asked.nothing, .init())
        }
    }

    /// What goes through a query comes out of it.
    @Test(arguments: [
        Asked.Wish(text: "a b+c%41&d=e#?/:ü☃\n\u{0}"), Asked.Wish(text: ""),
        Asked.Wish(text: "true", number: -7, isTrial: true),
        Asked.Wish(text: "1", number: .max, isTrial: false),
    ])
    func asksInQueries(wish: Asked.Wish) async throws {
        try await withServer { path in
            let said = try await ControlClient(path: path, timeout: patience).call(Asked.query, wish)
            #expect(said == wish)
        }
    }

    @Test func tellsTheHandlerWhoAsks() async throws {
        try await withServer { path in
            let who = try await ControlClient(path: path, timeout: patience).call(Asked.who, .init())
            #expect(who["uid"] == "\(geteuid())")
            #expect(who["pid"] == "\(getpid())")
            #expect(who["role"] == "policy-admin")
            if geteuid() == 0 { #expect(who["name"] == "root") }
        }
    }

    @Test func namesPeers() {
        #expect(Peer(uid: 1000, pid: 7).description == "uid 1000 (uid 1000, pid 7)")
        #expect(Peer(uid: 0, pid: 7, userName: "root").description == "root (uid 0, pid 7)")
    }

    @Test func passesFailuresOn() async throws {
        try await withServer { path in
            let client = ControlClient(path: path, timeout: patience)
            let unknown = TypedOperation<Asked.Nothing, Asked.Nothing>("fly", .post, "/v1/fly", .viewer, "")
            let failure = ControlFailure(
                id: "unknown-path", message: "nothing is here; /v1/openapi.json says what there is")
            await #expect(throws: ControlClientError.refused(failure)) {
                try await client.call(unknown, .init())
            }
            let other = TypedOperation<[String: String], [String: Int]>(
                "echo", .post, "/v1/echo", .viewer, "")
            await #expect(throws: ControlClientError.protocolViolation("text: expected Int")) {
                try await client.call(other, ["text": "1"])
            }
            let wrong = TypedOperation<[String: Int], [String: Int]>("echo", .post, "/v1/echo", .viewer, "")
            await #expect(
                throws: ControlClientError.refused(
                    ControlFailure(id: "bad-arguments", message: "text: expected a text"))
            ) { try await client.call(wrong, ["text": 1]) }
        }
    }

    /// What is said to bodies that are none of the operation's; the connection goes on after them.
    @Test(arguments: [
        "{", "[]", "null", "7", "\u{feff}{}", "{} {}", #"{"text":7}"#, #"{"text":null}"#,
        #"{"text":"a","text":"b"}"#, #"{"text":"\ud800"}"#, "{\"text\":\"a\nb\"}",
        String(repeating: "[", count: 100_000), String(repeating: #"{"text":"#, count: 10_000),
    ])
    func refusesBadBodies(body: String) async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.ask("POST", "/v1/echo", body)
            let reply = await client.response()
            #expect(reply.hasPrefix("HTTP/1.1 400 Bad Request"), "\(reply)")
            #expect(reply.contains(#""id":"bad-arguments""#) && reply.contains("application/problem+json"))
            client.ask("POST", "/v1/nothing", "{}")
            #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            client.close()
        }
    }

    /// What is no HTTP/1.1, or could mean two things: one answer, and the connection ends.
    @Test(arguments: [
        ("GET\r\n\r\n", 400), ("\u{1}\u{2}\u{3}\r\n\r\n", 400), ("GET /v1/who HTTP/1.1\r\n\r\n", 400),
        ("GET /v1/who HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /v1/who HTTP/9.9\r\nHost: a\r\n\r\n", 400),
        ("GET /v1/who HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417),
        ("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (
            "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            400
        ),
        (
            "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400
        ),
        ("GET /v1/who HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 200_000) + "\r\n\r\n", 400),
        ("GET /" + String(repeating: "x", count: 200_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ])
    func refusesWhatIsNoRequest(bytes: String, status: Int) async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.send(bytes)
            client.finish()
            let reply = await client.response()
            #expect(reply.hasPrefix("HTTP/1.1 \(status) "), "\(reply)")
            #expect(await client.isClosed())
            client.close()
        }
    }

    @Test(arguments: [
        ("GET", "/v1/nowhere", 404, "unknown-path"), ("GET", "/v2/who", 404, "unknown-version"),
        ("GET", "/", 404, "unknown-version"), ("GET", "/v1/who/", 404, "unknown-path"),
        ("POST", "/v1/who", 405, "method"), ("TRACE", "/v1/who", 405, "method"),
        ("GET", "/v1/who?a=b", 400, "bad-arguments"), ("POST", "/v1/nothing?a=b", 400, "bad-arguments"),
        ("GET", "/v1/query", 400, "bad-arguments"), ("GET", "/v1/query?text=a&text=b", 400, "bad-arguments"),
        ("GET", "/v1/query?text=%ff", 400, "bad-arguments"),
        ("GET", "/v1/query?text=%4", 400, "bad-arguments"),
        ("GET", "/v1/query?text=a&number=1.5", 400, "bad-arguments"),
        ("GET", "/v1/query?text=a&number=99999999999999999999", 400, "bad-arguments"),
        ("GET", "/v1/query?text=a&isTrial=yes", 400, "bad-arguments"),
        ("GET", "/v1/query?text=a&istrial=true", 400, "bad-arguments"),
    ])
    func refusesWrongTargets(method: String, target: String, status: Int, id: String) async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.ask(method, target)
            let reply = await client.response()
            #expect(reply.hasPrefix("HTTP/1.1 \(status) ") && reply.contains(#""id":"\#(id)""#), "\(reply)")
            #expect((status == 405) == reply.contains("allow: "))
            client.ask("GET", "/v1/who")
            #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            client.close()
        }
    }

    /// RFC 9110 section 9.3.2: the fields of GET, and no byte behind them, whatever the answer is.
    @Test(arguments: ["/v1/who", "/v1/query?text=a", "/v1/query?text=a&text=b", "/v1/nowhere", "/v1/nothing"])
    func answersHeadAsGetWithoutItsBody(target: String) async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.ask("GET", target)
            let get = await client.response()
            client.ask("HEAD", target)
            // As many bytes are read as the body would have: they are the next answer's, if there is none.
            client.ask("GET", "/v1/query?text=" + String(repeating: "x", count: 500))
            let both = await client.response()
            client.close()
            let mark = "\r\n\r\n"
            let end = try #require(both.range(of: mark))
            let head = try #require(get.range(of: mark))
            #expect(both[end.upperBound...].hasPrefix("HTTP/1.1 2"), "\(both)")
            if target != "/v1/nothing" { #expect(both[..<end.lowerBound] == get[..<head.lowerBound]) }
        }
    }

    /// What is no request is told why also behind a HEAD.
    @Test func saysWhatIsNoRequestBehindHead() async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.ask("HEAD", "/v1/who")
            client.send("nonsense\r\n\r\n")
            client.finish()
            var all = await client.response()
            all += await client.response()
            #expect(all.contains(#""id":"bad-http""#), "\(all)")
            client.close()
        }
    }

    /// The real one, twice over one connection.
    @Test func curlAsksForHeads() async throws {
        try await withServer { path in
            let url = "http://gatehouse/v1/who"
            let format = "%{http_code} %{size_download} %{num_connects} %{method}\\n"
            let answer = try await shellAside(
                "curl -q -sS -m 600 -o /dev/null -w '\(format)' --unix-socket '\(path)' -I \(url) -o /dev/null \(url)"
            )
            #expect(answer == "200 0 1 HEAD\n200 0 0 HEAD\n")
            let heads = try await shellAside("curl -q -sS -m 600 --unix-socket '\(path)' -I \(url)")
            let length = try #require(heads.firstMatch(of: /content-length: ([0-9]+)/)?.1)
            let body = try await shellAside("curl -q -sS -m 600 --unix-socket '\(path)' \(url)")
            // Who asks is another process each time, and its number may have a digit more.
            #expect(try abs(#require(Int(length)) - body.utf8.count) < 8)
        }
    }

    @Test(arguments: ["text/plain", "application/jsonx", "application/x-www-form-urlencoded", "json"])
    func refusesOtherContent(type: String) async throws {
        try await withServer { path in
            let client = try RawClient(path)
            client.send(
                "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: 2\r\n\r\n{}")
            #expect(await client.response().hasPrefix("HTTP/1.1 415 "))
            #expect(await client.isClosed())
            client.close()
        }
    }

    @Test func answersSeveralRequestsInOneWrite() async throws {
        try await withServer { path in
            let client = try RawClient(path)
            let requests = (0..<3).map { number in
                "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 9\r\n\r\n{\"n\":\"\(number)\"}"
            }
            client.send(requests.joined())
            for number in 0..<3 {
                let answer = await client.response()
                #expect(answer.hasSuffix(#"{"n":"\#(number)"}"#))
            }
            client.close()
        }
    }

    /// Whether its length is said or not, and whether somebody waits to be asked for the body.
    @Test(arguments: [(64, true), (65, false), (5000, false), (20_000_000, false)], ["", "100-continue"])
    func boundsRequests(of size: (bytes: Int, isTaken: Bool), expect: String) async throws {
        var limits = patient
        limits.request = 64
        try await withServer(Host(limits: limits)) { path in
            for isChunked in [false, true] {
                let client = try RawClient(path)
                let body = Array("{}".utf8) + [UInt8](repeating: 0x20, count: size.bytes - 2)
                var head = "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                if !expect.isEmpty { head += "Expect: \(expect)\r\n" }
                head +=
                    isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(size.bytes)\r\n\r\n"
                client.send(head)
                if isChunked { client.send(String(size.bytes, radix: 16) + "\r\n") }
                // On a thread of its own: the other side need not read all of it.
                Thread.detachNewThread {
                    client.send(body)
                    if isChunked { client.send("\r\n0\r\n\r\n") }
                }
                let reply = await client.response()
                #expect(reply.contains(size.isTaken ? "HTTP/1.1 200 " : "HTTP/1.1 413 "), "\(reply)")
                #expect(reply.contains("HTTP/1.1 100 ") == (!expect.isEmpty && (isChunked || size.isTaken)))
                if !size.isTaken { #expect(await client.isClosed()) }
                client.finish()
                client.close()
            }
        }
    }

    @Test func theClientBoundsItsRequests() async throws {
        let long = ["text": String(repeating: "x", count: ControlProtocol.requestBytes)]
        let failure = ControlFailure(id: "too-long", message: "the request is too long to be sent")
        await #expect(throws: ControlClientError.refused(failure)) {
            try await ControlClient(path: "/nonexistent").call(Asked.echo, long)
        }
    }

    @Test func carriesLongReplies() async throws {
        let rows = (0..<20_000).map { "session \($0) " + String(repeating: "x", count: 80) }
        try await withServer(Host(handler: { _, _ in .success(rows) })) { path in
            let list = TypedOperation<Asked.Nothing, [String]>("nothing", .post, "/v1/nothing", .viewer, "")
            let read = try await ControlClient(path: path, timeout: patience).call(list, .init())
            #expect(read == rows)
        }
    }

    /// A request that is cut short at any byte is carried out by nobody.
    @Test func halfARequestIsNone() async throws {
        let calls = Counter()
        let request =
            "POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Content-Length: 2\r\n\r\n{}"
        let handler: ControlServer.Handler = { _, _ in
            calls.increment()
            return .done
        }
        try await withServer(Host(handler: handler)) { path in
            for length in request.utf8.indices.map({
                request.utf8.distance(from: request.utf8.startIndex, to: $0)
            }) {
                let client = try RawClient(path)
                client.send(Array(request.utf8.prefix(length)))
                client.finish()
                _ = await client.response()
                #expect(calls.value == 0, "after \(length) bytes")
                client.close()
            }
            let client = try RawClient(path)
            client.send(request)
            client.finish()
            #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            #expect(calls.value == 1)
            #expect(await client.isClosed())
            client.close()
        }
    }

    @Test(arguments: [
        (
            "POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            "408"
        ),
        ("POST /v1/no", ""), ("", ""),
    ])
    func closesIdleConnections(sent: String, said: String) async throws {
        var limits = ControlServer.Limits()
        limits.idle = .milliseconds(20)
        try await withServer(Host(limits: limits)) { path in
            let client = try RawClient(path)
            client.send(sent)
            let answer = await client.response()
            #expect(said.isEmpty ? answer.isEmpty : answer.contains("HTTP/1.1 \(said) "))
            client.close()
        }
    }

    @Test func answersManyAtOnce() async throws {
        try await withServer { path in
            let client = ControlClient(path: path, timeout: patience)
            let answers = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<40 {
                    group.addTask { try await client.call(Asked.echo, ["n": "\(number)"])["n"] }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<40).map { "\($0)" }))
        }
    }

    @Test func boundsConnections() async throws {
        var limits = patient
        limits.connections = 2
        try await withServer(Host(limits: limits)) { path in
            let first = try RawClient(path)
            let second = try RawClient(path)
            for client in [first, second] {
                client.ask("POST", "/v1/nothing")
                #expect(await client.response().hasPrefix("HTTP/1.1 200 OK"))
            }
            let third = try RawClient(path)
            #expect(await third.response().contains("too-many-connections"))
            for client in [first, second, third] { client.close() }
        }
    }
}

/// How the server of a test is.
struct Host {
    var limits = patient
    var access = ControlServer.Access()
    var logger = quiet
    var handler: ControlServer.Handler = echo
    var credentials: (@Sendable (Int32) -> Peer?)?
}

func withServer(_ host: Host = Host(), _ body: (String) async throws -> Void) async throws {
    try await withSocketPath { path in
        let running = try server(
            path, limits: host.limits, access: host.access, logger: host.logger, handler: host.handler,
            credentials: host.credentials)
        try await body(path)
        await running.stop()
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    func increment() { count.add(1, ordering: .releasing) }
}
