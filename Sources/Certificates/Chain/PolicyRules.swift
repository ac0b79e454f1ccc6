/// Certificate policies along a chain (RFC 5280 sections 6.1.2 to 6.1.5), with every policy acceptable at the start:
/// what is left to check is whether an authority that asks for an explicit policy gets one.
///
/// The RFC grows a tree. Only its lowest level matters for that answer, and nodes of one policy on one level have the
/// same children: so a level is a table, and a hostile chain cannot make it grow beyond what its certificates list.
struct PolicyRules {
    /// Policy to the policies of the next certificate that continue it; nil is the empty tree.
    private var level: [ObjectIdentifier: Set<ObjectIdentifier>]? = [.anyPolicy: [.anyPolicy]]
    private var explicitPolicy: Int
    private var inhibitAnyPolicy: Int
    private var policyMapping: Int

    /// `count` is that of the certificates below the authority.
    init(count: Int) {
        explicitPolicy = count + 1
        inhibitAnyPolicy = count + 1
        policyMapping = count + 1
    }

    /// To be called from below the authority down to the leaf. Returns why the certificate breaks the chain, or nil.
    mutating func step(_ certificate: DecodedCertificate, isLeaf: Bool) -> String? {
        narrow(certificate, isLeaf: isLeaf)
        guard explicitPolicy > 0 || level != nil else { return Self.noPolicy }
        let meaning = certificate.meaning
        if isLeaf {
            if explicitPolicy > 0 { explicitPolicy -= 1 }
            if meaning.policyConstraints?.requireExplicitPolicy == 0 { explicitPolicy = 0 }
            return explicitPolicy > 0 || level != nil ? nil : Self.noPolicy
        }
        guard !meaning.policyMappings.contains(where: { $0.from == .anyPolicy || $0.to == .anyPolicy }) else {
            return "maps anyPolicy to another policy or another to it (RFC 5280 section 4.2.1.5)"
        }
        map(meaning.policyMappings)
        if !certificate.isSelfIssued {
            explicitPolicy = max(0, explicitPolicy - 1)
            policyMapping = max(0, policyMapping - 1)
            inhibitAnyPolicy = max(0, inhibitAnyPolicy - 1)
        }
        if let limit = meaning.policyConstraints?.requireExplicitPolicy {
            explicitPolicy = min(explicitPolicy, limit)
        }
        if let limit = meaning.policyConstraints?.inhibitPolicyMapping {
            policyMapping = min(policyMapping, limit)
        }
        if let limit = meaning.inhibitAnyPolicy { inhibitAnyPolicy = min(inhibitAnyPolicy, limit) }
        return nil
    }

    private static let noPolicy =
        "has no certificate policy that an authority above it demands (RFC 5280 section 6.1.3)"

    /// Section 6.1.3 (d) and (e).
    private mutating func narrow(_ certificate: DecodedCertificate, isLeaf: Bool) {
        guard let above = level, let policies = certificate.meaning.policies else {
            level = nil
            return
        }
        let expected = above.values.reduce(into: Set<ObjectIdentifier>()) { $0.formUnion($1) }
        var below: [ObjectIdentifier: Set<ObjectIdentifier>] = [:]
        for policy in policies where policy != .anyPolicy {
            if expected.contains(policy) || above[.anyPolicy] != nil { below[policy] = [policy] }
        }
        if policies.contains(.anyPolicy), inhibitAnyPolicy > 0 || (!isLeaf && certificate.isSelfIssued) {
            for policy in expected where below[policy] == nil { below[policy] = [policy] }
        }
        level = below.isEmpty ? nil : below
    }

    /// Section 6.1.4 (b).
    private mutating func map(_ mappings: [(from: ObjectIdentifier, to: ObjectIdentifier)]) {
        guard var nodes = level else { return }
        let targets = Dictionary(mappings.map { ($0.from, [$0.to]) }, uniquingKeysWith: +)
        for (policy, mapped) in targets {
            if policyMapping == 0 {
                nodes[policy] = nil
            } else if nodes[policy] != nil || nodes[.anyPolicy] != nil {
                nodes[policy] = Set(mapped)
            }
        }
        level = nodes.isEmpty ? nil : nodes
    }
}
