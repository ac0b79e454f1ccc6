import NIOCore
import NIOPosix
import NIOSSL

/// A client of one TLS connection that speaks HTTP/1.1 by hand, so that it can also do what no client should.
final class TestClient: Sendable {
    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var body: String
    }

    struct Closed: Error {}

    let channel: any Channel
    private let inbound: AnswerReader

    /// - Parameter tls: changes the TLS settings.
    init(
        port: Int, authority: String, credential: TestAuthority.Credential? = nil,
        tls: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
        if let credential {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(credential.certificate)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: credential.key, format: .pem))
        }
        tls(&configuration)
        let context = try NIOSSLContext(configuration: configuration)
        let reader = AnswerReader()
        inbound = reader
        channel = try await Self.bootstrap()
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandlers([handler, ByteHandler(reader)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Waits for a busy machine.
    static func bootstrap() -> ClientBootstrap {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.minutes(10))
    }

    func post(
        _ body: String, to path: String = "/posture/v1/reports", key: String? = nil, headers: [String] = [],
        type: String? = "application/json"
    ) async throws -> Answer {
        var lines = ["POST \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(body.utf8.count)"]
        if let key { lines.append("Authorization: Bearer \(key)") }
        if let type { lines.append("Content-Type: \(type)") }
        return try await exchange((lines + headers + ["", body]).joined(separator: "\r\n"))
    }

    func exchange(_ text: String) async throws -> Answer {
        try await send(text)
        return try await answer()
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Waits for the next answer; throws when the connection ends before it is whole.
    func answer() async throws -> Answer { try await inbound.next() }

    func close() async { try? await channel.close() }

    /// So that no server waits for it when it shuts down.
    deinit { channel.close(promise: nil) }
}

/// Puts bytes together to answers.
actor AnswerReader {
    private var bytes: [UInt8] = []
    private var isClosed = false
    private var waiting: CheckedContinuation<Void, Never>?

    func next() async throws -> TestClient.Answer {
        while true {
            if let answer = take() { return answer }
            if isClosed { throw TestClient.Closed() }
            await withCheckedContinuation { waiting = $0 }
        }
    }

    func add(_ new: [UInt8]) {
        bytes += new
        wake()
    }

    func close() {
        isClosed = true
        wake()
    }

    private func wake() {
        waiting?.resume()
        waiting = nil
    }

    private func take() -> TestClient.Answer? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components("\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard bytes.count - end.upperBound >= length else { return nil }
        let body = String(decoding: bytes[end.upperBound..<(end.upperBound + length)], as: UTF8.self)
        bytes.removeFirst(end.upperBound + length)
        return TestClient.Answer(status: status, headers: headers, body: body)
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}

private final class ByteHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let stream: AsyncStream<[UInt8]>.Continuation

    init(_ reader: AnswerReader) {
        let (bytes, stream) = AsyncStream.makeStream(of: [UInt8].self)
        self.stream = stream
        Task {
            for await chunk in bytes { await reader.add(chunk) }
            await reader.close()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stream.yield(Array(Self.unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) { stream.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
