import Sessions

/// Which sessions a device or a person has: so that a fact about one of them is looked at for those alone.
struct SessionIndex: Sendable {
    private var byUser: [String: Set<SessionID>] = [:]
    private var byLeaf: [CertificateDigest: Set<SessionID>] = [:]

    mutating func add(_ session: Session) {
        byUser[session.userName, default: []].insert(session.id)
        if let leaf = session.certificates?.leaf.digest { byLeaf[leaf, default: []].insert(session.id) }
    }

    mutating func remove(_ session: Session) {
        byUser[session.userName]?.remove(session.id)
        if byUser[session.userName]?.isEmpty ?? false { byUser[session.userName] = nil }
        guard let leaf = session.certificates?.leaf.digest else { return }
        byLeaf[leaf]?.remove(session.id)
        if byLeaf[leaf]?.isEmpty ?? false { byLeaf[leaf] = nil }
    }

    func sessions(ofUser name: String) -> Set<SessionID> { byUser[name] ?? [] }

    func sessions(ofLeaf digest: CertificateDigest) -> Set<SessionID> { byLeaf[digest] ?? [] }
}
