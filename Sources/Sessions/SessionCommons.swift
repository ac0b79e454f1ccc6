/// What many sessions have in common, kept once: the certificates above the leaf, and what a client says of itself.
struct SessionCommons: Sendable {
    private var issuers: Set<[PresentedCertificate]> = []
    private var claims: Set<NamedTexts> = []

    /// What is not seen again must not stay for good.
    private static let limit = 256

    /// The same session, sharing what it has in common with others.
    mutating func sharing(_ session: Session) -> Session {
        var session = session
        if let chain = session.certificates {
            let shared = Self.shared(chain.issuers, &issuers)
            session.certificates = CertificateChain(leaf: chain.leaf, issuers: shared)
        }
        session.claims = Self.shared(session.claims, &claims)
        return session
    }

    private static func shared<Value>(_ value: Value, _ known: inout Set<Value>) -> Value {
        if known.count >= limit { known.removeAll() }
        return known.insert(value).memberAfterInsert
    }
}
