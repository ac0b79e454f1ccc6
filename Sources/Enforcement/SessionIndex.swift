import Sessions

/// Which sessions a device or a person has: so that a fact about one of them is looked at for those alone.
struct SessionIndex: Sendable {
    private var byUser: [String: Holder] = [:]
    private var byLeaf: [CertificateDigest: Holder] = [:]

    /// Nearly everybody has one session at a time, and a set of one costs three times what it holds.
    private enum Holder {
        case one(SessionID)
        indirect case several(Set<SessionID>)

        var all: Set<SessionID> {
            switch self {
            case .one(let id): [id]
            case .several(let ids): ids
            }
        }
    }

    mutating func add(_ session: Session) {
        Self.add(session.id, &byUser[session.userName])
        if let leaf = session.certificates?.leaf.digest { Self.add(session.id, &byLeaf[leaf]) }
    }

    mutating func remove(_ session: Session) {
        Self.remove(session.id, &byUser[session.userName])
        if let leaf = session.certificates?.leaf.digest { Self.remove(session.id, &byLeaf[leaf]) }
    }

    private static func add(_ id: SessionID, _ holder: inout Holder?) {
        guard let known = holder else { return holder = .one(id) }
        holder = .several(known.all.union([id]))
    }

    private static func remove(_ id: SessionID, _ holder: inout Holder?) {
        let rest = holder?.all.subtracting([id]) ?? []
        holder = rest.isEmpty ? nil : rest.count == 1 ? rest.first.map(Holder.one) : .several(rest)
    }

    func sessions(ofUser name: String) -> Set<SessionID> { byUser[name]?.all ?? [] }

    func sessions(ofLeaf digest: CertificateDigest) -> Set<SessionID> { byLeaf[digest]?.all ?? [] }
}
