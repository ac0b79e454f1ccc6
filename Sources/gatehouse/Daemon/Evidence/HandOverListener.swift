import Logging
import ServiceLifecycle
import Trust

/// Takes the certificates that VPN servers hand over (`gatehouse-hand-over`) into what is known of certificates.
struct HandOverListener: Service {
    private let server: HandOverServer
    private let trust: CertificateTrust
    private let log: Logger

    /// Makes the socket, so that it is there before the first client comes.
    init(_ settings: HandOverServer.Settings, trust: CertificateTrust, log: Logger) throws {
        do {
            server = try HandOverServer(settings)
        } catch {
            throw StartProblem("\(settings.path): \(error)")
        }
        self.trust = trust
        self.log = log
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            await inThread { [self] in serve() }
        } onGracefulShutdown: {
            server.stop()
        }
    }

    private func serve() {
        server.run(
            take: { der in if case .taken = trust.insert(der) { true } else { false } },
            event: { event in
                switch event {
                case .taken(let depth):
                    log.debug("a certificate was handed over", metadata: ["depth": "\(depth)"])
                case .refused(let why): log.warning("a certificate was not taken: \(why)")
                }
            })
    }
}
