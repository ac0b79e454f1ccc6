package import Foundation

/// An authority's records of what it has withdrawn, kept and signed by openssl-ca(1), as small authorities do it.
package struct RevocationLists: Sendable {
    private let site: Site
    private let issuer: Issuer

    package init(of issuer: Issuer, at site: Site) {
        (self.site, self.issuer) = (site, issuer)
    }

    /// Writes down the authority's key and empty records.
    package func begin(_ credential: Credential) throws {
        try site.write(credential.certificatePEM, to: "issuers/\(issuer.rawValue).crt")
        try site.write(credential.keyPEM, to: "issuers/\(issuer.rawValue).key")
        try site.write("", to: "issuers/\(issuer.rawValue).index")
        try site.write("01\n", to: "issuers/\(issuer.rawValue).number")
        let configuration = """
            [ca]
            default_ca = records
            [records]
            database = \(file("index"))
            crlnumber = \(file("number"))
            certificate = \(file("crt"))
            private_key = \(file("key"))
            default_md = sha256

            """
        try site.write(configuration, to: "issuers/\(issuer.rawValue).conf")
    }

    /// Withdraws a certificate. Nobody hears of it before the next list.
    package func withdraw(_ device: Device) async throws {
        try await openssl(["-revoke", site.path("vpn/\(device).crt")])
    }

    /// Puts a new list in the place of the one before, good from now until an instant of a whole second.
    package func publish(until end: Date) async throws {
        let draft = file("list")
        try await openssl(["-gencrl", "-crl_nextupdate", Self.time(end), "-out", draft])
        try site.move(draft, to: "\(site.lists)/\(issuer.rawValue).crl")
    }

    private func openssl(_ words: [String]) async throws {
        try await Command(["openssl", "ca", "-batch", "-config", file("conf")] + words).succeed()
    }

    private func file(_ kind: String) -> String { site.path("issuers/\(issuer.rawValue).\(kind)") }

    /// `20261121110055Z`: ASN.1's GeneralizedTime, as openssl takes it.
    package static func time(_ date: Date) -> String {
        VendorContract.timestamp(date).filter { $0.isNumber || $0 == "Z" }
    }
}
