extension RevocationList {
    /// Both name the same issuer; whether it has signed them is another matter.
    package func hasSameIssuer(as other: RevocationList) -> Bool { issuer == other.issuer }

    /// By thisUpdate, then by number: the other one replaces this.
    package func isOlder(than other: RevocationList) -> Bool { other.isNewer(than: self) }

    /// By name only.
    package func isOf(_ certificate: DecodedCertificate) -> Bool { issuer == certificate.subject }
}
