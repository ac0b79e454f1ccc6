/// What the extensions say that this project understands (RFC 5280 section 4.2), and what is wrong with them.
struct CertificateMeaning: Sendable {
    struct KeyUsage: Sendable {
        let digitalSignature, keyEncipherment, keyAgreement, keyCertSign, cRLSign: Bool
    }

    struct NameConstraints: Sendable {
        var permitted: [GeneralName] = []
        var excluded: [GeneralName] = []
    }

    struct PolicyConstraints: Sendable {
        var requireExplicitPolicy: Int?
        var inhibitPolicyMapping: Int?
    }

    /// Nil when the extension is absent.
    private(set) var isAuthority: Bool?
    private(set) var pathLength: Int?
    private(set) var keyUsage: KeyUsage?
    private(set) var purposes: [ObjectIdentifier]?
    private(set) var alternativeNames: [GeneralName] = []
    private(set) var hasAlternativeNames = false
    private(set) var nameConstraints: NameConstraints?
    private(set) var subjectKey: [UInt8]?
    private(set) var hasAuthorityKey = false
    private(set) var authorityKey: [UInt8]?
    /// Nil when the extension is absent.
    private(set) var policies: [ObjectIdentifier]?
    private(set) var policyMappings: [(from: ObjectIdentifier, to: ObjectIdentifier)] = []
    private(set) var policyConstraints: PolicyConstraints?
    private(set) var inhibitAnyPolicy: Int?
    /// One line for each thing that is wrong whatever the certificate is used for.
    private(set) var problems: [String] = []

    /// An extension whose value is broken is a problem even when it is not critical: what it would have forbidden is
    /// not known.
    init(_ extensions: [DecodedCertificate.Extension]) {
        var seen: Set<ObjectIdentifier> = []
        for item in extensions {
            // RFC 5280 section 4.2: no more than one of a kind. The first is read, so that the rest can be told.
            guard seen.insert(item.identifier).inserted else {
                problems.append("has the extension \(item.identifier.name) twice (RFC 5280 section 4.2)")
                continue
            }
            do throws(DERError) {
                if try !read(item), item.isCritical {
                    let name = item.identifier.name
                    problems.append(
                        "has a critical extension that is not known here, \(name) (RFC 5280 section 4.2)")
                }
            } catch {
                problems.append("has a broken extension \(item.identifier.name): \(error)")
            }
        }
    }

    /// Returns false for an extension that is not understood.
    private mutating func read(_ item: DecodedCertificate.Extension) throws(DERError) -> Bool {
        var reader = DERReader(item.value)
        let name = item.identifier.name
        switch item.identifier {
        case .basicConstraints: try readBasicConstraints(&reader)
        case .keyUsage: try readKeyUsage(&reader)
        case .extendedKeyUsage:
            purposes = try Self.identifiers(try reader.next(name, tag: DERTag.sequence), "a purpose")
        case .subjectAlternativeName:
            hasAlternativeNames = true
            alternativeNames = try GeneralName.list(try reader.next(name, tag: DERTag.sequence), name)
        case .nameConstraints: try readNameConstraints(&reader)
        case .subjectKeyIdentifier:
            mustNotBeCritical(item)
            subjectKey = Array(try reader.next(name, tag: DERTag.octetString).content)
        case .authorityKeyIdentifier:
            mustNotBeCritical(item)
            try readAuthorityKey(&reader)
        case .certificatePolicies: try readPolicies(&reader)
        case .policyMappings: try readPolicyMappings(&reader)
        // The RFC wants these two critical, so that whoever does not know them stops; here they are known.
        case .policyConstraints: try readPolicyConstraints(&reader)
        case .inhibitAnyPolicy:
            inhibitAnyPolicy = try reader.next(name, tag: DERTag.integer).smallNumber(name)
        case .authorityInformationAccess:
            mustNotBeCritical(item)
            try Self.checkAccess(&reader)
        // Where lists are to be had: gatehouse fetches none, and takes those that it is given for the whole issuer.
        case .distributionPoints:
            _ = try reader.next(name, tag: DERTag.sequence)
        default: return false
        }
        try reader.expectEnd(name)
        return true
    }

    private mutating func mustNotBeCritical(_ item: DecodedCertificate.Extension) {
        guard item.isCritical else { return }
        problems.append("marks \(item.identifier.name) as critical, which RFC 5280 section 4.2 forbids")
    }

    private mutating func readBasicConstraints(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("basicConstraints", tag: DERTag.sequence)
        var parts = sequence.reader
        isAuthority = try parts.optional("cA", tag: DERTag.boolean)?.boolean("cA") ?? false
        pathLength = try parts.optional("pathLenConstraint", tag: DERTag.integer)?
            .smallNumber("pathLenConstraint")
        try parts.expectEnd("basicConstraints")
    }

    private mutating func readKeyUsage(_ reader: inout DERReader) throws(DERError) {
        let bits = try reader.next("keyUsage", tag: DERTag.bitString).namedBits("keyUsage")
        func bit(_ index: Int) -> Bool { index < bits.count && bits[index] }
        keyUsage = KeyUsage(
            digitalSignature: bit(0), keyEncipherment: bit(2), keyAgreement: bit(4), keyCertSign: bit(5),
            cRLSign: bit(6))
    }

    private mutating func readNameConstraints(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("nameConstraints", tag: DERTag.sequence)
        var parts = sequence.reader
        var constraints = NameConstraints()
        if let permitted = try parts.optional("permittedSubtrees", tag: DERTag.constructed(0)) {
            constraints.permitted = try Self.subtrees(permitted)
        }
        if let excluded = try parts.optional("excludedSubtrees", tag: DERTag.constructed(1)) {
            constraints.excluded = try Self.subtrees(excluded)
        }
        try parts.expectEnd("nameConstraints")
        // RFC 5280 section 4.2.1.10: either must be there, with something in it.
        guard !constraints.permitted.isEmpty || !constraints.excluded.isEmpty else {
            throw sequence.failure("no name is permitted or excluded")
        }
        nameConstraints = constraints
    }

    private static func subtrees(_ list: DERElement) throws(DERError) -> [GeneralName] {
        var names: [GeneralName] = []
        var reader = list.reader
        repeat {
            let subtree = try reader.next("a subtree", tag: DERTag.sequence)
            var parts = subtree.reader
            names.append(try GeneralName(try parts.next("a subtree's base")))
            // RFC 5280 section 4.2.1.10: minimum is 0, which DER leaves out, and there is no maximum.
            try parts.expectEnd("a subtree's base")
        } while !reader.isAtEnd
        return names
    }

    private mutating func readAuthorityKey(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("authorityKeyIdentifier", tag: DERTag.sequence)
        var parts = sequence.reader
        hasAuthorityKey = true
        authorityKey = try parts.optional("keyIdentifier", tag: DERTag.context(0)).map { Array($0.content) }
        if let issuer = try parts.optional("authorityCertIssuer", tag: DERTag.constructed(1)) {
            _ = try GeneralName.list(issuer, "authorityCertIssuer")
        }
        _ = try parts.optional("authorityCertSerialNumber", tag: DERTag.context(2))
        try parts.expectEnd("authorityKeyIdentifier")
    }

    private mutating func readPolicies(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("certificatePolicies", tag: DERTag.sequence)
        var list = sequence.reader
        var found: [ObjectIdentifier] = []
        repeat {
            let information = try list.next("a policy", tag: DERTag.sequence)
            var parts = information.reader
            let policy = try parts.next("a policy", tag: DERTag.objectIdentifier).objectIdentifier("a policy")
            _ = try parts.optional("a policy's qualifiers", tag: DERTag.sequence)
            try parts.expectEnd("a policy")
            guard !found.contains(policy) else {
                throw information.failure("the policy \(policy) stands twice")
            }
            found.append(policy)
            guard found.count <= 256 else { throw information.failure("more than 256 policies") }
        } while !list.isAtEnd
        policies = found
    }

    private mutating func readPolicyMappings(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("policyMappings", tag: DERTag.sequence)
        var list = sequence.reader
        repeat {
            let pair = try list.next("a mapping", tag: DERTag.sequence)
            let sides = try Self.identifiers(pair, "a mapped policy")
            guard sides.count == 2 else { throw pair.failure("a mapping of \(sides.count) policies") }
            policyMappings.append((sides[0], sides[1]))
            guard policyMappings.count <= 256 else { throw pair.failure("more than 256 mappings") }
        } while !list.isAtEnd
    }

    private mutating func readPolicyConstraints(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("policyConstraints", tag: DERTag.sequence)
        var parts = sequence.reader
        var constraints = PolicyConstraints()
        constraints.requireExplicitPolicy = try parts.optional(
            "requireExplicitPolicy", tag: DERTag.context(0))?
            .smallNumber("requireExplicitPolicy")
        constraints.inhibitPolicyMapping = try parts.optional("inhibitPolicyMapping", tag: DERTag.context(1))?
            .smallNumber("inhibitPolicyMapping")
        try parts.expectEnd("policyConstraints")
        guard constraints.requireExplicitPolicy != nil || constraints.inhibitPolicyMapping != nil else {
            throw sequence.failure("nothing is constrained")
        }
        policyConstraints = constraints
    }

    private static func checkAccess(_ reader: inout DERReader) throws(DERError) {
        let sequence = try reader.next("authorityInfoAccess", tag: DERTag.sequence)
        var list = sequence.reader
        repeat {
            let description = try list.next("an access description", tag: DERTag.sequence)
            var parts = description.reader
            _ = try parts.next("an access method", tag: DERTag.objectIdentifier)
            _ = try GeneralName(try parts.next("an access location"))
            try parts.expectEnd("an access description")
        } while !list.isAtEnd
    }

    private static func identifiers(
        _ sequence: DERElement, _ what: String
    ) throws(DERError) -> [ObjectIdentifier] {
        var found: [ObjectIdentifier] = []
        var reader = sequence.reader
        repeat {
            found.append(
                try reader.next(what, tag: DERTag.objectIdentifier).objectIdentifier(what))
        } while !reader.isAtEnd
        return found
    }
}
