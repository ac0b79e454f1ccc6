import Foundation
import Glibc
import TestSupport

/// A web server that is not ours: Python's. It checks every signature with Python's own HMAC, and does to each request what
/// a file says: `ok`, a status, `hang`, `cut` (before an answer), `slow`.
final class WebhookServer {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

    let folder: String
    let port: Int
    private let process: Int32
    private static let script = """
        import base64, hashlib, hmac, http.server, json, os, random, socketserver, ssl, struct, socket, sys, time
        folder, port = sys.argv[1], int(sys.argv[2])
        secret = base64.b64decode(open(folder + "/secret").read().strip()[6:])
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                ident, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
                mac = hmac.new(secret, f"{ident}.{at}.".encode() + body, hashlib.sha256).digest()
                good = "v1," + base64.b64encode(mac).decode() in self.headers["webhook-signature"].split(" ")
                modes = open(folder + "/mode").read().split()
                mode = random.choice(modes)
                said = {"id": ident, "at": at, "signed": good, "mode": mode, "body": body.decode(),
                        "signature": self.headers["webhook-signature"], "type": self.headers["content-type"]}
                line = json.dumps(said) + "\\n"
                if mode == "late":   # has it, and does not say so
                    os.write(log, line.encode()); return self.reset()
                if mode == "hang": time.sleep(3600)
                if mode == "cut": return self.reset()
                if mode == "slow": time.sleep(0.05)
                status = 204 if mode in ("ok", "slow") else int(mode)
                os.write(log, line.encode())
                self.send_response(status)
                if status == 503: self.send_header("retry-after", "0")
                self.send_header("content-length", "0")
                self.end_headers()
            def reset(self):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
            def finish(self):
                try: super().finish()
                except Exception: pass
            def log_message(self, *words): pass
        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64
            def handle_error(self, *words): pass
        log = os.open(folder + "/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        server = Server(("127.0.0.1", port), Handler)
        if os.path.exists(folder + "/tls.pem"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/tls.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        open(folder + "/port.new", "w").write(str(server.server_address[1]))
        os.rename(folder + "/port.new", folder + "/port")
        server.serve_forever()
        """

    struct Said: Decodable {
        var id: String
        var at: String
        var signed: Bool
        var mode: String
        var body: String
        var signature: String
        var type: String
    }

    /// - Parameter port: The one of a server that was here before.
    init(_ folder: String, mode: String = "ok", port: Int = 0) async throws {
        self.folder = folder
        try Data(Self.script.utf8).write(to: URL(fileURLWithPath: folder + "/server.py"))
        try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: folder + "/secret"))
        try Data(mode.utf8).write(to: URL(fileURLWithPath: folder + "/mode"))
        try? FileManager.default.removeItem(atPath: folder + "/port")
        let started = try shell(
            "python3 '\(folder)/server.py' '\(folder)' \(port) > '\(folder)/errors' 2>&1 & echo $!")
        process = Int32(started.prefix { $0 != "\n" }) ?? 0
        guard
            await eventually(.seconds(120), { FileManager.default.fileExists(atPath: folder + "/port") })
        else { throw SystemError(call: "python3 server.py", number: 0) }
        self.port = Int(try String(contentsOfFile: folder + "/port", encoding: .utf8)) ?? 0
    }

    deinit { stop() }

    func stop() { if process > 0 { _ = kill(process, SIGKILL) } }

    func set(mode: String) throws {
        try Data(mode.utf8).write(to: URL(fileURLWithPath: folder + "/mode"), options: .atomic)
    }

    /// Everything that it took, whatever it answered.
    func said() throws -> [Said] {
        guard let text = try? String(contentsOfFile: folder + "/log", encoding: .utf8) else { return [] }
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode(Said.self, from: Data($0.utf8))
        }
    }
}
