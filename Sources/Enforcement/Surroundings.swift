package import Evidence

/// Where evidence comes from that is neither in the rules nor in the registers nor told by the VPN server.
package struct Surroundings: Sendable {
    /// Nil where there is no database: no country is known then.
    package var countries: (any CountryLookup)?
    /// Nil where certificates are known by digest only.
    package var certificates: (any CertificateKnowledge)?

    package init(countries: (any CountryLookup)? = nil, certificates: (any CertificateKnowledge)? = nil) {
        self.countries = countries
        self.certificates = certificates
    }
}
