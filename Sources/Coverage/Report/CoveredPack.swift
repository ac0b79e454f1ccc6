package import Sessions

/// Which pack a report is about, and as of when.
package struct CoveredPack: Sendable, Hashable {
    /// What its folder is called.
    package let name: String
    package let at: Instant
    package let digest: PackDigest

    package init(name: String, at: Instant, digest: PackDigest) {
        self.name = name
        self.at = at
        self.digest = digest
    }
}
