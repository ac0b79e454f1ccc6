internal import NIOSSL

/// Why the portal cannot begin: a file, and what is wrong with it.
package struct PortalProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package var path: String
    package var reason: String

    package var description: String { "\(path): \(reason)" }
}

/// The files that the portal proves itself with, and those by which it believes others.
package struct TLSFiles: Sendable, Hashable {
    /// The server's certificate and those between it and its authority, in PEM.
    package var certificate: String
    /// Its key, in PEM and not encrypted.
    package var key: String
    /// The authorities of device certificates, in PEM; empty when no device proves itself by one.
    package var clientAuthorities: [String]

    package init(certificate: String, key: String, clientAuthorities: [String]) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }

    /// TLS 1.2 and later. A client's certificate is asked for and need not come (a management system has a key instead);
    /// one that comes must be good, or the handshake fails.
    func context() throws(PortalProblem) -> NIOSSLContext {
        let chain = try certificates(certificate)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: self.key, format: .pem)
        } catch {
            throw PortalProblem(path: self.key, reason: "no private key in PEM that can be read")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if !clientAuthorities.isEmpty {
            var roots: [NIOSSLCertificate] = []
            for path in clientAuthorities { roots += try certificates(path) }
            configuration.trustRoots = .certificates(roots)
            configuration.certificateVerification = .optionalVerification
            // Clients with several certificates pick theirs by this.
            configuration.sendCANameList = true
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw PortalProblem(
                path: certificate, reason: "does not go with \(self.key), or cannot be used: \(error)")
        }
    }

    private func certificates(_ path: String) throws(PortalProblem) -> [NIOSSLCertificate] {
        do {
            let found = try NIOSSLCertificate.fromPEMFile(path)
            if !found.isEmpty { return found }
        } catch {}
        throw PortalProblem(path: path, reason: "no certificate in PEM that can be read")
    }
}
