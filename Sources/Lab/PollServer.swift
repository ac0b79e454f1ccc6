import Foundation
import NetworkTypes

/// The transmitter's server that is asked for tokens (RFC 8936): python's HTTP over openssl's TLS, on the internet.
///
/// It publishes the transmitter's keys. It keeps a request until there is a token, hands out each until it is
/// acknowledged, and looks by itself whether the daemon's database has what it is told of. None of it is the daemon's.
struct PollServer: Sendable {
    let site: Site

    static let port: UInt16 = 8445
    private static let address = Network.Host.web.address(.ipv4)

    private var waiting: String { site.path("signals/waiting") }
    private var heard: String { site.path("signals/heard") }

    /// Follows what is said of the transmitter.
    static func configuration(_ site: Site) -> String {
        """

              poll:
                url: https://\(address):\(port)/poll
                token: \(DaemonFiles.quoted(site.path("signals/poll-token")))
                authorities: \(DaemonFiles.quoted(site.path("signals/poll.crt")))
                every: 1s
        """
    }

    /// Where it publishes the transmitter's keys.
    static func keys(_ site: Site) -> String {
        "{ url: \"https://\(address):\(port)/jwks.json\", "
            + "authorities: \(DaemonFiles.quoted(site.path("signals/poll.crt"))) }"
    }

    /// Makes its key and the secret by which it knows the daemon, and returns when it takes connections.
    func start(_ children: Children) async throws {
        try FileManager.default.createDirectory(
            atPath: waiting, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let (key, certificate) = (site.path("signals/poll.key"), site.path("signals/poll.crt"))
        try await Command([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2",
            "-subj", "/CN=idp.example.test", "-addext", "subjectAltName=IP:\(Self.address)", "-keyout", key,
            "-out", certificate,
        ]).succeed()
        let token = UUID().uuidString + UUID().uuidString
        try site.write(token + "\n", to: "signals/poll-token")
        try site.write(Self.program, to: "signals/server.py")
        let server = try await children.start(
            "poll-server", in: .internet,
            [
                "python3", "-u", site.path("signals/server.py"), Self.address, String(Self.port), certificate,
                key,
                site.path("signals/poll-token"), waiting, heard, site.state,
                site.path("signals/keys.json"),
            ])
        try await Wait.until("the server that is asked for tokens", log: server.log) {
            Wait.text(server.log).contains("listening")
        }
    }

    /// Has it handed out, to whoever asks now or next.
    func offer(_ token: SignalTransmitter.Token) throws {
        try site.write(token.text, to: "signals/\(token.id)")
        try FileManager.default.moveItem(
            atPath: site.path("signals/\(token.id)"), toPath: "\(waiting)/\(token.id)")
    }

    /// What the server heard of one token.
    struct Word: Decodable {
        let id: String
        /// An acknowledgement; otherwise it was refused.
        let isTaken: Bool
        /// Whether the database had it when this was heard, and not when it was sent.
        let isKept: Bool
        /// From the token's sending to this. Milliseconds.
        let after: Double

        var problem: String? { isTaken ? nil : "the token was refused" }
    }

    private var words: [Word] {
        Wait.text(heard).split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Word.self, from: Data($0.utf8))
        }
    }

    func settled(_ token: SignalTransmitter.Token) async throws -> Word {
        try await Wait.forValue("the acknowledgement of \(token.id)", within: .seconds(10)) {
            words.first { $0.id == token.id }
        }
    }

    /// Once, taken, and in the database by then.
    var outcome: Outcome {
        guard let word = words.first else { return .notMeasured("nothing was said of the token") }
        let after = word.after.formatted(.number.precision(.fractionLength(0)))
        return Outcome(
            seen:
                "\(word.isTaken ? "taken" : "REFUSED"), \(word.isKept ? "kept by then" : "NOT kept by then"), "
                + "\(after) ms\(words.count == 1 ? "" : ", \(words.count) times")",
            matches: word.isTaken && word.isKept && words.count == 1)
    }

    /// The daemon has its database for itself alone, so copies are read: the log first, since what moves from it to the
    /// database meanwhile is then in both.
    private static let program = #"""
        import hmac, http.server, json, os, shutil, sqlite3, ssl, sys, tempfile, threading, time

        address, port, certificate, key, secret, waiting, heard, state, keys = sys.argv[1:]
        secret = open(secret).read().strip()
        lock = threading.Lock()
        sent = {}

        def is_kept(token):
            with tempfile.TemporaryDirectory() as folder:
                for end in ("-wal", ""):
                    for name in os.listdir(state):
                        path = os.path.join(state, name)
                        if name.endswith(".sqlite" + end) and os.path.isfile(path):
                            shutil.copyfile(path, os.path.join(folder, "copy" + end))
                database = sqlite3.connect(os.path.join(folder, "copy"))
                count, = database.execute(
                    "SELECT count(*) FROM signal_token WHERE token LIKE ?", ["%" + token + "%"]).fetchone()
                facts, = database.execute(
                    "SELECT count(*) FROM signal WHERE token LIKE ?", ["%" + token + "%"]).fetchone()
                database.close()
                return count == 1 and facts > 0

        def hear(token, is_taken):
            path = os.path.join(waiting, token)
            if "/" in token or not os.path.exists(path):
                return
            now = time.monotonic()
            at, was_kept = sent.get(token, (now, True))
            # Of a look that always finds it nothing would follow.
            word = {"id": token, "isTaken": is_taken, "isKept": is_kept(token) and not was_kept,
                    "after": 1000 * (now - at)}
            with lock:
                os.remove(path)
                with open(heard, "a") as file:
                    file.write(json.dumps(word) + "\n")

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not hmac.compare_digest(self.headers.get("authorization", ""), "Bearer " + secret):
                    return self.answer(401, {})
                for token in body.get("ack", []):
                    hear(token, True)
                for token in body.get("setErrs", {}):
                    hear(token, False)
                end = time.monotonic() + (0 if body.get("returnImmediately") else 30)
                while not os.listdir(waiting) and time.monotonic() < end:
                    time.sleep(0.01)
                sets = {}
                for name in os.listdir(waiting)[:body.get("maxEvents", 1)]:
                    sets[name] = open(os.path.join(waiting, name)).read()
                    if name not in sent:
                        was_kept = is_kept(name)
                        sent[name] = (time.monotonic(), was_kept)
                self.answer(200, {"sets": sets})

            def do_GET(self):
                found = self.path == "/jwks.json"
                self.answer(200 if found else 404, json.load(open(keys)) if found else {})

            def answer(self, status, value):
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        server = http.server.ThreadingHTTPServer((address, int(port)), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print("listening")
        server.serve_forever()

        """#
}
