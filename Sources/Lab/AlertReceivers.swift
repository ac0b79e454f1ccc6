import Crypto
import Foundation
import Glibc
import NetworkTypes
import Synchronization

/// Who is alerted: a web server inside that keeps what it is sent, and a syslog socket on the gateway. Neither knows
/// anything of the daemon's code: nginx takes the request, and the signature is made anew from what it took.
package final class AlertReceivers: Sendable {
    /// A name of the sink's, and so of its files.
    static let port = 8099
    private static let answerPort = 8098
    static let address = Network.Host.crm.address(.ipv4)

    private let site: Site
    private let messages = Mutex<[String]>([])
    let secret: [UInt8]

    /// The configuration's part for the daemon.
    static func configuration(_ site: Site) -> String {
        """
        alerts:
          window: 1m
          sinks:
            - { name: log, syslog: \(DaemonFiles.quoted(site.syslog)) }
            - name: hook
              webhook: { url: "http://\(address):\(port)/hook", secret-file: \(DaemonFiles.quoted(site.webhookSecret)) }
              timeout: 2s

        """
    }

    package init(at site: Site) {
        self.site = site
        secret = (0..<32).map { _ in UInt8.random(in: 0...255) }
    }

    /// Writes the files, and listens on the socket for as long as the lab runs.
    func open() throws {
        try site.write("whsec_\(Data(secret).base64EncodedString())\n", to: "webhook.secret")
        try site.write(Self.nginx(site), to: "nginx/alerts.conf")
        try FileManager.default.createDirectory(
            atPath: site.path("nginx/alerts"), withIntermediateDirectories: true)
        let descriptor = try UnixSocket.datagrams(at: site.syslog)
        Thread.detachNewThread { [self] in collect(descriptor) }
    }

    /// A body is in a log line only where it was read to be handed on.
    private static func nginx(_ site: Site) -> String {
        let scratch = site.path("nginx/alerts")
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "    \($0)_temp_path \(scratch)/\($0);" }
        return """
            worker_processes 1; daemon off; user root; pid \(scratch)/nginx.pid; error_log stderr;
            events { worker_connections 64; }
            http {
                log_format alert escape=json '{"id":"$http_webhook_id","at":"$http_webhook_timestamp",\
            "signature":"$http_webhook_signature","body":"$request_body"}';
                access_log off;
            \(folders.joined(separator: "\n"))
                server { listen \(address):\(port);
                    client_body_buffer_size 128k; client_body_in_single_buffer on;
                    location /hook {
                        access_log \(site.path("webhook.log")) alert;
                        proxy_pass http://\(address):\(answerPort);
                    }
                }
                server { listen \(address):\(answerPort); location / { return 204; } }
            }

            """
    }

    func startWebServer(_ children: Children) async throws -> Child {
        let child = try await children.start(
            "alerts", in: .inside, ["nginx", "-e", "stderr", "-c", site.path("nginx/alerts.conf")])
        try await Wait.until("the receiver of alerts", log: child.log) {
            try await Command(
                in: .inside, ["curl", "-q", "-s", "-m", "1", "http://\(Self.address):\(Self.answerPort)/"]
            ).output().status == 0
        }
        return child
    }

    // MARK: What came

    /// One request.
    struct Request: Decodable {
        var id: String
        var at: String
        var signature: String
        var body: String
        var isSigned = false

        private enum CodingKeys: CodingKey { case id, at, signature, body }

        struct Content: Decodable {
            struct Inner: Decodable {
                var id, kind, says: String
                var clauses: [String]
                var fields: [String: String]
            }
            var data: Inner
        }

        var content: Content.Inner? {
            (try? JSONDecoder().decode(Content.self, from: Data(body.utf8)))?.data
        }
    }

    /// Every request that was logged, with whether its signature is right.
    var requests: [Request] {
        Wait.text(site.path("webhook.log")).split(separator: "\n").compactMap { line in
            guard var request = try? JSONDecoder().decode(Request.self, from: Data(line.utf8)) else {
                return nil
            }
            let signed = Data("\(request.id).\(request.at).\(request.body)".utf8)
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret))
            request.isSigned = request.signature == "v1," + Data(code).base64EncodedString()
            return request
        }
    }

    /// Messages on the syslog socket, of this kind.
    func messages(of kind: String) -> [String] {
        messages.withLock { $0.filter { $0.contains(" kind=\"\(kind)\"") } }
    }

    // MARK: The socket

    private func collect(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            messages.withLock { $0.append(text) }
        }
    }
}

/// What an alert of the demonstration is about.
package enum AlertTopic: String, Sendable, Hashable, CaseIterable {
    case disagreement, spoofing, scan
    case drift
    case cutAbroad = "cut-abroad"
    case refusedAbroad = "refused-abroad"

    /// Those that are seen while the web server is down.
    package static let whileDown: [AlertTopic] = [.disagreement, .spoofing, .scan]

    /// A clause that must be with it.
    var clause: String { RulePack.incidentClause }
}
